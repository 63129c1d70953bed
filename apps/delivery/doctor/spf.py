"""An SPF record (RFC 7208) with all that it includes, as far as a receiver would follow it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from apps.delivery.doctor.dns import Resolver

#: Beyond what counts, so that a record that is too long is named as such and no more is asked.
_FOLLOWED: Final = 15


@dataclass(slots=True)
class Spf:
    """What a domain's record comes to.

    ``records``: how many there are. ``lookups``: what a receiver has to ask (RFC 7208, 4.6.4).
    ``includes`` are the domains it includes, ``hosts`` the servers it names by ``a`` and ``mx``.
    ``missing``: an included domain without a record. ``all``: the sign before the last ``all``.
    """

    records: int = 0
    lookups: int = 0
    includes: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    missing: str = ""
    all: str = ""


def read_spf(domain: str, resolver: Resolver) -> Spf:
    """Follow the domain's record. Raises DnsAway."""
    found = Spf()
    records = _records(domain, resolver)
    found.records = len(records)
    if len(records) == 1:
        _follow(domain, records[0], resolver, found, top=True)
    return found


def _records(domain: str, resolver: Resolver) -> list[str]:
    texts = resolver.texts(domain) or []
    return [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]


def _follow(domain: str, record: str, resolver: Resolver, found: Spf, *, top: bool) -> None:
    redirect = ""
    for term in record.lower().split()[1:]:
        sign = term[0] if term[0] in "+-~?" else "+"
        name, _, value = term.lstrip("+-~?").partition(":")
        name = name.partition("/")[0]
        if name.startswith("redirect="):
            redirect = name.removeprefix("redirect=")
        elif name == "all":
            if top:
                found.all = sign
            return
        elif name in ("a", "mx", "ptr", "exists") or name.startswith("exists"):
            found.lookups += 1
            host = value.partition("/")[0] or domain
            found.hosts.update(resolver.mail_servers(host) or [] if name == "mx" else [host])
        elif name == "include":
            _included(value, resolver, found)
    if redirect:
        _included(redirect, resolver, found, top=top)


def _included(name: str, resolver: Resolver, found: Spf, *, top: bool = False) -> None:
    found.lookups += 1
    if name in found.includes or found.lookups > _FOLLOWED:
        return
    found.includes.add(name)
    if "%" in name:  # a macro: what it becomes, only a receiver knows
        return
    records = _records(name, resolver)
    if not records:
        found.missing = found.missing or name
        return
    _follow(name, records[0], resolver, found, top=top)
