"""The form of one recipient."""

from __future__ import annotations

import re
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.forms import VersionedForm
from apps.core.values.addresses import phone, written_phone
from apps.mailings.attribute_values import as_text, define, kinds_of
from apps.mailings.fields import COLUMNS
from apps.mailings.models import Recipient
from apps.mailings.services.recipients import set_tags
from apps.mailings.services.segmentation.attributes import AttributeMisfit, fitted
from apps.mailings.suppression.tombstones import AddressErased, refuse_erased

_NAME: Final = re.compile(r"[^\W\d]\w{0,49}")
ZONES: Final = frozenset(available_timezones())


def tag_names(text: str) -> list[str]:
    """The names in a comma-separated list, each once, in their order."""
    return list(dict.fromkeys(filter(None, (name.strip()[:80] for name in text.split(",")))))


class RecipientForm(VersionedForm[Recipient]):
    """Addresses, name, tags and free attributes, one ``name: value`` a line."""

    tag_list = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=1000,
        help_text=_("Separated by commas. New ones are made."),
    )
    attribute_lines = forms.CharField(
        label=_("Custom fields"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One per line, e.g. “city: Moscow”. Use in messages as {{ city }}."),
    )

    class Meta:
        model = Recipient
        fields = COLUMNS
        widgets = {
            "comment": forms.Textarea(attrs={"rows": 2}),
            "email": forms.TextInput(attrs={"inputmode": "email", "autocapitalize": "none"}),
            "language": forms.TextInput(attrs={"placeholder": "ru"}),
            "time_zone": forms.TextInput(attrs={"placeholder": "Europe/Moscow"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].widget.attrs["placeholder"] = "+7 916 123-45-67"
        # Bot API: ``@name`` reaches public channels, never a person.
        self.fields["telegram_chat_id"].error_messages["invalid"] = _(
            "Write the number of the chat. A bot cannot write to a person by @name: people connect"
            " themselves, by the link on the recipient's page."
        )
        # Whatever people write; the model brings it into its form before it is checked.
        for name in ("email", "phone"):
            self.fields[name].max_length = None  # type: ignore[attr-defined]
            self.fields[name].widget.attrs.pop("maxlength", None)
            self.fields[name].validators = []
        if self.instance.pk is not None:
            self.initial["phone"] = written_phone(self.instance.phone or "")
            names = self.instance.tags.values_list("name", flat=True)
            self.initial["tag_list"] = ", ".join(names)
            self.initial["attribute_lines"] = "\n".join(
                f"{name}: {as_text(value)}" for name, value in self.instance.attributes.items()
            )

    def clean_phone(self) -> str | None:
        typed: str = self.cleaned_data["phone"] or ""
        found = phone(typed)
        return (
            written_phone(found) if found else typed.strip() or None
        )  # the model says what is amiss

    def clean_attribute_lines(self) -> dict[str, Any]:
        found: dict[str, str] = {}
        for line in filter(None, map(str.strip, self.cleaned_data["attribute_lines"].splitlines())):
            name, colon, value = line.partition(":")
            if not colon or not _NAME.fullmatch(name.strip()):
                raise ValidationError(
                    _("Write “name: value”; a name has letters, digits and _: %(line)s"),
                    code="attribute",
                    params={"line": line[:60]},
                )
            found[name.strip()] = value.strip()
        try:
            return fitted(owner_id=self.owner.pk, given=found, had=self.instance.attributes)
        except AttributeMisfit as misfit:
            raise ValidationError(str(misfit), code=misfit.code) from None

    def _post_clean(self) -> None:
        """The model has brought the addresses into their form: whose are they?"""
        super()._post_clean()  # type: ignore[misc]
        try:
            refuse_erased(self.instance)
        except AddressErased as refusal:
            self.add_error(None, ValidationError(str(refusal), code=refusal.code))

    def save(self, commit: bool = True) -> Recipient:
        define(self.owner.pk, self.cleaned_data["attribute_lines"], kinds_of(self.owner.pk))
        self.instance.attributes = self.cleaned_data["attribute_lines"]
        self.instance.operator_code = ""
        if self.instance.pk is None:
            self.instance.source = Recipient.Source.MANUAL
        recipient = super().save(commit=commit)
        set_tags(recipient=recipient, names=tag_names(self.cleaned_data["tag_list"]))
        return recipient
