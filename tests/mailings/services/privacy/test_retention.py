"""What is kept for a time only goes when the time is over, and the page says how much it was."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from django.urls import reverse
from django.utils import timezone

from apps.delivery.doctor.personal_data import look_at_personal_data
from apps.mailings.models import Consent, MailingList, RetentionRun, Subscription, Tombstone
from apps.mailings.services.privacy.retention import Retention, remove_old
from tests.factories import RecipientFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db


def consent(*, said_at: datetime, ended_at: datetime | None) -> Consent:
    """Somebody's consent to a list, and what became of the subscription."""
    person = RecipientFactory.create()
    updates = MailingList.objects.create(owner=person.owner, title="Updates", slug="updates")
    found = Consent.objects.create(
        owner=person.owner,
        recipient=person,
        list=updates,
        act="given",
        source="form",
        said_at=said_at,
        ip="203.0.113.7",
        user_agent="Firefox",
    )
    Subscription.objects.create(
        list=updates,
        recipient=person,
        status="unsubscribed" if ended_at else "subscribed",
        since=said_at,
        ended_at=ended_at,
        consent=found,
    )
    return found


def test_evidence_goes_three_years_after_the_end_of_the_subscription() -> None:
    now = timezone.now()
    years = timedelta(days=1100)
    ended = consent(said_at=now - 2 * years, ended_at=now - years)
    recent = consent(said_at=now - 2 * years, ended_at=now - timedelta(days=30))
    living = consent(said_at=now - 2 * years, ended_at=None)
    assert remove_old("evidence", now=now) == 1
    ended.refresh_from_db()
    assert (ended.ip, ended.user_agent, ended.act) == (None, "", "given")
    assert Consent.objects.filter(pk__in=[recent.pk, living.pk], ip="203.0.113.7").count() == 2


def test_each_kind_runs_once_a_day_and_is_counted(cast: Cast) -> None:
    now = timezone.now()
    consent(said_at=now - timedelta(days=2200), ended_at=now - timedelta(days=1100))
    Retention().run(now, lambda: False)
    Retention().run(now + timedelta(hours=1), lambda: False)
    row = RetentionRun.objects.get(name="evidence")
    assert (row.count, row.total, row.ran_at) == (1, 1, now)
    Retention().run(now + timedelta(days=1), lambda: False)
    row.refresh_from_db()
    assert (row.count, row.total) == (0, 1)
    page = cast.client("manager").get(reverse("privacy:retention")).content.decode()
    assert "EVIDENCE_DAYS" in page and "in all: 1" in page


def test_the_doctor_sees_a_key_that_is_missing(settings: LazySettings) -> None:
    settings.ERASURE_KEYS = []
    assert [one.level for one in look_at_personal_data()] == ["advice"]
    settings.ERASURE_KEYS = ["k" * 40]
    assert [one.level for one in look_at_personal_data()] == ["ok"]
    owner = RecipientFactory.create().owner
    Tombstone.objects.create(owner=owner, channel="email", digest="d", key="gone")
    (found,) = look_at_personal_data()
    assert found.level == "wrong" and "1 erased" in found.words
