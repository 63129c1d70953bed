"""The forms of the suppression list and of blocked domains."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.mailings.models import Suppression

_LONGEST_TEXT = 1_000_000


class SuppressionAddForm(forms.Form):
    """Addresses as a text or as a file, and why they are not written to."""

    addresses = forms.CharField(
        label=_("Addresses"),
        required=False,
        max_length=_LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 6, "placeholder": "anna@example.org"}),
        help_text=_("Emails and phones, one per line."),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_(
            "CSV, XLSX or any other table that an import reads, with a column of addresses."
        ),
    )
    reason = forms.ChoiceField(
        label=_("Reason"), choices=Suppression.Reason.choices, initial=Suppression.Reason.BLOCKED
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=500)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        given = bool(str(cleaned.get("addresses") or "").strip())
        if not self.errors and given == bool(cleaned.get("file")):
            raise ValidationError(_("Write addresses or choose a file."), code="source")
        return cleaned


class BlockedDomainForm(forms.Form):
    """A domain to which nothing is sent."""

    domain = forms.CharField(
        label=_("Domain"),
        max_length=253,
        widget=forms.TextInput(attrs={"placeholder": "example.org", "autocapitalize": "none"}),
    )
    subdomains = forms.BooleanField(label=_("With its subdomains"), required=False, initial=True)
    for_all = forms.BooleanField(label=_("For everybody on this site"), required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def __init__(self, *args: Any, may_block_for_all: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_block_for_all:
            del self.fields["for_all"]
