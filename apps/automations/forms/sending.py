"""The step that sends a message, as a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.automations.definition.flow import Raw
from apps.automations.forms.parts import ClockField, IdField, PartForm, WordField, clock_of
from apps.mailings.models import Channel, Mailing
from apps.mailings.sender_rules import offered_to
from apps.mailings.sending_accounts import account_choices


class SendForm(PartForm):
    """Message, channel, account and sender; and when, and by what right."""

    #: What is folded away.
    folded = (
        "channel",
        "second_channel",
        "second_account",
        "local_from",
        "local_to",
        "on_cap",
        "basis",
        "transactional",
        "wait_until_sent",
    )

    message = IdField(_("Message"))
    account = forms.ChoiceField(label=_("Sending account"))
    sender = IdField(pgettext_lazy("email", "From"))
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    second_channel = WordField(_("Second channel"))
    second_account = WordField(_("Fallback account"))
    local_from = ClockField(
        _("Only from"), help_text=_("By the recipient’s clock; empty: at any time.")
    )
    local_to = ClockField(_("Only until"))
    on_cap = forms.ChoiceField(
        label=_("If somebody has got as many messages as your rules allow"),
        choices=[("wait", _("wait")), ("skip", _("skip this message"))],
    )
    basis = WordField(
        _("By what right"),
        help_text=_("Usually: the subscription, where a list begins the automation."),
    )
    transactional = forms.BooleanField(
        label=_("Transactional"),
        required=False,
        help_text=_("A receipt or a code: neither consent nor frequency rules are asked about."),
    )
    wait_until_sent = forms.BooleanField(
        label=_("Go on only when it is sent"),
        required=False,
        help_text=_("Otherwise the recipient goes on at once, and the message follows."),
    )

    def initial_of(self, raw: Raw) -> dict[str, Any]:
        found = super().initial_of(raw)
        found["channel"] = raw.get("channel", Channel.EMAIL)
        found["account"] = raw.get("account", "email")
        found["on_cap"] = raw.get("on_cap", "wait")
        return found

    def offer(self) -> None:
        owner = self.offers.owner
        self.choose(
            "message",
            self.offers.choices("message", self.before.get("message")),
            _("— choose —"),
        )
        accounts = account_choices(owner)
        field: Any = self.fields["account"]
        field.choices = accounts
        self.choose("second_account", accounts, "—")
        self.choose("second_channel", list(Channel.choices), "—")
        self.choose("basis", list(Mailing.Basis.choices), _("as usual"))
        senders = [(str(one.pk), str(one)) for one in offered_to(owner.pk)]
        self.choose("sender", senders, _("as the sending account says"))

    @property
    def opens_more(self) -> bool:
        """True if what is folded away is not as it usually is."""
        usual = {"channel": Channel.EMAIL, "on_cap": "wait"}
        return any(
            self[name].errors or (self[name].value() or "") not in ("", False, usual.get(name))
            for name in self.folded
        )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if (data.get("local_from") is None) is not (data.get("local_to") is None):
            raise ValidationError(_("Enter both hours, or none."), code="half_hours")
        return data

    def part(self) -> Raw:
        data = self.cleaned_data
        names = ("message", "sender", "channel", "account", "second_channel", "second_account")
        found = self.given(*names, "on_cap", "basis")
        for name in ("local_from", "local_to"):
            if (at := clock_of(data[name])) is not None:
                found[name] = at
        flags = {name: True for name in ("transactional", "wait_until_sent") if data[name]}
        return found | flags
