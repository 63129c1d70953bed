"""Traces of our own letters in what comes back: a sealed link, or the Message-ID."""

from __future__ import annotations

import re
from typing import Final

from apps.mailings.links import delivery_of

#: The most of a text that is looked through.
_LOOKED_AT: Final = 200_000
_UNSUBSCRIBE = re.compile(r"/u/([A-Za-z0-9_-]{32})/")
_MESSAGE_ID = re.compile(r"^message-id:\s*(<[^<>\s]{1,300}>)", re.I | re.M)


def delivery_token_in(text: str) -> int | None:
    """The delivery whose own unsubscribe link stands in the text: only that letter carried it."""
    for token in _UNSUBSCRIBE.findall(text[:_LOOKED_AT]):
        if (delivery_id := delivery_of(token)) is not None:
            return delivery_id
    return None


def message_id_in(headers: str) -> str:
    """The Message-ID among a letter's header lines; empty when there is none."""
    found = _MESSAGE_ID.search(headers[:_LOOKED_AT])
    return found[1] if found else ""
