"""What is said of a template."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.mailings.gallery.reading import CATEGORIES


class TemplateForm(forms.Form):
    """Name, description, category; ``publishes``: who fills it in may make it for everybody."""

    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(
        label=_("Description"),
        max_length=300,
        required=False,
        help_text=_("What it is good for."),
    )
    category = forms.ChoiceField(
        label=_("Category"), choices=[("", "—"), *CATEGORIES.items()], required=False
    )
    for_all = forms.BooleanField(
        label=_("For everybody"),
        required=False,
        help_text=_("All users can begin messages from it."),
    )

    def __init__(self, *args: Any, publishes: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not publishes:
            del self.fields["for_all"]
