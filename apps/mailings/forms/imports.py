"""Bringing in a list: where it comes from, and where its columns go."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.mailings.forms.recipients import tag_names
from apps.mailings.services.imports import Look

_FIELDS = [
    ("-", _("leave out")),
    ("email", _("e-mail")),
    ("phone", _("phone")),
    ("telegram", _("Telegram chat id")),
    ("full_name", _("full name")),
    ("comment", _("comment")),
    ("time_zone", _("time zone")),
    ("tags", _("tags")),
]


class SourceForm(forms.Form):
    """A file, or an address."""

    file = forms.FileField(
        label=_("File"), required=False, help_text=_("CSV, TSV, XLSX or ODS, up to 200 MB.")
    )
    url = forms.URLField(label=_("or an address"), required=False, assume_scheme="https")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and bool(cleaned.get("file")) == bool(cleaned.get("url")):
            raise ValidationError(_("Choose a file or write an address."), code="source")
        return cleaned


class MappingForm(forms.Form):
    """One select per column, as guessed, and what else is to be done."""

    tags = forms.CharField(
        label=_("Tags for all of them"),
        required=False,
        max_length=500,
        help_text=_("Separated by commas."),
    )
    update = forms.BooleanField(label=_("Change recipients that are there already"), required=False)
    dry_run = forms.BooleanField(label=_("Only try it: change nothing"), required=False)

    def __init__(self, *args: Any, look: Look, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = [name for name, _guess, _rows in look.columns]
        known = {value for value, _label in _FIELDS}
        for at, (name, guess, _rows) in enumerate(look.columns):
            own = [] if guess in known or not guess else [(guess, _("attribute “%s”") % guess)]
            self.fields[f"column_{at}"] = forms.ChoiceField(
                label=name or f"#{at + 1}", choices=[*_FIELDS, *own], initial=guess or "-"
            )

    def columns(self) -> list[Any]:
        """The selects, in the order of the columns."""
        return [self[f"column_{at}"] for at in range(len(self._names))]

    def mapping(self) -> dict[str, str]:
        """Column to field, for every column that has a name."""
        pairs = ((name, self.cleaned_data[f"column_{at}"]) for at, name in enumerate(self._names))
        return {name: field for name, field in pairs if name}

    def tag_list(self) -> list[str]:
        return tag_names(self.cleaned_data["tags"])
