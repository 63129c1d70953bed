"""Inactive subscribers: nothing before the owner's word, and all of it can be undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from apps.mailings.models import (
    Activity,
    Engagement,
    MailingList,
    Recipient,
    Subscription,
    SunsetCase,
    SunsetPolicy,
    Term,
)
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe
from apps.mailings.services.privacy import sunset
from tests.factories import RecipientFactory, RunFactory, UserFactory
from tests.people import Cast

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def policy() -> SunsetPolicy:
    """A list with three who are silent and one who reads; openings are measured."""
    owner = UserFactory.create()
    updates = MailingList.objects.create(owner=owner, title="Updates", slug="updates")
    people = RecipientFactory.create_batch(4, owner=owner)
    for person in people:
        evidence = Evidence(source="manual", by_person=True, said_at=NOW)
        subscribe(recipient=person, lists=[updates], evidence=evidence, now=NOW)
        Activity.objects.update_or_create(recipient=person, defaults={"unanswered": 9})
    Activity.objects.filter(recipient=people[3]).update(last_opened_at=NOW)
    run = RunFactory.create(mailing__owner=owner, mailing__message__owner=owner)
    Engagement.objects.create(run=run, recipient=people[3], opened_at=NOW)
    return SunsetPolicy.objects.create(owner=owner, list=updates, action="end")


def reacts(person: Recipient, days: int) -> None:
    moment = timezone.now() + timedelta(days=days)
    Activity.objects.filter(recipient=person).update(last_clicked_at=moment)


def standing(policy: SunsetPolicy) -> list[tuple[str, bool, bool]]:
    rows = Subscription.objects.filter(list=policy.list).order_by("recipient_id")
    return [(row.status, bool(row.ended_at), row.recipient.tags.exists()) for row in rows]


def test_found_tagged_asked_ended_and_undone_as_before(policy: SunsetPolicy) -> None:
    before = standing(policy)
    sunset.review(policy, now=NOW)
    assert sunset.figures(policy)["found"] == 3
    assert standing(policy) == before, "nothing happens before the owner's word"
    assert sunset.approve(policy=policy, now=NOW) == 3
    assert sunset.asked(policy=policy, now=NOW) == 3
    sunset.review(policy, now=NOW + timedelta(days=29))
    assert sunset.figures(policy)["waiting"] == 3
    reacts(SunsetCase.objects.earliest("pk").recipient, days=10)
    policy.refresh_from_db()
    sunset.review(policy, now=NOW + timedelta(days=31))
    found = sunset.figures(policy)
    assert found == {"found": 3, "waiting": 0, "kept": 1, "ended": 2, "undone": 0}
    assert [one[0] for one in standing(policy)].count("sunset") == 2
    assert sunset.undo(policy=policy, now=NOW + timedelta(days=60)) == 2
    assert standing(policy) == before
    found = sunset.figures(policy)
    assert found == {"found": 3, "waiting": 0, "kept": 1, "ended": 0, "undone": 2}


def test_a_click_after_the_end_brings_back(policy: SunsetPolicy) -> None:
    sunset.review(policy, now=NOW)
    sunset.approve(policy=policy, now=NOW)
    sunset.asked(policy=policy, now=NOW)
    sunset.settle(policy, now=NOW + timedelta(days=31))
    case = SunsetCase.objects.filter(state="ended").earliest("pk")
    reacts(case.recipient, days=40)
    sunset.settle(policy, now=NOW + timedelta(days=41))
    assert sunset.figures(policy)["kept"] == 1
    assert Subscription.objects.get(recipient=case.recipient).status == "subscribed"


def test_after_ninety_days_it_stays(policy: SunsetPolicy) -> None:
    sunset.review(policy, now=NOW)
    sunset.approve(policy=policy, now=NOW)
    sunset.asked(policy=policy, now=NOW)
    sunset.settle(policy, now=NOW + timedelta(days=31))
    with pytest.raises(sunset.SunsetWrongState):
        sunset.undo(policy=policy, now=NOW + timedelta(days=130))


def test_where_nothing_is_measured_nobody_is_found(policy: SunsetPolicy) -> None:
    silent = Activity.objects.filter(last_opened_at=None)
    silent.update(unanswered=0, last_sent_at=NOW)
    sunset.review(policy, now=NOW)
    policy.refresh_from_db()
    assert policy.unmeasured == 3 and sunset.figures(policy)["found"] == 0


def test_who_asked_not_to_be_measured_or_is_hidden_is_never_inactive(policy: SunsetPolicy) -> None:
    refused, hidden, silent = Recipient.objects.filter(activity__last_opened_at=None)
    Activity.objects.update(last_sent_at=NOW)
    Recipient.objects.filter(pk=refused.pk).update(unmeasured=True)
    run = RunFactory.create(mailing__owner=policy.owner)
    Engagement.objects.create(run=run, recipient=hidden, opened_at=NOW, term=Term.UNCLEAR)
    sunset.review(policy, now=NOW)
    policy.refresh_from_db()
    assert SunsetCase.objects.get().recipient == silent and policy.unmeasured == 2


def test_the_archive_is_undone_too(policy: SunsetPolicy) -> None:
    SunsetPolicy.objects.filter(pk=policy.pk).update(action="archive")
    policy.refresh_from_db()
    sunset.review(policy, now=NOW)
    sunset.approve(policy=policy, now=NOW)
    sunset.asked(policy=policy, now=NOW)
    sunset.settle(policy, now=NOW + timedelta(days=31))
    assert Recipient.objects.exclude(archived_at=None).count() == 3
    sunset.undo(policy=policy, now=NOW + timedelta(days=32))
    assert not Recipient.objects.exclude(archived_at=None).exists()


def test_the_owner_makes_a_rule_and_takes_its_steps(cast: Cast) -> None:
    client = cast.client("owner")
    given = {"list": "", "days": 180, "letters": 5, "wait_days": 30, "action": "tag"}
    page = client.post(reverse("privacy:sunsets"), given, follow=True).content.decode()
    assert "0 found = 0 waiting" in page
    policy = SunsetPolicy.objects.get(owner=cast.owner)
    SunsetCase.objects.create(policy=policy, recipient=cast.delivery.recipient)
    url = reverse("privacy:sunset", args=[policy.pk])
    assert "Tag 1 as inactive" in client.get(url).content.decode()
    assert "Tagged: 1." in client.post(url, {"act": "approve"}, follow=True).content.decode()
    assert "for 1." in client.post(url, {"act": "asked"}, follow=True).content.decode()
    again = client.post(url, {"act": "asked"}, follow=True).content.decode()
    assert "Nobody is tagged" in again
    assert (
        "There is a rule for all" in client.post(reverse("privacy:sunsets"), given).content.decode()
    )
