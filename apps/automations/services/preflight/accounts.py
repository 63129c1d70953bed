"""Each channel of a message has an account that its owner may use, and that sends now."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.utils.translation import gettext_noop as _

from apps.automations.definition.parts import Definition, Send
from apps.automations.services.preflight.findings import DraftFinding, FindingCode
from apps.core.errors import Refused
from apps.delivery.accounts import check_granted, declared
from apps.delivery.models import AccountState
from apps.delivery.preflight.findings import Finding, Place, failure, refused_by
from apps.users.models import User


def findings_of_accounts(found: Definition, owner: User) -> Iterator[DraftFinding]:
    """What prevents the steps that send from sending."""
    routes = [(one, *route) for one in found.steps if isinstance(one, Send) for route in _of(one)]
    states = AccountState.objects.filter(name__in={account for _one, _channel, account in routes})
    unready = states.exclude(state=AccountState.State.READY).values_list("name", flat=True)
    disabled = set(unready) if routes else set()
    for one, channel, account in routes:
        wrong = _wrong(channel, account, owner, disabled)
        if wrong is not None:
            yield DraftFinding(one.key, FindingCode.ACCOUNT, wrong)


def _of(send: Send) -> list[tuple[str, str]]:
    """Its channels with their accounts, in the order in which they are tried."""
    named = [(send.channel, send.account), (send.second_channel, send.second_account)]
    return [route for route in named if route[0]]


def _wrong(channel: str, name: str, owner: User, disabled: Collection[str]) -> Finding | None:
    try:
        account = declared(name)
        check_granted(name, owner)
    except Refused as refusal:
        return refused_by(refusal, Place.NOWHERE)
    fix = _("Choose another account.")
    if channel not in account.serves:
        text = _("The account “%(name)s” does not send over the channel of this step.")
        return failure(text, fix, Place.NOWHERE, name=name)
    if name in disabled:
        text = _("The account “%(name)s” is disabled.")
        return failure(text, fix, Place.NOWHERE, name=name)
    return None
