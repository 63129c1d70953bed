"""A sending account as its declaration says: plain data, which a channel is opened with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from apps.core.contracts import Learned
from apps.core.values.opening_hours import OpeningHours


@dataclass(frozen=True, slots=True)
class SendingAccount:
    """One account as ``.env`` declares it. ``window`` is W, ``max_connections`` is K,
    ``timeout`` the seconds for one step of the session (ten times that for the final reply).
    ``limits`` are messages by period; ``hours`` None is always. ``serves``: the kinds of address
    that it writes to; ``to_files``: nothing leaves by it. ``link_url``: by which its measured links
    pass, where that is an address of its own. ``learned``: what is known of its server.
    For text messages: ``provider`` or ``record`` (a file) says how they are sent, ``price`` what a
    part costs, ``report_url`` where the provider reports to; ``long_text`` how more than a part is
    sent, and ``system_type`` what a message centre wants to know besides.
    """

    name: str
    kind: str
    serves: frozenset[str]
    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str
    password: str
    url: str
    from_email: str
    from_name: str
    max_connections: int
    window: int
    timeout: float
    to_files: bool
    outbox_dir: Path
    max_refusals: int
    limits: Mapping[str, int] = field(default_factory=dict)
    warmup_first: int = 0
    warmup_percent: int = 0
    hours: OpeningHours | None = None
    fallback: str = ""
    token: str = ""
    link_url: str = ""
    idempotent: bool = False
    oauth_token_file: str = ""
    oauth_token_command: str = ""
    ehlo_name: str = ""
    ca_file: str = ""
    provider: str = ""
    record: str = ""
    system_type: str = ""
    sender: str = ""
    long_text: Literal["parts", "payload"] = "parts"
    transliterate: bool = False
    price: str = ""
    report_url: str = ""
    pipelining: Literal["auto", "full", "envelope", "off"] = "auto"
    learned: Learned = Learned()

    @property
    def server(self) -> str:
        """Where it leads to, as host and port."""
        return f"{self.host}:{self.port}"

    @property
    def connections(self) -> int:
        """How many connections a worker opens: never more than it claims."""
        return min(self.max_connections, self.window)

    @property
    def writes_email(self) -> bool:
        """Can it be tried out with anybody's email address?"""
        return "email" in self.serves

    @property
    def limited(self) -> bool:
        return bool(self.limits or self.warmup_first)

    def __repr__(self) -> str:
        return f"SendingAccount({self.name!r}, {self.kind!r})"
