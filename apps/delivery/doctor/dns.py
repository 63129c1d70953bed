"""What a domain says in DNS of its mail: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489).

The resolver is handed in, so that it can be another one, and every question ends in time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Final

import dns.exception
import dns.resolver

from apps.core.errors import gettext_noop as _

#: A receiver needs this of every sender, or only advises it.
NEEDED, ADVISED = "needed", "advised"


class DnsAway(Exception):
    """Nobody answers, or not in time: nothing is known."""


class Resolver(ABC):
    """Asks DNS."""

    @abstractmethod
    def texts(self, name: str) -> list[str] | None:
        """The TXT records of a name. Empty: it has none; None: there is no such name, and none
        below it (RFC 8020). Raises DnsAway."""


class SystemResolver(Resolver):
    """The machine's own resolver, or this ``server``; at most ``seconds`` for one question."""

    def __init__(self, seconds: float = 3.0, *, server: tuple[str, int] | None = None) -> None:
        self._seconds = seconds
        self._server = server

    def texts(self, name: str) -> list[str] | None:
        try:
            answer = self._resolver().resolve(name, "TXT", lifetime=self._seconds)
        except dns.resolver.NXDOMAIN:
            return None
        except dns.resolver.NoAnswer:
            return []
        except (dns.exception.DNSException, OSError, UnicodeError) as error:
            raise DnsAway(type(error).__name__) from error
        return [b"".join(row.strings).decode("utf-8", "replace") for row in answer]

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=self._server is None)
        if self._server is not None:
            resolver.nameservers, resolver.port = [self._server[0]], self._server[1]
        return resolver


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that receivers look for and do not find. ``record`` is what is to be published."""

    what: str
    words: str
    record: str
    weight: str = NEEDED


_PASS_ALL: Final = ("+all", "all")


def gaps_of(domain: str, resolver: Resolver) -> list[Gap]:
    """What this domain lacks to send mail. Raises DnsAway."""
    return [*_spf(domain, resolver), *_dkim(domain, resolver), *_dmarc(domain, resolver)]


def _spf(domain: str, resolver: Resolver) -> list[Gap]:
    texts = resolver.texts(domain) or []
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    record = f'{domain} TXT "v=spf1 include:YOUR-PROVIDER ~all"'
    if not found:
        return [Gap("SPF", _("there is no record"), record)]
    if len(found) > 1:  # RFC 7208, 4.5: then none of them holds
        return [Gap("SPF", _("there are several records, so none of them counts"), record)]
    if any(term.lower() in _PASS_ALL for term in found[0].split()):
        return [Gap("SPF", _("the record lets everybody send in your name"), record)]
    return []


def _dkim(domain: str, resolver: Resolver) -> list[Gap]:
    """Only a letter shows which selector signs; but where nothing is below, there is no key."""
    if resolver.texts(f"_domainkey.{domain}") is not None:
        return []
    record = f'SELECTOR._domainkey.{domain} TXT "v=DKIM1; p=…"'
    return [Gap("DKIM", _("there is no key; your provider gives it"), record)]


def _dmarc(domain: str, resolver: Resolver) -> list[Gap]:
    """The domain's own policy, or the next one above it."""
    labels = domain.split(".")
    for start in range(max(len(labels) - 1, 1)):
        texts = resolver.texts(f"_dmarc.{'.'.join(labels[start:])}") or []
        found = [text for text in texts if text.replace(" ", "").lower().startswith("v=dmarc1")]
        if found:
            tags = dict(part.strip().partition("=")[::2] for part in found[0].split(";"))
            if tags.get("p", "").strip().lower() == "none":
                sentence = _("the policy is p=none: forged mail is let through")
                return [
                    Gap("DMARC", sentence, f'_dmarc.{domain} TXT "v=DMARC1; p=quarantine"', ADVISED)
                ]
            return []
    return [Gap("DMARC", _("there is no record"), f'_dmarc.{domain} TXT "v=DMARC1; p=none"')]
