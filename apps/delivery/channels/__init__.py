"""The channels, one folder each. A channel speaks a protocol and knows no table.

A new one is a folder with a ``KIND``, and one line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

from apps.delivery.channels.kinds import ChannelKind

_FOLDERS: Final = (
    "email.smtp",
    "outbox",
    "backend",
    "gateway",
    "sms",
    "smpp",
    "telegram",
    "max",
    "vk",
    "sendsay",
)
_RECORDS: Final[list[ChannelKind]] = [
    import_module(f"{__name__}.{folder}").KIND for folder in _FOLDERS
]
#: Every kind of account, by its name in ``.env``.
KINDS: Final[Mapping[str, ChannelKind]] = {kind.name: kind for kind in _RECORDS}


def kinds_serving(address_kind: str) -> list[str]:
    """The names of the kinds that write to addresses of this kind, sorted."""
    return sorted(name for name, kind in KINDS.items() if address_kind in kind.serves)
