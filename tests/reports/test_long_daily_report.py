"""A day with more mailings than the letter of the day names."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from apps.mailings.models import Run
from apps.reports import daily_report
from tests.factories import AttemptFactory, DeliveryFactory, RunFactory

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def a_mailing(name: str, tries: int) -> None:
    """A mailing that sent so many messages on the day."""
    run = RunFactory.create(mailing__name=name)
    Run.objects.filter(pk=run.pk).update(started_at=NOON, last_progress_at=NOON)
    for _try in range(tries):
        AttemptFactory.create(
            delivery=DeliveryFactory.create(run=run, state="sent"), created_at=NOON
        )


def the_letter() -> str:
    return daily_report.letter_of(DAY, now=timezone.now())[1]


def test_the_busiest_mailings_are_named_and_the_others_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(daily_report, "SHOWN", 1)
    for name, tries in (("Quiet", 1), ("Busy", 3), ("Middling", 2)):
        a_mailing(name, tries)
    text = the_letter()
    assert "Busy (id:" in text and "Quiet" not in text and "Middling" not in text
    assert "And 2 more." in text
    assert "Mailings: 3" in text and "Sent: 6" in text
