"""Questions to DNS. The resolver is handed in, so that it can be another one, and every question
ends in time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import dns.exception
import dns.resolver


class DnsAway(Exception):
    """Nobody answers, or not in time: nothing is known."""


class Resolver(ABC):
    """Asks DNS."""

    @abstractmethod
    def texts(self, name: str) -> list[str] | None:
        """The TXT records of a name. Empty: it has none; None: there is no such name, and none
        below it (RFC 8020). Raises DnsAway."""

    @abstractmethod
    def mail_servers(self, name: str) -> list[str]:
        """Its MX records, the preferred first; ``.`` alone: it takes no mail (RFC 7505).

        Raises DnsAway.
        """

    @abstractmethod
    def addresses(self, name: str) -> list[str]:
        """Its IPv4 and IPv6 addresses. Raises DnsAway."""


class SystemResolver(Resolver):
    """The machine's own resolver, or this ``server``; at most ``seconds`` for one question."""

    def __init__(self, seconds: float = 3.0, *, server: tuple[str, int] | None = None) -> None:
        self._seconds = seconds
        self._server = server

    def texts(self, name: str) -> list[str] | None:
        answer = self._ask(name, "TXT")
        if answer is None:
            return None
        return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]

    def mail_servers(self, name: str) -> list[str]:
        rows = sorted(self._ask(name, "MX") or [], key=lambda row: row.preference)
        names = [row.exchange.to_text(omit_final_dot=True).lower() for row in rows]
        return [one or "." for one in names]

    def addresses(self, name: str) -> list[str]:
        rows = [*(self._ask(name, "A") or []), *(self._ask(name, "AAAA") or [])]
        return [row.to_text() for row in rows]

    def _ask(self, name: str, kind: str) -> list[Any] | None:
        try:
            return list(self._resolver().resolve(name, kind, lifetime=self._seconds))
        except dns.resolver.NXDOMAIN:
            return None
        except dns.resolver.NoAnswer:
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise DnsAway(type(error).__name__) from error

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=self._server is None)
        if self._server is not None:
            resolver.nameservers, resolver.port = [self._server[0]], self._server[1]
        return resolver
