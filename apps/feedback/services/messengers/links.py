"""The links by which recipients connect a messenger, each once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.feedback.models import MessengerLink
from apps.feedback.services.messengers.kinds import KINDS, messenger_of
from apps.mailings.links import MESSENGER, sealed
from apps.mailings.models import Channel, Recipient

#: How long a link can be used.
LIVES: Final = timedelta(days=7)


class BotMissing(Refused):
    """No bot is declared under this name, or ``.env`` does not say its name at the messenger."""

    code = "bot_missing"


def bots(channels: Collection[str] = tuple(KINDS)) -> list[str]:
    """The accounts whose bots can be linked to: those whose name ``.env`` gives."""
    return sorted(
        name
        for name, account in settings.ACCOUNTS.items()
        if account.kind in KINDS and account.kind in channels and account.username
    )


def labelled() -> list[tuple[str, str]]:
    """The same with the names of their messengers, and their own where there are several."""
    known = [(name, str(Channel(messenger_of(name).channel).label)) for name in bots()]
    titles = [title for _name, title in known]
    return [
        (name, title if titles.count(title) == 1 else f"{title} ({name})") for name, title in known
    ]


def make_link(*, recipient: Recipient, account: str, now: datetime) -> MessengerLink:
    """A fresh link for this recipient; those made before for this messenger open nothing any more.

    Raises BotMissing.
    """
    if account not in bots():
        raise BotMissing(
            _("There is no bot “%(name)s” that people could be led to.") % {"name": account}
        )
    channel = messenger_of(account).channel
    with transaction.atomic():
        MessengerLink.objects.filter(recipient=recipient, channel=channel, used_at=None).update(
            expires_at=now
        )
        return MessengerLink.objects.create(
            recipient=recipient, channel=channel, account=account, expires_at=now + LIVES
        )


def open_link(*, recipient: Recipient, channel: str, now: datetime) -> MessengerLink | None:
    """The link to this messenger that can be used at present."""
    rows = MessengerLink.objects.filter(
        recipient=recipient,
        channel=channel,
        used_at=None,
        expires_at__gt=now,
        account__in=bots([channel]),
    )
    return rows.order_by("-pk").first()


def address_of(link: MessengerLink) -> str:
    """Where it leads: a deep link that brings the sealed number of the row."""
    bot = settings.ACCOUNTS[link.account].username
    return KINDS[link.channel].link.format(bot=bot, token=sealed(MESSENGER, link.pk))
