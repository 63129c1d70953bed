"""The form of a sender, and the choice of one in other forms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from apps.core.forms import OwnedForm
from apps.mailings.models import Channel, Sender
from apps.mailings.sender_rules import offered_to
from apps.mailings.sending_accounts import known_accounts
from apps.users.models import User


class SenderChoice(forms.BaseForm):
    """The part of a form that says whom emails are from, where that is not the account."""

    instance: Any
    owner: User

    def offer_senders(self) -> None:
        """Confirmed ones first; the others are named as what they are, and refused by ``clean``."""
        field: Any = self.fields["sender"]
        field.queryset = offered_to(self.owner.pk)
        field.empty_label = _("as the sending account says")
        field.label_from_instance = _label_of
        if self.instance.pk is None:
            default = field.queryset.filter(owner=self.owner, is_default=True).first()
            self.initial.setdefault("sender", default)

    def clean_sender(self) -> Sender | None:
        sender: Sender | None = self.cleaned_data["sender"]
        if sender is not None and sender.confirmed_at is None:
            text = _("This address is not confirmed yet. Confirm it on the page Senders.")
            raise ValidationError(text, code="sender_unconfirmed")
        return sender


def _label_of(sender: Sender) -> str:
    """A sender as people choose it, with why it cannot be chosen."""
    shown = str(sender)
    return shown if sender.confirmed_at else f"{shown} ({_('not confirmed')})"


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
