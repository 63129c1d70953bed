"""What forms about owned rows share."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django import forms
from django.db import models

from apps.core.paging import row_id

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


class RowsField(forms.ModelMultipleChoiceField[M]):
    """Rows by their ids. One that no row can have is an invalid choice, as any other wrong one."""

    def clean(self, value: Any) -> Any:
        for word in value or ():
            if isinstance(word, str) and row_id(word) is None:
                raise forms.ValidationError(
                    self.error_messages["invalid_choice"],
                    code="invalid_choice",
                    params={"value": word[:40]},
                )
        return super().clean(value)
