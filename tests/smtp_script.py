"""The behavior of a scriptable SMTP server: what it offers, allows and does."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Final

_MESSAGE_ID: Final = re.compile(rb"^Message-ID:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Act:
    """One deviation: wait, then say, then perhaps close or hang."""

    say: bytes = b""
    close: bool = False
    hang: bool = False
    wait: float = 0.0  # seconds before anything is said
    drip: float = 0.0  # seconds between any two bytes


def say(text: str, *, close: bool = False) -> Act:
    return Act(text.encode("utf-8") + b"\r\n", close=close)


CLOSE: Final = Act(close=True)
HANG: Final = Act(hang=True)


@dataclass(frozen=True)
class Accepted:
    """One message the server answered for: dots unstuffed, the final one removed."""

    sender: bytes
    recipient: bytes
    data: bytes

    @property
    def message_id(self) -> str:
        found = _MESSAGE_ID.search(self.data)
        return found.group(1).decode("ascii") if found else ""


@dataclass
class Behavior:
    """What the server offers and allows."""

    pipelining: bool = True
    smtputf8: bool = True
    eightbit: bool = True
    size: int | None = 50_000_000
    auth: tuple[str, ...] = ()
    user: str = ""
    password: str = ""
    full_name: bool = False  # who names itself without a dot gets no recipient accepted
    tls: ssl.SSLContext | None = None  # from the first byte
    starttls: ssl.SSLContext | None = None  # when asked for
    per_connection: int = 0  # messages, after which it closes; 0: no limit
    connections: int = 0  # at once; 0: no limit
    banner: str = "test"
    behind: str = (
        ""  # to text behind the final dot: "503", "close", "hang", "late"; empty: bears it
    )
    grouped: str = ""  # to more than one command in one write: "503", "close"; empty: bears it
    per_session: int = 0  # letters, after which every MAIL of the connection is refused with 452
    rate: tuple[int, float] = (0, 1.0)  # so many MAIL in so many seconds, else 450
