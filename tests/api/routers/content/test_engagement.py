"""What readers did, for programs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.mailings.models import Engagement, Run, Term, TrackedLink
from tests.api.conftest import Voice
from tests.factories import DeliveryFactory, RecipientFactory, RunFactory

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def run(anna: Voice) -> Run:
    """Three letters: one read, one hidden by a program, one of which nothing was seen."""
    run: Run = RunFactory.create(
        mailing__owner=anna.user,
        content={"tracking": "persons"},
        sent=2,
        delivered=1,
        engaged_person=1,
        engaged_clicked=1,
        engaged_unclear=1,
    )
    people = RecipientFactory.create_batch(3, owner=anna.user)
    rows = [DeliveryFactory.create(run=run, recipient=person, state="sent") for person in people]
    seen = {"run": run, "opened_at": NOW}
    Engagement.objects.create(
        **seen, recipient=people[0], delivery_id=rows[0].pk, clicked_at=NOW + timedelta(minutes=1)
    )
    Engagement.objects.create(**seen, recipient=people[1], term=Term.UNCLEAR)
    return run


def test_a_run_says_what_became_of_what_was_sent(anna: Voice, run: Run) -> None:
    found = anna.get(f"/api/runs/{run.pk}/").json()
    expected = {"person": 1, "unclear": 1, "machine": 0, "nothing": 1, "clicked": 1}
    assert (found["tracking"], found["engagement"]) == ("persons", expected)
    unmeasured = RunFactory.create(mailing__owner=anna.user)
    assert anna.get(f"/api/runs/{unmeasured.pk}/").json()["tracking"] == "off"


def test_the_deliveries_say_who_reacted_and_when(anna: Voice, run: Run) -> None:
    rows = anna.get(f"/api/runs/{run.pk}/deliveries/").json()["items"]
    assert [row["term"] for row in rows] == ["person", "unclear", ""]
    assert rows[0]["clicked_at"] > rows[0]["opened_at"]
    assert rows[2]["opened_at"] is None


def test_the_links_of_a_run_are_listed_in_their_order(anna: Voice, run: Run) -> None:
    for number in (2, 1):
        TrackedLink.objects.create(
            run=run, version=1, number=number, address="https://a.test", persons=number
        )
    rows = anna.get(f"/api/runs/{run.pk}/links/").json()["items"]
    assert sorted((row["number"], row["persons"]) for row in rows) == [(1, 1), (2, 2)]


def test_the_timeline_of_a_recipient_is_paged(anna: Voice, run: Run) -> None:
    row = Engagement.objects.get(term=Term.PERSON)
    row.events = [["open", NOW.isoformat(), -1, "person", "head"]]
    row.save()
    path = f"/api/recipients/{row.recipient_id}/timeline/"
    first = anna.get(f"{path}?limit=1").json()
    rest = anna.get(f"{path}?cursor={first['next']}").json()
    kinds = [one["kind"] for one in first["items"] + rest["items"]]
    assert sorted(kinds) == ["added", "opened", "sent"] and first["count"] == 3
    opened = next(one for one in first["items"] + rest["items"] if one["kind"] == "opened")
    assert opened["rule_text"] and opened["mailing_id"] == run.mailing_id
    assert anna.get(f"{path}?cursor=now").json()["code"] == "bad_cursor"
