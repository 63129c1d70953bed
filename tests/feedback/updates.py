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


def max_update(kind: str, **fields: Any) -> dict[str, Any]:
    """An update of MAX, as its webhook and its long poll bring it."""
    return {
        "update_type": kind,
        "timestamp": 1775025604499,
        "chat_id": 182,
        "user": {"user_id": 77, "first_name": "John", "is_bot": False},
        "user_locale": "en",
        **fields,
    }


def vk_event(kind: str, number: int = 1, **fields: Any) -> dict[str, Any]:
    """An event of VK's Callback API, without its secret."""
    event_id = f"235695438e43d0765f36efd3355a96ae14556b{number:02d}"
    return {"type": kind, "group_id": 123, "event_id": event_id, "v": "5.199", "object": fields}
