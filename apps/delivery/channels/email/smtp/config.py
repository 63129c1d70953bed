"""How to reach one SMTP server, and how long to wait for it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Literal

from apps.core.contracts import Learned
from apps.delivery.channels.email.ehlo_name import is_ehlo_name
from apps.delivery.channels.email.smtp.auth import AccessToken

Security = Literal["none", "starttls", "tls"]
#: How much is written at once: the next envelope behind the final dot, MAIL, RCPT and DATA of one
#: letter, or one command. "auto": as much as is known to be borne.
Pipelining = Literal["auto", "full", "envelope", "off"]


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """The settings of one SMTP account. All times are seconds.

    The timeouts of commands and data are totals for the whole step, not for one read: a server that
    drips a byte at a time cannot hold a connection (RFC 5321, 4.5.3.2).
    Raises ``ValueError`` for values that can never work.
    """

    host: str
    port: int = 25
    security: Security = "none"  # "starttls" means required: never falls back to clear text
    username: str = ""
    password: str = field(default="", repr=False)
    access_token: AccessToken | None = field(default=None, repr=False, compare=False)
    connections: int = 8  # K: connections, and so the most letters whose fate a crash can hide
    ca_file: str = ""  # certificates in PEM that are trusted instead of the system's
    ehlo_name: str = ""  # empty: the machine's own, or the address literal of the connection
    connect_timeout: float = 30.0
    #: Greeting, EHLO, TLS, AUTH, MAIL, RCPT, DATA: each, from write to reply.
    command_timeout: float = 60.0
    data_timeout: float = 180.0  # from 354 until the final dot was handed to the kernel
    data_done_timeout: float = 600.0  # the reply to the final dot (RFC 5321, 4.5.3.2.6)
    max_messages_per_connection: int = 0  # 0: as many as the server takes
    pipelining: Pipelining = "full"
    known: Learned = Learned()  # what an earlier channel has learned about this server
    max_refusals: int = 20  # equal permanent refusals in a row that are about the letter; 0: none
    cool_down: float = 30.0  # cool-down of a connection that failed twice in a row
    head_start: float = 1.0  # how long the first connection tries alone: one wrong password, not K
    #: After which an idle connection takes over a letter queued behind a slow one.
    head_of_line_timeout: float = 5.0
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.security not in ("none", "starttls", "tls"):
            raise ValueError(f"unknown security: {self.security!r}")
        if not self.host or not 0 < self.port < 65536:
            raise ValueError("host and port must be given")
        if self.connections < 1:
            raise ValueError("at least one connection is needed")
        if self.ehlo_name and not is_ehlo_name(self.ehlo_name):
            raise ValueError("the EHLO name must be a domain name or an address literal")
        timeouts = self.connect_timeout, self.command_timeout, self.data_timeout
        if min(*timeouts, self.data_done_timeout) <= 0:
            raise ValueError("deadlines must be positive")
