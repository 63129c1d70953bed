"""What receivers find of a domain: recorded DNS, and what is said of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.delivery.accounts import declaration
from apps.delivery.channels.email.dkim import DkimKey, new_key
from apps.delivery.doctor.domain_reports import check_and_keep, kept_findings
from apps.delivery.doctor.domains import (
    DomainFinding,
    Mail,
    alignment_with,
    check_domain,
    is_aligned,
)
from apps.delivery.models import DomainReport
from apps.delivery.scheduling.domain_watch import DomainWatch
from apps.delivery.sending_account import SendingAccount
from apps.delivery.views.domains import DomainCheck
from apps.reports.notifications import render
from apps.users.models import Notification
from config.account_settings import AccountSettings
from tests.delivery.doctor.zone import RecordedDns, Zone
from tests.factories import ManagerFactory, UserFactory

KEY = DkimKey("shop.ru", "vestnik1", new_key("ed25519")[0])
OTHER = DkimKey("shop.ru", "vestnik1", new_key("ed25519")[0])


def smtp(host: str, from_email: str = "news@shop.ru", name: str = "news") -> SendingAccount:
    fields = {"kind": "smtp", "host": host, "from_email": from_email}
    return declaration(name, AccountSettings.model_validate(fields))


def zone(
    *texts: str,
    mx: str = "mx.shop.ru",
    dmarc: str = "v=DMARC1; p=reject",
    dkim: dict[str, str] | None = None,
    others: Zone | None = None,
) -> Zone:
    """DNS of shop.ru; ``dkim``: keys by selector."""
    found: dict[str, dict[str, list[str]]] = {"shop.ru": {"TXT": list(texts), "MX": [mx]}}
    if dmarc:
        found["_dmarc.shop.ru"] = {"TXT": [dmarc]}
    for selector, record in (dkim or {}).items():
        found[f"{selector}._domainkey.shop.ru"] = {"TXT": [record]}
    return {**found, **(others or {})}


YANDEX = {"_spf.yandex.net": {"TXT": ["v=spf1 ip4:5.45.198.0/23 ~all"]}}
MAIL_RU = {"_spf.mail.ru": {"TXT": ["v=spf1 ip4:94.100.176.0/20 ~all"]}}
KEY_OF_YANDEX = {"mail": "v=DKIM1; k=rsa; p=MIGfMA0GCSq"}
DEEP: dict[str, dict[str, list[str]]] = {
    f"s{number}.net": {"TXT": [f"v=spf1 include:s{number + 1}.net ~all"]} for number in range(12)
}
DEEP["s12.net"] = {"TXT": ["v=spf1 ip4:192.0.2.1 ~all"]}

#: Twelve domains as they stand in DNS: what is wrong, and what is warned of.
CASES: dict[str, tuple[Zone, Mail, list[str], list[str]]] = {
    "Yandex 360, all in place": (
        zone("v=spf1 include:_spf.yandex.net ~all", dkim=KEY_OF_YANDEX, others=YANDEX),
        Mail(accounts=[smtp("smtp.yandex.ru")]),
        [],
        [],
    ),
    "nothing but an MX": (zone(dmarc=""), Mail(), ["SPF", "DKIM", "DMARC"], []),
    "no mail at all (RFC 7505)": (
        zone("v=spf1 -all", mx=".", dkim=KEY_OF_YANDEX),
        Mail(),
        ["MX"],
        [],
    ),
    "two SPF records": (
        zone("v=spf1 -all", "v=spf1 ~all", dkim=KEY_OF_YANDEX),
        Mail(),
        ["SPF"],
        [],
    ),
    "everybody may send": (zone("v=spf1 mx +all", dkim=KEY_OF_YANDEX), Mail(), ["SPF"], []),
    "too many look-ups": (
        zone("v=spf1 include:s0.net ~all", dkim=KEY_OF_YANDEX, others=DEEP),
        Mail(),
        ["SPF"],
        [],
    ),
    "an include that is gone": (
        zone("v=spf1 include:gone.net ~all", dkim=KEY_OF_YANDEX),
        Mail(),
        ["SPF"],
        [],
    ),
    "an open end and no policy": (
        zone("v=spf1 mx", dmarc="v=DMARC1;p=none", dkim=KEY_OF_YANDEX),
        Mail(),
        [],
        ["SPF", "DMARC"],
    ),
    "by redirect, as a whole provider does": (
        zone("v=spf1 redirect=_spf.mail.ru", dkim={"mailru": "v=DKIM1; p=abc"}, others=MAIL_RU),
        Mail(accounts=[smtp("smtp.mail.ru")]),
        [],
        [],
    ),
    "sent by a provider that is not set up": (
        zone("v=spf1 include:_spf.yandex.net ~all", dkim=KEY_OF_YANDEX, others=YANDEX),
        Mail(accounts=[smtp("smtp.sendgrid.net")]),
        ["DMARC"],
        [],
    ),
    "our own key, published": (
        zone("v=spf1 a ~all", dkim={"vestnik1": KEY.record}),
        Mail([KEY], [smtp("shop.ru")]),
        [],
        [],
    ),
    "our own key, another one published, bounces elsewhere": (
        zone("v=spf1 a ~all", dkim={"vestnik1": OTHER.record}),
        Mail([KEY], [smtp("shop.ru")], bounce_domain="bounces.net"),
        ["DKIM"],
        ["Return-Path", "DMARC"],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_recorded_domains(case: tuple[Zone, Mail, list[str], list[str]]) -> None:
    records, mail, wrong, advised = case
    found = check_domain("shop.ru", RecordedDns(records), mail)
    assert [one.what for one in found if one.level == "wrong"] == wrong
    assert [one.what for one in found if one.level == "advice"] == advised
    assert all(one.sentence for one in found)
    assert [DomainFinding.from_json(one.as_json()) for one in found] == found


def one_of(found: list[DomainFinding], what: str) -> DomainFinding:
    return next(one for one in found if one.what == what)


def test_look_ups_are_counted_as_a_receiver_counts_them() -> None:
    records = zone(
        "v=spf1 a mx include:a.net exists:%{i}.b.net ip4:192.0.2.1 ~all",
        others={
            "a.net": {"TXT": ["v=spf1 include:c.net mx -all"]},
            "c.net": {"TXT": ["v=spf1 -all"]},
        },
    )
    spf = one_of(check_domain("shop.ru", RecordedDns(records), Mail()), "SPF")
    assert spf.sentence == "6 of 10 look-ups, ends in ~all"


def test_a_missing_key_of_ours_comes_with_its_record() -> None:
    found = check_domain("shop.ru", RecordedDns(zone("v=spf1 a -all")), Mail([KEY]))
    dkim = one_of(found, "DKIM")
    assert dkim.record == f'vestnik1._domainkey.shop.ru TXT "{KEY.record}"'


def test_a_withdrawn_key_is_none() -> None:
    records = zone("v=spf1 -all", dkim={"vestnik1": "v=DKIM1; p="})
    found = check_domain("shop.ru", RecordedDns(records), Mail([KEY]))
    assert one_of(found, "DKIM").level == "wrong"


def test_a_subdomain_is_under_the_policy_of_its_parent() -> None:
    records = zone("v=spf1 -all", dmarc="v=DMARC1; p=reject; sp=none")
    records = {**records, "news.shop.ru": {"TXT": ["v=spf1 -all"], "MX": ["mx.shop.ru"]}}
    assert one_of(check_domain("news.shop.ru", RecordedDns(records), Mail()), "DMARC").level == (
        "advice"
    )


@pytest.mark.parametrize(
    ("records", "account", "text"),
    [
        (
            zone("v=spf1 include:_spf.yandex.net ~all", dkim=KEY_OF_YANDEX, others=YANDEX),
            smtp("smtp.yandex.ru"),
            "aligned by DKIM and SPF",
        ),
        (zone(dkim=KEY_OF_YANDEX), smtp("smtp.yandex.ru", "a@other.ru"), "aligned by DKIM"),
        (
            zone("v=spf1 include:_spf.yandex.net ~all", others=YANDEX),
            smtp("smtp.yandex.ru"),
            "aligned by SPF;",
        ),
        (zone("v=spf1 -all"), smtp("smtp.yandex.ru"), "neither DKIM nor SPF"),
        (zone("v=spf1 -all"), smtp("192.0.2.1"), "whether its server signs"),
    ],
)
def test_alignment_is_by_the_domain_of_from(
    records: Zone, account: SendingAccount, text: str
) -> None:
    found = alignment_with("shop.ru", account, RecordedDns(records), Mail())
    assert text in found.sentence and "account news" in found.sentence


def test_domains_are_aligned_when_one_is_below_the_other() -> None:
    assert is_aligned("shop.ru", "shop.ru") and is_aligned("news.shop.ru", "shop.ru")
    assert is_aligned("shop.ru", "bounces.shop.ru")
    assert not is_aligned("eshop.ru", "shop.ru")


GOOD = zone("v=spf1 mx ~all", dkim=KEY_OF_YANDEX)
BROKEN = zone(dkim=KEY_OF_YANDEX)


@pytest.mark.django_db
class TestKept:
    @pytest.fixture(autouse=True)
    def _declared(self, settings: LazySettings) -> None:
        fields = {"kind": "smtp", "host": "smtp.example.org", "from_email": "news@shop.ru"}
        settings.ACCOUNTS = {"news": AccountSettings.model_validate(fields)}

    def test_what_broke_is_notified_once_to_those_who_oversee(self) -> None:
        manager, now = ManagerFactory.create(), timezone.now()
        UserFactory.create()
        check_and_keep("shop.ru", RecordedDns(BROKEN), now)
        assert not Notification.objects.exists()  # it was never better
        check_and_keep("shop.ru", RecordedDns(GOOD), now)
        for _again in range(2):
            check_and_keep("shop.ru", RecordedDns(BROKEN), now)
        (notification,) = Notification.objects.all()
        assert (notification.owner_id, notification.code) == (manager.pk, "domain_broke")
        assert notification.facts["what"] == "SPF"

    def test_what_was_known_stays_while_dns_is_away(self) -> None:
        now = timezone.now()
        check_and_keep("shop.ru", RecordedDns(GOOD), now)
        report = check_and_keep("shop.ru", RecordedDns(None), now + timedelta(days=1))
        assert report.error and report.checked_at == now
        assert one_of(kept_findings(report), "SPF").level == "ok"

    def test_the_scheduler_asks_once_a_day(self) -> None:
        dns, now = RecordedDns(GOOD), timezone.now()
        watch = DomainWatch(dns)
        watch.run(now, lambda: False)
        asked = len(dns.asked)
        assert asked
        watch.run(now + timedelta(hours=23), lambda: False)
        assert len(dns.asked) == asked
        watch.run(now + timedelta(hours=24), lambda: False)
        assert len(dns.asked) == 2 * asked
        dns.zone = None
        watch.run(now + timedelta(hours=48), lambda: False)
        dns.zone = GOOD
        watch.run(now + timedelta(hours=49), lambda: False)
        assert DomainReport.objects.get().error == ""

    def test_the_scheduler_notices_what_broke_since_yesterday(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        manager, dns, now = ManagerFactory.create(), RecordedDns(GOOD), timezone.now()
        watch = DomainWatch(dns)
        watch.run(now, lambda: False)
        dns.zone = BROKEN
        watch.run(now + timedelta(hours=23), lambda: False)
        assert not Notification.objects.exists()
        watch.run(now + timedelta(hours=24), lambda: False)
        (notification,) = Notification.objects.all()
        assert (notification.owner_id, notification.code) == (manager.pk, "domain_broke")
        assert "The domain shop.ru needs attention: SPF." == render(notification).text
        assert "domain_broke" in caplog.text

    def test_the_page_shows_what_is_missing_and_checks_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = Client()
        client.force_login(ManagerFactory.create())
        page = reverse("sending:domains")
        assert "Not checked yet" in client.get(page).content.decode()
        monkeypatch.setattr(DomainCheck, "resolver", RecordedDns(BROKEN))
        check: Any = client.post(
            reverse("sending:check_domain"), {"domain": "shop.ru"}, follow=True
        )
        text = check.content.decode()
        assert "Record to add" in text and "v=spf1 include:YOUR-PROVIDER" in text
        foreign = client.post(reverse("sending:check_domain"), {"domain": "evil.example"})
        assert foreign.status_code == 404
