"""Which account can send what, as the pages and the API ask before anything is saved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.core.contracts import AccountInfo, Actor
from apps.core.errors import Refused
from apps.core.slots import planner
from apps.mailings.models import Channel
from apps.mailings.models.audience import MESSENGERS

#: The fields of a mailing that name its accounts, in the order of ``Mailing.routes``.
FIELDS = ("account", "second_account", "third_account")
#: The account that is there when no other is declared.
_EMAIL: Final = "email"


class AccountUnclear(Refused):
    """More than one account sends over the channel, and nobody has said which."""

    code = "account_unclear"


class PhoneAccountUnclear(Refused):
    """No account writes to phones, or more than one and nobody has said which."""

    code = "phone_account_unclear"


def known_accounts(actor: Actor) -> dict[str, AccountInfo]:
    """The declared accounts by which this user may send, by name."""
    return {info.name: info for info in planner.value.account_infos() if info.is_for(actor)}


def default_account(channel: str, actor: Actor) -> str:
    """The account that a page fills in for a channel. Raises as ``usual_account``."""
    return usual_account(channel, known_accounts(actor).values())


def usual_account(channel: str, known: Iterable[AccountInfo]) -> str:
    """Of those by which a user may send, the account for a channel when nobody chooses one.

    The same for every caller: page, API or command line.

    One that only writes files is taken when there is no other; of several for email the one of
    that name, else the first. Where none serves it is `email` all the same: the checks of an
    account say why that will not do. Raises AccountUnclear, PhoneAccountUnclear.
    """
    if channel == Channel.PHONE and settings.PHONE_ACCOUNT:
        return str(settings.PHONE_ACCOUNT)
    serving = [info for info in known if channel in info.channels]
    real = [info for info in serving if not info.to_files] or serving
    names = sorted((info.name for info in real), key=lambda name: (name != _EMAIL, name))
    if channel == Channel.PHONE and not names:
        raise PhoneAccountUnclear(_("No sending account writes to phones: declare a gateway."))
    if channel == Channel.PHONE and len(names) > 1:
        text = _("Several sending accounts write to phones (%(names)s): set PHONE_ACCOUNT.")
        raise PhoneAccountUnclear(text % {"names": ", ".join(names)})
    if channel in MESSENGERS and len(names) > 1:  # a person is connected to one bot
        text = _("Several sending accounts write to this channel (%(names)s): name one.")
        raise AccountUnclear(text % {"names": ", ".join(names)})
    return names[0] if names else _EMAIL


def account_choices(actor: Actor) -> list[tuple[str, str]]:
    """Names for a select, with the sender; an account that only writes files is marked so."""
    return [(info.name, account_words(info)) for info in known_accounts(actor).values()]


def account_words(info: AccountInfo) -> str:
    """An account as people choose it."""
    name = _("%(name)s (writes files only)") % {"name": info.name} if info.to_files else info.name
    return f"{info.sender} · {name}" if info.sender else name


def senders_of(routes: Sequence[tuple[str, str]], actor: Actor) -> list[str]:
    """The accounts of these routes as people choose them."""
    known = known_accounts(actor)
    return [account_words(known[name]) if name in known else name for _channel, name in routes]


def unfit_accounts(routes: Sequence[tuple[str, str]], actor: Actor) -> dict[str, ValidationError]:
    """By field: the accounts that this user has not, or that cannot send over their channel."""
    known, errors = known_accounts(actor), {}
    for field, (channel, account) in zip(FIELDS, routes, strict=False):
        info = known.get(account)
        if info is None:
            errors[field] = ValidationError(_("There is no such sending account."), code="unknown")
        elif channel not in info.channels:
            text = _("The account “%(name)s” cannot send over this channel.") % {"name": account}
            errors[field] = ValidationError(text, code="channel_missing")
    return errors
