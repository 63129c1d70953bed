"""The form of a file that every recipient gets for itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.mailings.models import Message, PersonalFile
from apps.mailings.services.personal_files.editing import check_file, save_file


class PersonalFileForm(forms.ModelForm[PersonalFile]):
    """What it is called, where it comes from, and whether anything is sent without it."""

    class Meta:
        model = PersonalFile
        fields = ("name", "source", "origin", "required")

    def __init__(self, *args: Any, message: Message, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.message = message
        self.fields["name"].help_text = _("As the recipient sees it: Invoice {{ number }}.pdf")
        self.fields["origin"].help_text = _(
            "In an archive: {{ number }}.pdf; empty: the same name. Of a web address:"
            " https://files.example.org/{{ number }}.pdf"
        )
        self.fields["required"].help_text = _(
            "Who lacks it gets no message, and stands among the failed with the reason."
            " Otherwise the message goes without the file."
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        source, origin = cleaned.get("source"), cleaned.get("origin")
        if source == PersonalFile.Source.URL and not origin:
            self.add_error("origin", ValidationError(_("Enter the address."), code="required"))
        if source == PersonalFile.Source.API:
            cleaned["origin"] = ""
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            check_file(self.instance)
        except ValidationError as error:
            self.add_error(None, error)

    def save(self, commit: bool = True) -> PersonalFile:
        return save_file(file=self.instance)
