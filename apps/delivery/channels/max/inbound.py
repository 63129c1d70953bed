"""Parsing of the updates of MAX: what people do at a bot. The input is untrusted."""

from __future__ import annotations

from typing import Final

from apps.delivery.channels.messengers.updates import (
    BotUpdate,
    UpdateKind,
    language_of,
    person_of,
)

#: The kinds of updates that are asked for; all others never come.
UPDATES: Final = ("bot_started", "bot_stopped")
_KINDS: Final = {"bot_started": UpdateKind.START, "bot_stopped": UpdateKind.LEFT}
_LONGEST_TOKEN: Final = 128


def parse_update(update: object) -> BotUpdate | None:
    """None for everything that means nothing here."""
    if not isinstance(update, dict) or update.get("update_type") not in UPDATES:
        return None
    name, user, moment = update["update_type"], update.get("user"), update.get("timestamp")
    person = person_of(user.get("user_id")) if isinstance(user, dict) else None
    if person is None or type(moment) is not int or not 0 <= moment < 2**63:
        return None
    token = update.get("payload")
    if not isinstance(token, str) or not token.isascii() or len(token) > _LONGEST_TOKEN:
        token = ""
    # An update has no number of its own; a person does one thing at a millisecond.
    number, language = f"{name}:{person}:{moment}", language_of(update.get("user_locale"))
    return BotUpdate(number, person, _KINDS[name], token, language)
