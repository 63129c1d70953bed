"""Domains of addresses that sign up."""

from __future__ import annotations

import dns.exception
import dns.resolver
import pytest

from apps.feedback.services.signups.domains import (
    DnsLookup,
    Mail,
    MailLookup,
    is_blocked,
    is_disposable,
    takes_mail,
)
from apps.mailings.models import BlockedDomain
from tests.factories import UserFactory


class Answers(MailLookup):
    def __init__(self, *answers: Mail) -> None:
        self.answers = [*answers]

    def takes_mail(self, domain: str) -> Mail:
        return self.answers.pop(0)


def test_an_answer_is_kept_and_silence_is_not() -> None:
    lookup = Answers(Mail.UNKNOWN, Mail.NO)
    assert takes_mail("example.org", lookup) is Mail.UNKNOWN
    assert takes_mail("example.org", lookup) is Mail.NO
    assert takes_mail("example.org", lookup) is Mail.NO


def test_throwaway_domains_are_known_with_those_below_them() -> None:
    assert is_disposable("mailinator.com") and is_disposable("x.mailinator.com")
    assert not is_disposable("example.org")


@pytest.mark.django_db
def test_a_blocked_domain_is_the_owners_or_everybodys() -> None:
    anna, bob = UserFactory.create_batch(2)
    BlockedDomain.objects.create(owner=anna, domain="example.org", subdomains=False)
    BlockedDomain.objects.create(owner=None, domain="example.com")
    assert is_blocked("example.org", anna.pk) and not is_blocked("example.org", bob.pk)
    assert not is_blocked("x.example.org", anna.pk)
    assert is_blocked("x.example.com", bob.pk) and is_blocked("example.com", anna.pk)


class _Row:
    def __init__(self, exchange: str) -> None:
        self.exchange = exchange


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"MX": [_Row("mx.example.org.")]}, Mail.YES),
        ({"MX": [_Row(".")]}, Mail.NO),  # RFC 7505
        ({"MX": dns.resolver.NoAnswer(), "A": ["192.0.2.1"]}, Mail.YES),
        (
            {"MX": dns.resolver.NoAnswer(), "A": dns.resolver.NoAnswer(), "AAAA": ["::1"]},
            Mail.YES,
        ),
        (
            {
                "MX": dns.resolver.NoAnswer(),
                "A": dns.resolver.NoAnswer(),
                "AAAA": dns.resolver.NoAnswer(),
            },
            Mail.NO,
        ),
        ({"MX": dns.resolver.NXDOMAIN()}, Mail.NO),
        ({"MX": dns.exception.Timeout()}, Mail.UNKNOWN),
        ({"MX": OSError()}, Mail.UNKNOWN),
    ],
)
def test_dns_decides(
    monkeypatch: pytest.MonkeyPatch, answers: dict[str, object], found: Mail
) -> None:
    def resolve(name: str, kind: str, lifetime: float) -> object:
        answer = answers[kind]
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(dns.resolver, "resolve", resolve)
    assert DnsLookup().takes_mail("почта.рф") is found
