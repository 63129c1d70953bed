"""The trend over all mailings, and the reactions on the home page and in the list of reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import Recipient, SuppressionEvent
from apps.reports.selectors.engagement.trend import LEAST, WEEKS, Trend
from tests.factories import MailingFactory, RecipientFactory, RunFactory, measured_run
from tests.people import Cast

pytestmark = pytest.mark.django_db


def trend(cast: Cast, role: str = "owner") -> Trend:
    cache.clear()
    page = cast.client(role).get(reverse("reports:trends"))
    assert page.status_code == 200
    found: Trend = page.context["trend"]
    return found


def test_a_week_sums_up_the_runs_that_began_in_it(cast: Cast) -> None:
    ago = timezone.now() - timedelta(weeks=2)
    for person in (4, 6):
        mailing = MailingFactory.create(owner=cast.owner)
        fields: dict[str, Any] = {"sent": 18, "bounced": 2, "complaints": 1, "started_at": ago}
        measured_run(mailing=mailing, engaged_person=person, engaged_clicked=1, **fields)
    plain = MailingFactory.create(owner=cast.owner)
    RunFactory.create(mailing=plain, sent=60, started_at=ago)
    measured_run(sent=100, engaged_person=100, started_at=ago)  # somebody else's
    found = trend(cast)
    assert len(found.weeks) == WEEKS
    week = found.weeks[-3]
    assert (week.sent, week.bounced, week.complaints) == (100, 4, 2)
    # What was not measured is in no share of the measured.
    assert (week.opened_rate, week.clicked_rate, week.bounced_rate) == (27.8, 5.6, 4.0)
    assert found.weeks[-5].opened_rate is None


def test_managers_see_the_mailings_of_all(cast: Cast) -> None:
    measured_run(sent=100, engaged_person=50)
    assert trend(cast).weeks[-1].opened_rate is None
    assert trend(cast, "manager").weeks[-1].opened_rate == 50.0


def test_the_best_and_the_worst_are_of_mailings_to_many(cast: Cast) -> None:
    rates = (5, 15, 10, LEAST)
    for number, person in enumerate(rates):
        mailing = MailingFactory.create(owner=cast.owner, name=f"Mailing to {person}")
        sent = 1 if number == 3 else LEAST
        measured_run(mailing=mailing, sent=sent, engaged_person=min(person, sent))
    found = trend(cast)
    assert [one.name for one in found.best] == ["Mailing to 15"]
    assert [one.name for one in found.worst] == ["Mailing to 5"]


def test_who_came_and_who_left(cast: Cast) -> None:
    ago = timezone.now() - timedelta(weeks=1)
    Recipient.objects.all().update(created_at=ago - timedelta(weeks=WEEKS))
    for recipient in RecipientFactory.create_batch(3, owner=cast.owner):
        Recipient.objects.filter(pk=recipient.pk).update(created_at=ago)
    RecipientFactory.create()
    for number, reason in enumerate(("unsubscribed", "unsubscribed", "bounced", "manual")):
        row = SuppressionEvent.objects.create(
            owner=cast.owner, channel="email", address=f"a{number}@x.test", act="added"
        )
        SuppressionEvent.objects.filter(pk=row.pk).update(created_at=ago, reason=reason)
    week = trend(cast).weeks[-2]
    assert (week.added, week.unsubscribed, week.left) == (3, 2, 3)


def test_home_shows_what_persons_did_with_the_last_mailing(cast: Cast) -> None:
    last = MailingFactory.create(owner=cast.owner)
    now = timezone.now()
    run = measured_run(
        mailing=last, sent=10, engaged_person=4, engaged_clicked=1, state="done", finished_at=now
    )
    page = cast.client("owner").get(reverse("home"))
    assert page.context["last_reactions"].opened_rate == 40.0
    people = reverse("mailings:run", args=[last.pk, run.number])
    assert f"{people}?reaction=opened" in page.content.decode()


def test_the_list_of_reports_shows_a_dash_where_nothing_was_measured(cast: Cast) -> None:
    mailing = MailingFactory.create(owner=cast.owner)
    measured_run(mailing=mailing, sent=10, engaged_person=4)
    page = cast.client("owner").get(reverse("reports:list"))
    rates = {line.mailing.pk: line.reactions for line in page.context["lines"]}
    assert rates[cast.mailing.pk] is None
    measured = rates[mailing.pk]
    assert measured is not None and measured.opened_rate == 40.0
