"""What happens in automations, as a webhook receives it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError

from apps.api.webhooks.models import Webhook
from apps.automations import announcing
from apps.automations.models import EnrolmentEvent
from apps.automations.services import automations, people
from tests.api.webhooks.conftest import Dispatch, all_signed, events, webhook_to
from tests.automations.stage import Stage, leaving, letter, staged, waiting
from tests.factories import SuppressionFactory, UserFactory
from tests.http_service import HttpService

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def listening(receiver: HttpService, stage: Stage) -> Webhook:
    """Nothing but automations."""
    chosen = {"deliveries": False, "runs": False, "automations": True}
    return webhook_to(receiver, owner=stage.owner, **chosen)


def types(receiver: HttpService) -> list[tuple[str, Any]]:
    return [(one["type"], one["data"].get("reason")) for one in events(receiver)]


def test_who_comes_in_and_how_it_ends(dispatch: Dispatch, receiver: HttpService) -> None:
    stage = staged(waiting(seconds=60), leaving(reason="bought"))
    webhook = listening(receiver, stage)
    one, two, three = stage.enrolled(3)
    SuppressionFactory.create(owner=stage.owner, address=two.email, reason="blocked")
    automations.pause(automation=stage.automation)
    people.remove(enrolments=stage.automation.enrolments.filter(recipient=three), now=stage.now)
    automations.resume(automation=stage.automation)
    stage.turn()
    stage.turn(minutes=1)
    dispatch.run_rounds()
    assert sorted(types(receiver), key=str) == [
        ("automation.entered", None),
        ("automation.entered", None),
        ("automation.entered", None),
        ("automation.finished", "bought"),
        ("automation.finished", "bought"),
        ("automation.left", "removed"),
    ]
    last = events(receiver)[-1]
    assert last["data"] == {
        "automation": stage.automation.pk,
        "automation_name": "Welcome",
        "version": 1,
        "enrolment": stage.of(two).pk,
        "recipient": two.pk,
        "address": two.email,
        "step": "exit",
        "reason": "bought",
    }
    assert all_signed(receiver, webhook)
    dispatch.run_rounds()
    assert len(events(receiver)) == 6
    assert stage.at(one) == "finished bought"


def test_a_letter_that_failed(dispatch: Dispatch, receiver: HttpService) -> None:
    owner = UserFactory.create()
    stage = staged(letter(owner), owner=owner)
    listening(receiver, stage)
    first = stage.person(email="a@example.org")
    stage.enrol(first)
    stage.turn()
    first.email = "b@example.org"
    first.save()
    other = stage.person(email="a@example.org")
    stage.enrol(other)
    stage.turn()
    dispatch.run_rounds()
    assert ("automation.failed", "address_taken") in types(receiver)


def test_where_nobody_listens_nothing_is_kept(receiver: HttpService) -> None:
    stage = staged(waiting(seconds=0))
    stage.enrolled()
    stage.turn()
    assert not EnrolmentEvent.objects.exists()
    webhook_to(receiver, owner=stage.owner)
    stage.enrolled()
    stage.turn()
    assert not EnrolmentEvent.objects.exists()


def test_a_webhook_made_later_receives_nothing_of_before(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    stage = staged(waiting(seconds=0))
    listening(receiver, stage).delete()
    EnrolmentEvent.objects.create(
        owner_id=stage.owner.pk, enrolment_id=1, kind="entered", at=stage.now
    )
    newest = EnrolmentEvent.objects.get().pk
    webhook = listening(receiver, stage)
    Webhook.objects.filter(pk=webhook.pk).update(enrolment_cursor=newest)
    stage.enrolled()
    dispatch.run_rounds()
    assert [name for name, _reason in types(receiver)] == ["automation.entered"]


def test_what_was_kept_for_long_is_forgotten(receiver: HttpService) -> None:
    stage = staged(waiting(seconds=86_400 * 30))
    listening(receiver, stage)
    stage.enrolled()
    stage.turn(days=1)
    stage.enrolled()
    stage.turn(days=6, hours=1)
    assert EnrolmentEvent.objects.count() == 1
    assert announcing.forget_old(stage.now) == 0


def test_a_webhook_for_nothing_is_refused() -> None:
    none = {"deliveries": False, "runs": False}
    with pytest.raises(IntegrityError):
        Webhook.objects.create(
            owner=UserFactory.create(),
            url="https://example.org/",
            attempt_cursor=0,
            runs_reported_until="2030-01-01T00:00:00Z",
            **none,
        )
