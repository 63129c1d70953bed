"""Each trigger lets in whom it concerns, once for each fact, and nobody from before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.automations.models import Enrolment, SegmentPresence
from apps.automations.services import automations
from apps.automations.services.events import report_event
from apps.automations.triggers import looking, poll
from apps.mailings.models import (
    Attempt,
    Consent,
    FirstReaction,
    LinkEngagement,
    MailingList,
    Recipient,
    RecipientTag,
    Segment,
    Subscription,
    TrackedLink,
)
from apps.mailings.services.permission import lists
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import resume, subscribe, unsubscribe
from tests.automations.stage import Stage, staged, waiting
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    MailingListFactory,
    RunFactory,
    TagFactory,
    UserFactory,
)

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

ALWAYS = {"kind": "always"}


@pytest.fixture(autouse=True)
def own_horizons() -> None:
    """Each test has tables of its own."""
    poll._horizons.clear()


def watching(trigger: dict[str, Any], owner: Any, **rules: Any) -> Stage:
    """Somebody waits a year at the first step; the first look has been made."""
    stage = staged(waiting(seconds=31_000_000), owner=owner, trigger=trigger, **rules)
    stage.turn()
    return stage


def inside(stage: Stage) -> list[int | None]:
    stage.turn()
    rows = Enrolment.objects.filter(automation=stage.automation).order_by("pk")
    return list(rows.values_list("recipient_id", flat=True))


def join(person: Recipient, joined: MailingList) -> None:
    now = timezone.now()
    evidence = Evidence(source=Consent.Source.FORM, by_person=True, said_at=now)
    subscribe(recipient=person, lists=[joined], evidence=evidence, now=now)


def test_subscribed_by_the_persons_own_word_or_a_statement_about_many() -> None:
    owner = UserFactory.create()
    joined, other = MailingListFactory.create_batch(2, owner=owner)
    tag = TagFactory.create(owner=owner)
    before = Recipient.objects.create(owner=owner, email="before@example.org")
    join(before, joined)
    rule = {"kind": "finished"}
    stage = watching({"kind": "subscribed", "list": joined.pk}, owner, reentry=rule)
    one, two, three = stage.persons(3)
    join(one, joined)
    join(two, other)
    assert inside(stage) == [one.pk]
    RecipientTag.objects.create(recipient=three, tag=tag)
    lists.subscribe_tagged(
        tag=tag, list=joined, statement="They asked.", actor=owner, now=timezone.now()
    )
    assert inside(stage) == [one.pk, three.pk]
    evidence = Evidence(source=Consent.Source.PAGE, by_person=True, said_at=timezone.now())
    unsubscribe(recipient=one, lists=[joined], evidence=evidence, now=timezone.now())
    stage.turn(days=400)
    resume(recipient=one, lists=[joined], evidence=evidence, now=timezone.now())
    assert inside(stage) == [one.pk, three.pk, one.pk]
    assert Subscription.objects.filter(list=joined, status="subscribed").count() == 3


def test_a_tag_that_is_added_again_begins_again_where_that_is_allowed() -> None:
    owner = UserFactory.create()
    tag, other = TagFactory.create_batch(2, owner=owner)
    stage = watching({"kind": "tag", "tag": tag.pk}, owner, reentry=ALWAYS)
    once = watching({"kind": "tag", "tag": tag.pk}, owner)
    (one,) = stage.persons(1)
    RecipientTag.objects.create(recipient=one, tag=other)
    row = RecipientTag.objects.create(recipient=one, tag=tag)
    assert inside(stage) == [one.pk]
    assert inside(stage) == [one.pk]
    row.delete()
    RecipientTag.objects.create(recipient=one, tag=tag)
    assert inside(stage) == [one.pk, one.pk]
    assert inside(once) == [one.pk]


def test_many_are_read_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poll, "MOST", 2)
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner)
    stage = watching({"kind": "tag", "tag": tag.pk}, owner)
    for one in stage.persons(5):
        RecipientTag.objects.create(recipient=one, tag=tag)
    assert len(inside(stage)) == 5
    RecipientTag.objects.all().delete()
    looking.look_all(stage.now)  # the newest row is older than the mark
    assert len(inside(stage)) == 5


def segment(owner: Any) -> Segment:
    tree = {"version": 1, "root": {"all": [{"field": "full_name", "op": "is", "value": "Erna"}]}}
    return Segment.objects.create(owner=owner, name="Ernas", tree=tree)


def test_a_segment_is_entered_by_who_was_not_in_it() -> None:
    owner = UserFactory.create()
    found = segment(owner)
    Recipient.objects.create(owner=owner, email="erna@example.org", full_name="Erna")
    rule = {"kind": "finished"}
    stage = watching({"kind": "segment", "segment": found.pk}, owner, reentry=rule)
    (one,) = stage.persons(1)
    Recipient.objects.filter(pk=one.pk).update(full_name="Erna")
    assert inside(stage) == []  # it is not time to look
    stage.now += timedelta(minutes=15)
    assert inside(stage) == [one.pk]
    assert SegmentPresence.objects.count() == 2
    Recipient.objects.filter(pk=one.pk).update(full_name="Anna")
    stage.turn(days=400)
    assert SegmentPresence.objects.count() == 1
    Recipient.objects.filter(pk=one.pk).update(full_name="Erna")
    stage.now += timedelta(minutes=15)
    assert inside(stage) == [one.pk, one.pk]
    found.delete()
    stage.now += timedelta(minutes=15)
    assert len(inside(stage)) == 2


def test_a_birthday_is_met_each_year_once_at_the_time_of_the_persons_day() -> None:
    owner = UserFactory.create()
    trigger = {"kind": "date", "field": "born", "days": -3, "at": "10:00"}
    stage = staged(waiting(seconds=60), owner=owner, trigger=trigger, reentry={"kind": "finished"})
    moscow = stage.person(attributes={"born": "1990-03-15"}, time_zone="Europe/Moscow")
    omsk = stage.person(attributes={"born": "1991-03-15"}, time_zone="Asia/Omsk")
    stage.person(attributes={"born": "1991-03-16"})
    stage.turn()
    stage.now = datetime(2027, 3, 12, 3, 0, tzinfo=UTC)
    stage.turn()
    stage.now = datetime(2027, 3, 12, 4, 30, tzinfo=UTC)
    assert inside(stage) == [omsk.pk]
    stage.now = datetime(2027, 3, 12, 7, 0, tzinfo=UTC)
    assert inside(stage) == [omsk.pk, moscow.pk]
    stage.turn(hours=12)
    stage.now = datetime(2028, 3, 12, 7, 30, tzinfo=UTC)
    found = inside(stage)
    assert found[:2] == [omsk.pk, moscow.pk]
    assert set(found[2:]) == {moscow.pk, omsk.pk}


def test_a_birthday_of_which_the_hour_was_missed_begins_the_next_day() -> None:
    owner = UserFactory.create()
    stage = staged(
        waiting(seconds=60), owner=owner, trigger={"kind": "date", "field": "born", "at": "10:00"}
    )
    one = stage.person(attributes={"born": "1992-02-29"}, time_zone="Europe/Moscow")
    stage.now = datetime(2027, 2, 28, 5, 0, tzinfo=UTC)
    stage.turn()
    stage.now = datetime(2027, 2, 28, 20, 0, tzinfo=UTC)
    assert inside(stage) == [one.pk]
    assert stage.of(one).due_at == datetime(2027, 3, 1, 7, 0, tzinfo=UTC)


def test_a_date_that_comes_once() -> None:
    owner = UserFactory.create()
    trigger = {"kind": "date", "field": "visit", "days": 1, "at": "09:00", "yearly": False}
    stage = staged(waiting(seconds=60), owner=owner, trigger=trigger)
    one = stage.person(attributes={"visit": "2027-05-01"}, time_zone="UTC")
    stage.person(attributes={"visit": "2026-05-01"}, time_zone="UTC")
    stage.now = datetime(2027, 5, 2, 8, 0, tzinfo=UTC)
    stage.turn()
    stage.now = datetime(2027, 5, 2, 9, 0, tzinfo=UTC)
    assert inside(stage) == [one.pk]


def test_a_letter_that_was_sent_opened_and_clicked() -> None:
    owner = UserFactory.create()
    mailing = MailingFactory.create(owner=owner)
    run = RunFactory.create(mailing=mailing, sent=1)
    asked = {"mailing": mailing.pk}
    kinds = [
        watching({"kind": "sent", **asked}, owner),
        watching({"kind": "opened", **asked}, owner),
        watching({"kind": "clicked", **asked}, owner),
        watching({"kind": "clicked", "link": 2, **asked}, owner),
    ]
    delivery = DeliveryFactory.create(run=run, recipient=kinds[0].person(), state="sent")
    now = timezone.now()
    Attempt.objects.create(
        mailing=mailing,
        recipient=delivery.recipient,
        delivery=delivery,
        run_number=1,
        trigger="manual",
        status="success",
        created_at=now,
    )
    for kind in ("open", "click"):
        FirstReaction.objects.create(
            owner_id=owner.pk,
            run_id=run.pk,
            delivery_id=delivery.pk,
            kind=kind,
            term="person",
            at=now,
            counted_at=now,
        )
    link = TrackedLink.objects.create(run=run, version=1, number=2, address="https://example.org")
    LinkEngagement.objects.create(link=link, delivery_id=delivery.pk, clicks=1, first_at=now)
    for stage in kinds:
        assert inside(stage) == [delivery.recipient_id], stage.version.definition["trigger"]


def test_an_event_begins_at_once_and_its_key_keeps_it_once() -> None:
    owner = UserFactory.create()
    stage = watching({"kind": "event", "name": "paid"}, owner, reentry=ALWAYS)
    other = watching({"kind": "event", "name": "left"}, owner)
    (one,) = stage.persons(1)
    event, new = report_event(recipient=one, name="paid", key="7", now=stage.now)
    again, known = report_event(recipient=one, name="paid", key="7", now=stage.now)
    assert (new, known, event.pk) == (True, False, again.pk)
    report_event(recipient=one, name="paid", properties={"sum": 5}, now=stage.now)
    assert inside(stage) == [one.pk, one.pk]
    assert inside(other) == []


def test_nobody_is_looked_for_who_could_not_come_in() -> None:
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner)
    stage = watching({"kind": "tag", "tag": tag.pk}, owner)
    one, two, three = stage.persons(3)
    automations.pause(automation=stage.automation)
    RecipientTag.objects.create(recipient=one, tag=tag)
    assert inside(stage) == [one.pk]  # it waits at the first step
    automations.resume(automation=stage.automation)
    RecipientTag.objects.create(recipient=two, tag=tag)
    assert looking.look_all(stage.now, lambda: True) == 0
    two.archived_at = timezone.now()
    two.save()
    assert inside(stage) == [one.pk]
    automations.stop(automation=stage.automation, now=stage.now)
    RecipientTag.objects.create(recipient=three, tag=tag)
    assert inside(stage) == [one.pk]
    assert looking._poll(0, stage.now) is None
    assert looking._poll(stage.automation.pk, stage.now) is None
