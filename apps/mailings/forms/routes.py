"""The part of the mailing's form that says by which accounts it goes, and whom it is from."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.forms import VersionedForm
from apps.mailings.forms.senders import SenderChoice
from apps.mailings.models import Channel, Mailing
from apps.mailings.sending_accounts import account_choices, default_account, unfit_accounts


class RoutesForm(SenderChoice, VersionedForm[Mailing]):
    """Channels with their accounts, in the order of their turn, and the sender."""

    account = forms.ChoiceField(label=_("Sending account"))
    second_account = forms.ChoiceField(label=_("Fallback account"), required=False)
    third_account = forms.ChoiceField(label=_("Account of the third channel"), required=False)

    def offer_accounts(self) -> None:
        """Those that the owner may send by; a new mailing begins with the usual one."""
        fields: dict[str, Any] = self.fields
        accounts = account_choices(self.owner)
        fields["account"].choices = accounts
        for name in ("second_account", "third_account"):
            fields[name].choices = [("", "—"), *accounts]
        if self.instance.pk is None:
            self.initial.setdefault("account", default_account(Channel.EMAIL, self.owner))

    def _chosen_routes(self) -> list[tuple[str, str]]:
        """Channel and account of each place that has both, in the order of the fields."""
        data = self.cleaned_data
        pairs = [
            (data.get(f"{place}channel", ""), data.get(f"{place}account", ""))
            for place in ("", "second_", "third_")
        ]
        return [pair for pair in pairs if all(pair)]

    def routes(self) -> list[tuple[str, str]]:
        """The channels and accounts that are filled in so far. It must have been cleaned."""
        data = self.cleaned_data
        found: dict[str, str] = {}
        for place in ("", "second_", "third_"):
            channel, account = data.get(f"{place}channel"), data.get(f"{place}account")
            if channel and account:
                found.setdefault(channel, account)
        return list(found.items())

    def check_accounts(self) -> None:
        """Say of each account that does not fit its channel why. For ``clean``."""
        if self.fields["account"].disabled:
            return
        for field, error in unfit_accounts(self._chosen_routes(), self.owner).items():
            if field not in self.errors:
                self.add_error(field, error)
