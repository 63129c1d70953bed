"""Updates of the Bot API, as far as we read them."""

from __future__ import annotations

from typing import Any


def start(text: str, number: int = 1, chat: int = 77, kind: str = "private") -> dict[str, Any]:
    return {
        "update_id": number,
        "message": {
            "chat": {"id": chat, "type": kind},
            "from": {"id": chat, "language_code": "en"},
            "text": text,
        },
    }


def member(status: str, number: int = 1, chat: int = 77) -> dict[str, Any]:
    return {
        "update_id": number,
        "my_chat_member": {
            "chat": {"id": chat, "type": "private"},
            "from": {"id": chat},
            "new_chat_member": {"status": status},
        },
    }
