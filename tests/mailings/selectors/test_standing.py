"""A mailing has one word for how it stands, whatever status, run and switch it is made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import translation

from apps.mailings.models import Mailing, Run
from apps.mailings.selectors.standing import TABS, in_tab, standing_of
from tests.factories import MailingFactory

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_mailing(**fields: Any) -> Mailing:
    times = {"starts_at": NOW + HOUR, "ends_at": NOW + DAY, "scheduled_at": NOW}
    return Mailing(**times | fields)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "scheduled"),
        ({"scheduled_at": None}, "draft"),
        ({"scheduled_at": None, "ends_at": NOW}, "draft"),
        ({"is_active": False}, "disabled"),
        ({"starts_at": NOW - HOUR, "ends_at": NOW}, "expired"),
        ({"starts_at": NOW - 5 * DAY, "scheduled_at": NOW - 5 * DAY}, "missed"),
        ({"status": "completed"}, "stopped"),
    ],
)
def test_before_its_launch(fields: dict[str, Any], code: str) -> None:
    assert standing_of(a_mailing(**fields), None, NOW).code == code


@pytest.mark.parametrize(
    ("fields", "label"),
    [
        ({"state": "preparing"}, "Готовится"),
        ({"state": "processing"}, "Отправляется"),
        ({"state": "paused"}, "На паузе"),
        ({"state": "done", "outcome": "success"}, "Отправлена"),
        ({"state": "done", "outcome": "partial", "failed": 1}, "Отправлена с ошибками"),
        ({"state": "done", "outcome": "partial", "suppressed": 1}, "Отправлена"),
        ({"state": "done", "outcome": "failed"}, "Не отправлена"),
        ({"state": "done", "outcome": "expired"}, "Срок истёк"),
        ({"state": "done", "outcome": "cancelled"}, "Остановлена"),
        ({"state": "done", "outcome": "empty"}, "Нет получателей"),
    ],
)
def test_with_a_run(fields: dict[str, Any], label: str) -> None:
    with translation.override("ru"):
        assert standing_of(a_mailing(status="running"), Run(**fields), NOW).label == label


def test_the_switch_goes_before_everything() -> None:
    run = Run(state="done", outcome="success")
    assert standing_of(a_mailing(is_active=False), run, NOW).code == "disabled"


@pytest.mark.django_db
def test_every_mailing_is_in_one_tab() -> None:
    made = [
        MailingFactory.create(name="draft", scheduled_at=None),
        MailingFactory.create(name="scheduled"),
        MailingFactory.create(name="running", status="running"),
        MailingFactory.create(name="completed", status="completed"),
        MailingFactory.create(name="archived", archived_at=NOW, status="completed"),
    ]
    found = {tab: [row.name for row in in_tab(Mailing.objects.all(), tab)] for tab in TABS}
    assert found == {tab: [tab] for tab in TABS}
    assert in_tab(Mailing.objects.all(), "").count() == len(made) - 1
