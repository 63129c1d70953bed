"""Domains of addresses: throwaway ones, blocked ones, and those that take no mail."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import dns.exception
import dns.resolver
from disposable_email_domains import blocklist
from django.core.cache import cache
from django.db.models import Q

from apps.core.errors import Refused, gettext_noop
from apps.core.text.formatting import refusal
from apps.mailings.models import BlockedDomain, SignupForm

#: Seconds for one question, and for which its answer is kept.
_QUESTION: Final = 2.0
_KEPT: Final = 86_400


class DomainUnknown(Refused):
    """The domain of the address takes no mail."""

    code = "mail_domain_unknown"


class DomainDisposable(Refused):
    """The domain's mailboxes are thrown away, and the form wants none of them."""

    code = "mail_domain_disposable"


class Mail(StrEnum):
    """Does the domain take mail? ``UNKNOWN``: DNS did not answer, which is nobody's fault."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class MailLookup(ABC):
    """Asks DNS whether a domain takes mail."""

    @abstractmethod
    def takes_mail(self, domain: str) -> Mail: ...


class DnsLookup(MailLookup):
    """The machine's own resolver: an MX that is not null (RFC 7505), or else an address."""

    def takes_mail(self, domain: str) -> Mail:
        name = domain.encode("idna").decode("ascii") if not domain.isascii() else domain
        try:
            return self._ask(name)
        except dns.resolver.NXDOMAIN:
            return Mail.NO
        except (dns.exception.DNSException, OSError, UnicodeError):
            return Mail.UNKNOWN

    def _ask(self, name: str) -> Mail:
        try:
            rows = dns.resolver.resolve(name, "MX", lifetime=_QUESTION)
            return Mail.NO if all(str(row.exchange) == "." for row in rows) else Mail.YES
        except dns.resolver.NoAnswer:
            pass
        for kind in ("A", "AAAA"):
            try:
                if list(dns.resolver.resolve(name, kind, lifetime=_QUESTION)):
                    return Mail.YES
            except dns.resolver.NoAnswer:
                continue
        return Mail.NO


def takes_mail(domain: str, lookup: MailLookup) -> Mail:
    """The answer of DNS, kept for a day; silence is not kept."""
    key = f"signup-mx:{domain}"
    kept = cache.get(key)
    if kept is not None:
        return Mail(kept)
    found = lookup.takes_mail(domain)
    if found is not Mail.UNKNOWN:
        cache.set(key, found.value, _KEPT)
    return found


def is_disposable(domain: str) -> bool:
    """True for a domain, or one below it, whose mailboxes are thrown away."""
    return any(name in blocklist for name in _with_parents(domain))


def is_blocked(domain: str, owner_id: int) -> bool:
    """True for a domain to which this owner, or the whole installation, writes nothing."""
    names = _with_parents(domain)
    match = Q(domain=domain) | Q(domain__in=names[1:], subdomains=True)
    rows = BlockedDomain.objects.filter(Q(owner_id=owner_id) | Q(owner=None))
    return rows.filter(match).exists()


def _with_parents(domain: str) -> list[str]:
    """The domain, and what it lies below, down to the last two labels."""
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(max(len(labels) - 1, 1))]


@dataclass(frozen=True, slots=True)
class DomainCheck:
    """``hold``: why the owner is to look at it first; ``unchecked``: DNS did not answer."""

    hold: str = ""
    unchecked: bool = False


def check_domain(*, form: SignupForm, address: str, lookup: MailLookup) -> DomainCheck:
    """Look at the domain of an address, as the form wishes. DomainUnknown, DomainDisposable."""
    domain = address.rpartition("@")[2]
    hold = ""
    unwanted = is_disposable(domain) or is_blocked(domain, form.owner_id)
    if form.disposable != SignupForm.Disposable.ALLOW and unwanted:
        if form.disposable == SignupForm.Disposable.REFUSE:
            text = gettext_noop("Addresses at %(domain)s can’t be subscribed. Use another one.")
            raise refusal(DomainDisposable, text, domain=domain)
        hold = "disposable"
    answer = takes_mail(domain, lookup) if form.check_mx else Mail.YES
    if answer is Mail.NO:
        text = gettext_noop("%(domain)s takes no mail. Check the address.")
        raise refusal(DomainUnknown, text, domain=domain)
    return DomainCheck(hold, unchecked=answer is Mail.UNKNOWN)
