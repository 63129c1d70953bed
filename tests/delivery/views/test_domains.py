"""The page Domains shows what came back, and lets a stopped account send again."""

from __future__ import annotations

import re
from datetime import UTC, timedelta

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.delivery.engine import reputation
from apps.delivery.selectors.reputation import DayFigures
from apps.delivery.selectors.share_chart import ShareChart
from apps.mailings.models import Reputation, SendingCount
from config.account_settings import AccountSettings
from tests.factories import ManagerFactory

pytestmark = pytest.mark.django_db

PAGE = reverse("sending:domains")


@pytest.fixture
def client(settings: LazySettings) -> Client:
    fields = {"kind": "outbox", "from_email": "news@shop.example"}
    settings.ACCOUNTS = {"news": AccountSettings.model_validate(fields)}
    client = Client()
    client.force_login(ManagerFactory.create())
    return client


def counted(messages: int, complaints: int, hard_bounces: int = 0, *, ago: int = 0) -> None:
    day = timezone.now().astimezone(UTC).date() - timedelta(days=ago)
    figures = {"messages": messages, "complaints": complaints, "hard_bounces": hard_bounces}
    SendingCount.objects.create(account="news", domain="", day=day, **figures)


def shown(client: Client) -> str:
    """The page with single blanks: where its lines end is nothing."""
    return re.sub("[ \n]+", " ", client.get(PAGE).content.decode())


def test_the_shares_stand_beside_their_figures_and_lines(client: Client) -> None:
    counted(2000, 4, 30)
    counted(500, 9, ago=7)  # in the chart, and not in the share of seven days
    text = shown(client)
    assert "0.20&nbsp;%" in text and "1.5\xa0%" in text
    assert "> 0.1 % <" in text and "> 0.3 % <" in text and "Show as table" in text
    assert "1.80&nbsp;%" in text
    assert "Off. LIMIT_ACCOUNT_COMPLAINT_PERCENT" in text


def test_a_stop_says_its_figures_and_a_manager_ends_it(
    client: Client, settings: LazySettings
) -> None:
    settings.LIMIT_ACCOUNT_COMPLAINT_PERCENT = 0.5
    counted(1000, 20)
    reputation.watch(timezone.now())
    text = shown(client)
    assert "news sends nothing from here" in text and "20 of 1,000" in text
    assert "Above 0.5 %" in text and "The solid line" in text
    asked = {"account": "news", "domain": "shop.example"}
    answer = client.post(reverse("sending:allow_sending"), asked, follow=True)
    assert "may send from shop.example again" in answer.content.decode()
    assert Reputation.objects.get().until is None
    assert client.post(reverse("sending:allow_sending"), asked).status_code == 404


def test_however_much_was_sent_the_page_asks_the_same_few_times(
    client: Client, django_assert_max_num_queries: object
) -> None:
    for ago in range(30):
        counted(100_000, ago, ago=ago)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get(PAGE)


def test_bars_above_the_wanted_share_are_bad_and_lines_stand_in_order() -> None:
    today = timezone.now().date()
    chart = ShareChart([DayFigures(today, 1000, 0, 1), DayFigures(today, 1000, 0, 5)], 0.3)
    assert [bar.tone for bar in chart.bars] == ["good", "bad"]
    assert [(line.percent, line.stops) for line in chart.lines] == [(0.1, False), (0.3, True)]
    heights = [float(line.y) for line in chart.lines]
    assert heights == sorted(heights, reverse=True)
    assert ShareChart([DayFigures(today, 9, 0, 0)], 0).is_empty
