"""Parsing of the Bot API's updates: what people write to a bot. The input is untrusted."""

from __future__ import annotations

import re
from typing import Any, Final

from apps.delivery.channels.messengers.updates import BotUpdate, UpdateKind, language_of

#: The kinds of updates that are asked for; all others never come.
ALLOWED: Final = ("message", "my_chat_member")
_START = re.compile(r"/start(?:@\w{1,40})?(?: ([A-Za-z0-9_-]{1,64}))?\s*", re.ASCII)


def number_of(update: object) -> int | None:
    """The update's number; None when it is no update."""
    found = update.get("update_id") if isinstance(update, dict) else None
    return found if type(found) is int and 0 <= found < 2**63 else None


def parse_update(update: object) -> BotUpdate | None:
    """None for everything that means nothing here."""
    number = number_of(update)
    if number is None or not isinstance(update, dict):
        return None
    if isinstance(message := update.get("message"), dict):
        return _message(number, message)
    if isinstance(member := update.get("my_chat_member"), dict):
        return _member(number, member)
    return None


def _message(number: int, message: dict[str, Any]) -> BotUpdate | None:
    chat, text = _chat(message), message.get("text")
    found = _START.fullmatch(text) if isinstance(text, str) else None
    # In a group anybody could connect everybody.
    if chat is None or found is None or message["chat"].get("type") != "private":
        return None
    return BotUpdate(str(number), chat, UpdateKind.START, found[1] or "", _language(message))


def _member(number: int, member: dict[str, Any]) -> BotUpdate | None:
    chat, new = _chat(member), member.get("new_chat_member")
    status = new.get("status") if isinstance(new, dict) else None
    if chat is None or status not in _STATUS_KINDS:
        return None
    return BotUpdate(str(number), chat, _STATUS_KINDS[status], language=_language(member))


def _chat(found: dict[str, Any]) -> int | None:
    chat = found.get("chat")
    number = chat.get("id") if isinstance(chat, dict) else None
    return number if type(number) is int and -(2**63) <= number < 2**63 else None


def _language(found: dict[str, Any]) -> str:
    sender = found.get("from")
    return language_of(sender.get("language_code")) if isinstance(sender, dict) else ""


_STATUS_KINDS: Final = {
    "kicked": UpdateKind.LEFT,
    "left": UpdateKind.LEFT,
    "member": UpdateKind.BACK,
    "administrator": UpdateKind.BACK,
}
