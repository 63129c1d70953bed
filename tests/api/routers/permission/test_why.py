"""Why somebody gets a mailing, for programs: the same answer as on the page."""

from __future__ import annotations

import pytest
from django.utils import timezone

from apps.mailings.models import Segment
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe
from apps.users.models import ApiToken
from tests.api.conftest import Voice, voice_of
from tests.api.things import TREE
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    MailingListFactory,
    RecipientFactory,
    RunFactory,
)

pytestmark = pytest.mark.django_db


def test_the_whole_answer(anna: Voice) -> None:
    assert anna.user is not None
    person = RecipientFactory.create(owner=anna.user, email="kim@example.org")
    one = MailingListFactory.create(owner=anna.user, title="News")
    now = timezone.now()
    said = Evidence(source="form", by_person=True, said_at=now, ip="192.0.2.7")
    subscribe(recipient=person, lists=[one], evidence=said, now=now)
    mailing = MailingFactory.create(owner=anna.user, everyone=False, basis="subscription")
    mailing.lists.add(one)
    mailing.exclude_segments.add(Segment.objects.create(owner=anna.user, name="Phones", tree=TREE))
    path = f"/api/mailings/{mailing.pk}/why/?address=kim@example.org"
    body = anna.get(path).json()
    assert (body["recipient"], body["gets_it"], body["left_out"]) == (person.pk, True, "")
    assert [(term["term"], term["holds"]) for term in body["included"]] == [
        (f"list:{one.pk}", True)
    ]
    (excluded,) = body["excluded"]
    assert [node["answer"] for node in excluded["answers"]] == [False, False]
    (right,) = body["rights"]
    assert (right["list"], right["status"], right["used"]) == (one.pk, "subscribed", True)
    assert right["consent"]["ip"] == "192.0.2.7"
    reader = voice_of(anna.user, ApiToken.Scope.READ)
    assert reader.get(path).json()["rights"][0]["consent"]["ip"] is None


def test_a_run_answers_from_its_delivery_and_strangers_find_nothing(
    anna: Voice, bob: Voice
) -> None:
    run = RunFactory.create(mailing=MailingFactory.create(owner=anna.user), sent=1)
    row = DeliveryFactory.create(run=run, state="sent")
    path = f"/api/runs/{run.pk}/why/?address={row.address}"
    body = anna.get(path).json()
    assert (body["delivery"], body["run"], body["named"]) == (row.pk, run.pk, True)
    assert anna.get(f"/api/runs/{run.pk}/why/?address=nobody@example.org").status_code == 404
    assert bob.get(path).status_code == 404
    assert bob.get(f"/api/mailings/{run.mailing_id}/why/?address={row.address}").status_code == 404
