"""The form of a sender."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import OwnedForm
from apps.mailings.models import Channel, Sender
from apps.mailings.sending_accounts import known_accounts


class SenderForm(OwnedForm[Sender]):
    """Name, address, reply-to, and the accounts it may use. The address stays as it was made."""

    accounts = forms.MultipleChoiceField(
        label=_("Sending accounts"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None selected: any account."),
    )

    class Meta:
        model = Sender
        fields = ("name", "address", "reply_to", "accounts", "is_default", "shared")
        labels = {
            "address": _("Email address"),
            "reply_to": _("Replies go to"),
            "is_default": _("Fill it in for new mailings"),
            "shared": _("Offer it to everybody"),
        }
        help_texts = {"reply_to": _("Empty: to the sender's address.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        infos = known_accounts(self.owner).values()
        names = [info.name for info in infos if Channel.EMAIL in info.channels]
        kept = [name for name in self.instance.accounts if name not in names]
        accounts: Any = self.fields["accounts"]
        accounts.choices = [(name, name) for name in [*names, *kept]]
        if not self.owner.sees_all:
            del self.fields["shared"]
        if self.instance.pk is not None:
            self.fields["address"].disabled = True
