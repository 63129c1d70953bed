"""The roll-up: when something last happened with a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.horizon import newest_attempt
from apps.mailings.models import Activity, ActivityMark, Delivery
from apps.mailings.services.privacy.erasing import erase_person
from apps.mailings.services.segmentation import activity
from apps.mailings.services.segmentation.activity import ActivityRollup, bounced, follow
from tests.factories import AttemptFactory, DeliveryFactory, RecipientFactory, RunFactory

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
NOW = timezone.now()


def sent(days: int, recipient: Any = None, *, measured: bool = True, **fields: Any) -> Any:
    """An attempt so many days ago, of a letter that measures; returns whom it reached."""
    person = recipient or RecipientFactory.create()
    content = {"tracking": "persons" if measured else "off"}
    run = RunFactory.create(mailing__owner=person.owner, content=content)
    delivery = DeliveryFactory.create(run=run, recipient=person, state="sent")
    AttemptFactory.create(delivery=delivery, created_at=NOW - timedelta(days=days), **fields)
    return person


def follow_all(now: datetime = NOW) -> None:
    while follow(bound=newest_attempt(), now=now):
        pass


def test_it_follows_what_was_sent_and_counts_what_is_unanswered() -> None:
    anna = sent(5)
    sent(2, anna)
    sent(1, anna, status="failure")
    sent(1, anna, kind="audit")
    follow_all()
    row = Activity.objects.get()
    assert (row.last_sent_at, row.unanswered) == (NOW - timedelta(days=2), 2)
    assert ActivityMark.objects.get().followed_until == NOW


def test_what_somebody_says_was_sent_counts_from_when_it_was() -> None:
    anna = sent(9, kind="audit")
    Delivery.objects.update(sent_at=NOW - timedelta(days=9))
    follow_all()
    row = Activity.objects.get()
    assert (row.pk, row.last_sent_at, row.unanswered) == (anna.pk, NOW - timedelta(days=9), 0)


def test_what_is_not_measured_is_not_unanswered() -> None:
    anna = sent(5, measured=False)
    sent(4, anna)
    silent = sent(3, RecipientFactory.create(unmeasured=True))
    follow_all()
    counted = {row.pk: row.unanswered for row in Activity.objects.all()}
    assert counted == {anna.pk: 1, silent.pk: 0}
    assert Activity.objects.get(pk=silent.pk).last_sent_at == NOW - timedelta(days=3)


def test_following_in_small_chunks_counts_each_send_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity, "CHUNK", 1)
    anna = sent(5)
    sent(2, anna)
    bob = sent(3)
    follow_all()
    follow_all(NOW + timedelta(hours=1))
    assert {row.pk: row.unanswered for row in Activity.objects.all()} == {
        anna.pk: 2,
        bob.pk: 1,
    }


def test_a_chunk_that_breaks_off_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    sent(1)

    def die(*_args: object, **_more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(activity, "newest_attempt", die)
    with pytest.raises(RuntimeError):
        follow(bound=newest_attempt(), now=NOW)
    assert not Activity.objects.exists()
    monkeypatch.undo()
    follow_all()
    assert Activity.objects.get().unanswered == 1


def test_it_moves_only_up_to_the_horizon() -> None:
    sent(2)
    bound = newest_attempt()
    late = sent(1)
    follow(bound=bound, now=NOW)
    assert not Activity.objects.filter(pk=late.pk).exists()
    ActivityRollup().run(NOW, lambda: False)


def test_people_deleted_meanwhile_are_passed_over() -> None:
    anna = sent(1)
    anna.delete()
    follow_all()
    assert not Activity.objects.exists()


def test_nothing_is_kept_of_an_erased_person() -> None:
    anna = sent(1)
    erase_person(anna, now=NOW)
    follow_all()
    bounced([anna.pk], at=NOW)
    assert not Activity.objects.exists()


def test_bounces_from_before_it_was_followed_and_after() -> None:
    anna = sent(3)
    came = NOW - timedelta(days=1)
    anna.deliveries.update(state="bounced", changed_at=came)
    follow_all()
    assert Activity.objects.get().last_bounced_at == came
    bounced([anna.pk], at=NOW)
    assert Activity.objects.get().last_bounced_at == NOW


def test_sends_before_the_last_reaction_are_answered() -> None:
    anna = RecipientFactory.create()
    Activity.objects.create(recipient=anna, last_opened_at=NOW - timedelta(days=3))
    sent(5, anna)
    sent(1, anna)
    follow_all()
    assert Activity.objects.get().unanswered == 1
