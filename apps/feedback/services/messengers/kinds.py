"""What differs between the messengers: how an update is read, and where a link leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from apps.delivery.channels.max.inbound import parse_update as max_update
from apps.delivery.channels.messengers.updates import BotUpdate
from apps.delivery.channels.telegram.inbound import parse_update as telegram_update
from apps.delivery.channels.vk.inbound import parse_update as vk_update
from apps.mailings.models import Channel
from apps.mailings.models.audience import ADDRESS


@dataclass(frozen=True, slots=True)
class Messenger:
    """One of them. ``link``: where a person begins, from the bot's name and the sealed token."""

    channel: str
    parse: Callable[[Any], BotUpdate | None]
    link: str

    @property
    def field(self) -> str:
        """Where a recipient's number stands."""
        return ADDRESS[self.channel]


#: By the kind of account, which is called as the channel is.
KINDS: Final[Mapping[str, Messenger]] = {
    # Bot API: ``start`` has up to 64 of A-Z, a-z, 0-9, _ and -.
    Channel.TELEGRAM.value: Messenger(
        Channel.TELEGRAM.value, telegram_update, "https://t.me/{bot}?start={token}"
    ),
    Channel.MAX.value: Messenger(
        Channel.MAX.value, max_update, "https://max.ru/{bot}?start={token}"
    ),
    Channel.VK.value: Messenger(Channel.VK.value, vk_update, "https://vk.me/club{bot}?ref={token}"),
}


def messenger_of(account: str) -> Messenger:
    """That of a declared bot. Raises KeyError for any other account."""
    return KINDS[settings.ACCOUNTS[account].kind]


def accounts_of(kind: str) -> list[str]:
    """The declared bots of one messenger."""
    return sorted(name for name, one in settings.ACCOUNTS.items() if one.kind == kind)
