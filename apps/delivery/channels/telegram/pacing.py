"""Telegram's pace for one chat: a message in a second, in a group twenty in a minute."""

from __future__ import annotations

import threading
from typing import Final

#: Seconds between two messages to a person, and to a group or channel.
TO_A_PERSON: Final = 1.0
TO_A_GROUP: Final = 3.0
#: Chats that are remembered at most.
_KEPT: Final = 10_000


class ChatRate:
    """When the next message may go to a chat. Shared by all that send as one bot."""

    def __init__(self) -> None:
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def reserve(self, chat: str, now: float, *, most: float) -> float | None:
        """Seconds to wait for the next place of this chat; None, and no place, beyond ``most``."""
        with self._lock:
            wait = max(0.0, self._free_at.get(chat, 0.0) - now)
            if wait > most:
                return None
            if len(self._free_at) >= _KEPT:
                self._free_at = {one: at for one, at in self._free_at.items() if at > now}
            group = chat.startswith(("-", "@"))
            self._free_at[chat] = now + wait + (TO_A_GROUP if group else TO_A_PERSON)
            return wait


_of_bots: dict[str, ChatRate] = {}
_lock = threading.Lock()


def rate_of(bot: str) -> ChatRate:
    """The pace of one bot, in this process."""
    with _lock:
        return _of_bots.setdefault(bot, ChatRate())
