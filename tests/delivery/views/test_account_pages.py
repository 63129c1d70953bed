"""What the page of the sending accounts says of today, of errors, and before one is disabled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.responses.stored import coded, foreign, with_code
from apps.delivery.limit_periods import bounds
from apps.delivery.models import AccountState, LimitWindow
from apps.delivery.selectors.accounts import AccountCard, account_cards
from apps.delivery.views.accounts import AccountDomain
from config.account_settings import AccountSettings
from tests.delivery.doctor.zone import RecordedDns
from tests.factories import ManagerFactory, RunFactory, UserFactory

pytestmark = pytest.mark.django_db


def card(settings: LazySettings, *, state: dict[str, Any] | None = None, **declared: Any) -> Any:
    """The card of an account that is declared so."""
    fields = {"kind": "smtp", "host": "mx.example.org", "port": 25} | declared
    settings.ACCOUNTS = {"email": AccountSettings(**fields)}
    AccountState.objects.update_or_create(name="email", defaults=state or {})
    (found,) = account_cards(timezone.now())
    return found


def day_of(found: AccountCard) -> tuple[int, int, bool]:
    (limit,) = [limit for limit in found.limits if str(limit.period) == "day"]
    return limit.used, limit.limit, limit.warming_up


def used(days_ago: int, count: int) -> None:
    row = AccountState.objects.get_or_create(name="email")[0]
    start = bounds("day", timezone.now() - timedelta(days=days_ago))[0]
    LimitWindow.objects.create(
        account=row, period="day", starts_at=start, used=count, limit=max(count, 1)
    )


def test_the_limit_is_that_of_today_while_the_account_warms_up(settings: LazySettings) -> None:
    used(2, 50)
    used(1, 50)
    used(0, 30)
    warming: dict[str, Any] = {"warmup_first": 50, "warmup_percent": 50}
    assert day_of(card(settings, **warming)) == (30, 112, True)
    assert day_of(card(settings, **warming, per_day=1000)) == (30, 112, True)
    assert day_of(card(settings, **warming, per_day=100)) == (30, 100, False)


def test_the_next_free_slot_is_when_the_last_wait_is_over(settings: LazySettings) -> None:
    assert card(settings, per_day=10).next_slot is None
    used(0, 10)
    tomorrow = bounds("day", timezone.now())[1]
    assert card(settings, per_day=10).next_slot == tomorrow
    later = tomorrow + timedelta(hours=3)
    assert card(settings, per_day=10, state={"not_before": later}).next_slot == later
    soon = timezone.now() + timedelta(minutes=1)
    assert card(settings, per_day=10, state={"not_before": soon}).next_slot == tomorrow


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (foreign("535 5.7.8 Authentication failed"), "sign_in_failed"),
        (with_code(535, foreign("no")), "sign_in_failed"),
        (coded("connection_refused"), "server_unavailable"),
        (coded("no_answer_in_time"), "server_unavailable"),
        (foreign("421 4.7.28 too many messages"), "rate_limited"),
    ],
)
def test_the_last_error_is_in_words(settings: LazySettings, error: str, reason: str) -> None:
    found = card(settings, state={"last_error": error, "last_error_at": timezone.now()})
    assert found.error.reason == reason
    assert found.error.reply


def domain_page(settings: LazySettings, monkeypatch: Any, records: Any) -> str:
    card(settings, from_email="News <news@shop.ru>")
    monkeypatch.setattr(AccountDomain, "resolver", RecordedDns(records))
    client = Client()
    client.force_login(ManagerFactory.create())
    return client.get(reverse("sending:domain", args=["email"])).content.decode()


def test_the_check_of_a_domain_gives_the_records_to_publish(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = domain_page(settings, monkeypatch, {})
    assert "v=spf1" in text and "v=DKIM1" in text and "v=DMARC1" in text
    assert "DNS does not answer" in domain_page(settings, monkeypatch, None)


def test_disabling_asks_when_runs_are_being_sent(settings: LazySettings) -> None:
    card(settings)
    superuser = UserFactory.create(is_superuser=True)
    client = Client()
    client.force_login(superuser)
    page, question = reverse("sending:accounts"), reverse("sending:disable", args=["email"])
    assert question not in client.get(page).content.decode()
    RunFactory.create(account="email", state="processing")
    assert question in client.get(page).content.decode()
    assert "1 active run uses this account" in client.get(question).content.decode()
    answer = client.post(reverse("sending:switch", args=["email"]), follow=True)
    (message,) = answer.context["messages"]
    assert message.extra_tags == reverse("sending:switch", args=["email"])
    assert AccountState.objects.get(name="email").state == "disabled"
