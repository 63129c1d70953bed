"""Parsing of the events of the Callback API of VK. The input is untrusted."""

from __future__ import annotations

import re
from typing import Any, Final

from apps.delivery.channels.messengers.updates import BotUpdate, UpdateKind, person_of

CONFIRMATION: Final = "confirmation"
_EVENT = re.compile(r"[A-Za-z0-9_-]{8,100}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


def parse_update(update: object) -> BotUpdate | None:
    """None for everything that means nothing here."""
    if not isinstance(update, dict) or not isinstance(found := update.get("object"), dict):
        return None
    event = update.get("event_id")
    if not isinstance(event, str) or not _EVENT.fullmatch(event):
        return None
    kind = update.get("type")
    if kind == "message_new":
        return _message(event, found.get("message"))
    person = person_of(found.get("user_id"))
    if person is None or kind not in ("message_allow", "message_deny"):
        return None
    if kind == "message_deny":
        return BotUpdate(event, person, UpdateKind.LEFT)
    token = _token(found.get("key"))
    return BotUpdate(event, person, UpdateKind.START if token else UpdateKind.BACK, token)


def _message(event: str, message: Any) -> BotUpdate | None:
    """The first message of one who came by a link brings what stood in it."""
    if not isinstance(message, dict):
        return None
    person, token = person_of(message.get("from_id")), _token(message.get("ref"))
    # In a chat of several anybody could connect everybody.
    if person is None or not token or message.get("peer_id") != person:
        return None
    return BotUpdate(event, person, UpdateKind.START, token)


def _token(found: object) -> str:
    return found if isinstance(found, str) and _TOKEN.fullmatch(found) else ""
