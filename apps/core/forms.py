"""What forms about owned rows share."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django import forms
from django.db import models

M = TypeVar("M", bound=models.Model)


class OwnedForm(forms.ModelForm[M]):
    """A form for a row of ``owner``. Constraints that name the owner are checked with it."""

    def __init__(self, *args: Any, owner: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        if self.instance.pk is None:
            cast(Any, self.instance).owner = owner

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"owner"}
