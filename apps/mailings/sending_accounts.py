"""Which account can send what, as the pages and the API ask before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.core.contracts import AccountInfo, Actor
from apps.core.slots import dispatcher

#: The fields of a mailing that name its accounts, in the order of ``Mailing.ways``.
FIELDS = ("account", "second_account", "third_account")


def known_accounts(actor: Actor) -> dict[str, AccountInfo]:
    """The declared accounts by which this user may send, by name."""
    return {info.name: info for info in dispatcher.value.account_infos() if info.is_for(actor)}


def default_account(channel: str, actor: Actor) -> str:
    """The account for a channel when nobody chooses one; one that only writes files comes last."""
    serving = [info for info in known_accounts(actor).values() if channel in info.channels]
    ordered = sorted(serving, key=lambda info: (info.to_files, info.name != "email", info.name))
    return ordered[0].name if ordered else ""


def account_choices(actor: Actor) -> list[tuple[str, str]]:
    """Names for a select; whoever chooses one that only writes files is told so."""
    words = _("%(name)s (writes files only)")
    return [
        (info.name, words % {"name": info.name} if info.to_files else info.name)
        for info in known_accounts(actor).values()
    ]


def unfit_accounts(ways: Sequence[tuple[str, str]], actor: Actor) -> dict[str, ValidationError]:
    """By field: the accounts that this user has not, or that cannot send over their channel."""
    known, errors = known_accounts(actor), {}
    for field, (channel, account) in zip(FIELDS, ways, strict=False):
        info = known.get(account)
        if info is None:
            errors[field] = ValidationError(_("There is no such sending account."), code="unknown")
        elif channel not in info.channels:
            words = _("The account “%(name)s” cannot send over this channel.") % {"name": account}
            errors[field] = ValidationError(words, code="channel_missing")
    return errors
