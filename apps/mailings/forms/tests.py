"""The form for a test of a message: to whom, by which account, with whose data."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from apps.core.text.languages import language_name
from apps.mailings.models import Message, Recipient
from apps.mailings.selectors.messages import sample_recipient, samples_like
from apps.mailings.sending_accounts import account_choices, known_accounts
from apps.mailings.services.languages.translations import translations_of

#: The most addresses of one test.
MOST: Final = 5


class TestForm(forms.Form):
    """Up to five addresses, one's own to begin with; nobody's data leaves but the chosen one's."""

    __test__ = False  # no class of tests

    addresses = forms.CharField(
        label=_("Send to"),
        max_length=1300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Up to 5 addresses, one a line."),
    )
    account = forms.ChoiceField(label=_("Sending account"))
    sample = forms.CharField(
        label=_("With the data of"),
        required=False,
        max_length=254,
        help_text=_("The beginning of an email, phone or name. Empty: one who has all the fields."),
    )

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        help_text=_("Empty: the one that this recipient gets."),
    )

    def __init__(self, *args: Any, message: Message, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._message = message
        languages = [
            (code, capfirst(language_name(code)))
            for code in (message.language, *translations_of(message))
            if code
        ]
        if len(languages) > 1:
            language: Any = self.fields["language"]
            language.choices = [("", "—"), *languages]
        else:
            del self.fields["language"]
        account: Any = self.fields["account"]
        account.choices = account_choices(message.owner)

    def clean_addresses(self) -> list[str]:
        written = re.split(r"[\n,;]+", self.cleaned_data["addresses"])
        found = list(dict.fromkeys(filter(None, map(str.strip, written))))
        if not found:
            raise ValidationError(_("Write at least one address."), code="required")
        if len(found) > MOST:
            text = ngettext_lazy("At most %(count)d address.", "At most %(count)d addresses.", MOST)
            raise ValidationError(text % {"count": MOST}, code="many")
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        info = known_accounts(self._message.owner).get(data.get("account", ""))
        if info is not None and "addresses" in data and info.channels == {"email"}:
            for address in data["addresses"]:
                try:
                    validate_email(address)
                except ValidationError as error:
                    self.add_error("addresses", error)
        return data

    def lender(self) -> Recipient | None:
        """Whose data fill the test; None when the owner has no recipients. Must be cleaned."""
        text = self.cleaned_data["sample"].strip()
        if not text:
            return sample_recipient(self._message)
        found = samples_like(self._message.owner_id, text)
        if not found:
            raise ValidationError(_("No recipient of yours begins so."), code="unknown")
        return found[0]
