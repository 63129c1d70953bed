"""The form of one recipient."""

from __future__ import annotations

import re
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.forms import VersionedForm
from apps.mailings.models import Recipient
from apps.mailings.services.audience import set_tags

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
        label=_("Attributes"),
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line, such as “city: Moscow”. In a message: {{ city }}."),
    )

    class Meta:
        model = Recipient
        fields = ("email", "phone", "telegram_chat_id", "full_name", "time_zone", "comment")
        widgets = {
            "comment": forms.Textarea(attrs={"rows": 2}),
            "time_zone": forms.TextInput(attrs={"placeholder": "Europe/Moscow"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone"].widget.attrs["placeholder"] = "79161234567"
        # Bot API: ``@name`` reaches public channels, never a person.
        self.fields["telegram_chat_id"].error_messages["invalid"] = _(
            "Write the number of the chat. A bot cannot write to a person by @name: people connect"
            " themselves, by the link on the recipient's page."
        )
        # Whatever people write; it is brought into its form before it is checked.
        self.fields["phone"].max_length = None  # type: ignore[attr-defined]
        self.fields["phone"].widget.attrs.pop("maxlength", None)
        self.fields["phone"].validators = []
        if self.instance.pk is not None:
            names = self.instance.tags.values_list("name", flat=True)
            self.initial["tag_list"] = ", ".join(names)
            pairs = self.instance.attributes.items()
            self.initial["attribute_lines"] = "\n".join(f"{name}: {value}" for name, value in pairs)

    def clean_email(self) -> str | None:
        return (self.cleaned_data["email"] or "").strip().lower() or None

    def clean_phone(self) -> str | None:
        digits = re.sub(r"[\s()+.-]", "", self.cleaned_data["phone"] or "")
        if len(digits) == 11 and digits.startswith("8"):
            digits = "7" + digits[1:]
        if digits and not re.fullmatch(r"7[0-9]{10}", digits):
            raise ValidationError(_("Write the phone as 7XXXXXXXXXX."), code="phone")
        return digits or None

    def clean_time_zone(self) -> str:
        zone: str = self.cleaned_data["time_zone"].strip()
        if zone and zone not in ZONES:
            raise ValidationError(_("Write a time zone such as Europe/Moscow."), code="time_zone")
        return zone

    def clean_attribute_lines(self) -> dict[str, str]:
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
        return found

    def save(self, commit: bool = True) -> Recipient:
        self.instance.attributes = self.cleaned_data["attribute_lines"]
        self.instance.operator_code = ""
        recipient = super().save(commit=commit)
        set_tags(recipient=recipient, names=tag_names(self.cleaned_data["tag_list"]))
        return recipient
