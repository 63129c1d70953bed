"""What is told, in which order, and to whom."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.api.webhooks.events import RUNS, _runs_to_look_at
from apps.api.webhooks.models import Webhook, WebhookCall
from apps.api.webhooks.services import rotate
from apps.api.webhooks.signing import secret_of
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.wait_reasons import user_limit
from apps.users.models import User
from tests.api.webhooks.conftest import Hands, all_signed, events, ids, is_signed, webhook_to
from tests.factories import (
    AttemptFactory,
    DeliveryFactory,
    MailingFactory,
    RunFactory,
    UserFactory,
    mailing_to,
)
from tests.http_service import HttpService

pytestmark = [pytest.mark.engine, pytest.mark.django_db]


def attempts_of(owner: User, count: int, **fields: Any) -> list[str]:
    """So many attempts to the owner's recipients, as ids of events."""
    run = RunFactory.create(mailing=MailingFactory.create(owner=owner), state="processing")
    rows = [
        AttemptFactory.create(delivery=DeliveryFactory.create(run=run), **fields)
        for _number in range(count)
    ]
    return [f"attempt-{row.pk}" for row in rows]


def deliveries_told(ear: HttpService) -> list[str]:
    return [one for one in ids(ear) if one.startswith("attempt-")]


def test_an_attempt_is_told_with_what_the_ledger_says(hands: Hands, ear: HttpService) -> None:
    webhook = webhook_to(ear, runs=False)
    attempts_of(webhook.owner, 1, status="failure", code=550, response="5.1.1 нет такого")
    hands.look()
    row = Attempt.objects.select_related("delivery").get()
    (told,) = events(ear)
    assert told["type"] == "delivery.attempt"
    assert told["at"] == row.created_at.isoformat()
    assert told["data"] == {
        "delivery": row.delivery_id,
        "mailing": row.mailing_id,
        "run_number": 1,
        "recipient": row.recipient_id,
        "address": row.delivery.address if row.delivery else None,
        "status": "failure",
        "code": 550,
        "response": "5.1.1 нет такого",
        "account": "email",
        "trigger": "manual",
    }
    (request,) = ear.requests
    assert request.line == "POST /hooks?from=vestnik HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == str(WebhookCall.objects.get())
    assert all_signed(ear, webhook)


def test_many_are_told_in_order_a_hundred_at_a_time(hands: Hands, ear: HttpService) -> None:
    webhook = webhook_to(ear, runs=False)
    expected = attempts_of(webhook.owner, 230)
    hands.look()
    assert ids(ear) == expected
    assert [len(request.json["events"]) for request in ear.requests] == [100, 100, 30]
    assert len({request.peer for request in ear.requests}) == 1


def test_nobody_is_told_of_what_is_anothers(hands: Hands, ear: HttpService) -> None:
    mine = webhook_to(ear)
    others = attempts_of(UserFactory.create(), 3)
    own = attempts_of(mine.owner, 2)
    hands.look()
    assert deliveries_told(ear) == own
    assert not set(others) & set(ids(ear))
    assert {event["data"]["run"] for event in events(ear) if event["type"] == "run.launched"} == {
        Run.objects.get(mailing__owner=mine.owner).pk
    }


def test_a_new_webhook_is_not_told_what_was_before(hands: Hands, ear: HttpService) -> None:
    owner = UserFactory.create()
    attempts_of(owner, 2)
    ended = RunFactory.create(mailing=MailingFactory.create(owner=owner), state="done", sent=1)
    Run.objects.filter(pk=ended.pk).update(finished_at=timezone.now())
    webhook_to(ear, owner)
    hands.look()
    assert events(ear) == []
    later = attempts_of(owner, 1)
    hands.look()
    assert deliveries_told(ear) == later


def test_a_quiet_webhook_costs_no_write(
    hands: Hands, ear: HttpService, django_assert_num_queries: Any
) -> None:
    webhook = webhook_to(ear)
    attempts_of(UserFactory.create(), 5)
    before = Webhook.objects.values().get()
    hands.look()
    assert Webhook.objects.values().get() == before
    assert not WebhookCall.objects.exists()
    assert webhook.paused_at is None


def test_decisions_of_people_are_told_as_such(hands: Hands, ear: HttpService) -> None:
    webhook = webhook_to(ear, runs=False)
    attempts_of(webhook.owner, 1, kind="audit", response="mary: unknown -> sent")
    hands.look()
    assert [event["type"] for event in events(ear)] == ["delivery.audit"]


def test_the_life_of_a_run_is_told(hands: Hands, ear: HttpService) -> None:
    webhook = webhook_to(ear, deliveries=False)
    run = RunFactory.create(
        mailing=MailingFactory.create(owner=webhook.owner), state="preparing", pending=3
    )
    hands.look()
    assert events(ear) == []  # nobody knows yet how many they are
    until, limit = timezone.now() + timedelta(minutes=5), user_limit(1, new=False)

    def move(**fields: Any) -> None:
        Run.objects.filter(pk=run.pk).update(**fields)
        hands.look()

    move(state="queued")
    move(state="processing")
    move(state="deferred", reason="rate_limit", reason_detail=limit, deferred_until=until)
    move(state="queued", reason="", deferred_until=None)
    move(state="paused", reason="paused_by_user")
    move(state="processing", reason="")
    move(state="done", outcome="partial", pending=0, sent=2, failed=1, finished_at=timezone.now())
    move(state="queued", outcome="", finished_at=None, failed=0, pending=1)
    move(state="done", outcome="success", pending=0, sent=3, finished_at=timezone.now())

    told = events(ear)
    assert [event["type"].removeprefix("run.") for event in told] == (
        "launched waiting resumed waiting resumed done resumed done".split()
    )
    assert len({event["id"] for event in told}) == len(told)
    assert told[0]["data"]["audience"] == 3
    wait = told[1]["data"]
    assert (wait["reason"], wait["until"]) == ("rate_limit", until.isoformat())
    assert told[3]["data"]["until"] is None
    ends = [told[5]["data"], told[7]["data"]]
    assert [(end["outcome"], end["sent"], end["failed"]) for end in ends] == [
        ("partial", 2, 1),
        ("success", 3, 0),
    ]
    assert all(end["audience"] == sum(end[state] for state in STATES) for end in ends)


def test_a_run_that_begins_and_ends_between_two_looks_is_told(
    hands: Hands, ear: HttpService
) -> None:
    webhook = webhook_to(ear, deliveries=False)
    mailing = MailingFactory.create(owner=webhook.owner)
    run = RunFactory.create(mailing=mailing, state="done", outcome="success", sent=1)
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now())
    hands.look()
    assert [event["type"] for event in events(ear)] == ["run.launched", "run.done"]


def receipts(owner: User, count: int, **fields: Any) -> list[Run]:
    """So many messages to one, each of them done."""
    rows = [
        RunFactory.create(
            mailing=MailingFactory.create(owner=owner, kind="transactional"),
            state="done",
            outcome="success",
            urgent=True,
            sent=1,
        )
        for _number in range(count)
    ]
    Run.objects.filter(pk__in=[run.pk for run in rows]).update(
        **{"finished_at": timezone.now(), **fields}
    )
    return rows


def test_of_many_receipts_each_end_is_told_once(hands: Hands, ear: HttpService) -> None:
    webhook = webhook_to(ear, deliveries=False)
    runs = receipts(webhook.owner, RUNS * 2 + 5)
    hands.look()
    told = [(event["type"], event["data"]["run"]) for event in events(ear)]
    assert told == [(kind, run.pk) for run in runs for kind in ("run.launched", "run.done")]
    hands.look()
    assert len(events(ear)) == len(told)


def test_what_has_been_told_is_not_read_again(hands: Hands, ear: HttpService) -> None:
    webhook = webhook_to(ear, deliveries=False)
    receipts(webhook.owner, 5)
    receipts(UserFactory.create(), 2)
    receipts(webhook.owner, 2, finished_at=timezone.now() - timedelta(days=1))
    hands.look()
    webhook.refresh_from_db()
    open_now = RunFactory.create(mailing=MailingFactory.create(owner=webhook.owner), pending=1)
    new = receipts(webhook.owner, 3)
    assert _runs_to_look_at(webhook) == [open_now, *new]


def test_a_run_that_ended_again_between_two_looks_is_told_again(
    hands: Hands, ear: HttpService
) -> None:
    webhook = webhook_to(ear, deliveries=False)
    (run,) = receipts(webhook.owner, 1)
    hands.look()
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() + timedelta(seconds=1))
    hands.look()
    assert [event["type"] for event in events(ear)] == ["run.launched", "run.done", "run.done"]


def test_ends_from_before_the_webhook_do_not_hold_up_what_is_new(
    hands: Hands, ear: HttpService
) -> None:
    owner = UserFactory.create()
    before = receipts(owner, RUNS * 2)
    Run.objects.filter(pk__in=[run.pk for run in before]).update(
        created_at=timezone.now() - timedelta(minutes=2),
        finished_at=timezone.now() - timedelta(minutes=1),
    )
    webhook_to(ear, owner, deliveries=False)
    (run,) = receipts(owner, 1)
    hands.look()
    assert {event["data"]["run"] for event in events(ear)} == {run.pk}


def test_what_was_open_when_told_is_told_however_late_it_is_seen(
    hands: Hands, ear: HttpService
) -> None:
    webhook = webhook_to(ear, deliveries=False)
    run = RunFactory.create(mailing=MailingFactory.create(owner=webhook.owner), pending=1)
    hands.look()
    ended = timezone.now() - timedelta(hours=3)
    Run.objects.filter(pk=run.pk).update(state="done", pending=0, sent=1, finished_at=ended)
    hands.look()
    assert [event["type"] for event in events(ear)] == ["run.launched", "run.done"]


@pytest.mark.django_db(transaction=True)
def test_a_real_mailing_is_told_as_the_ledger_tells_it(hands: Hands, ear: HttpService) -> None:
    mailing = mailing_to(120)
    webhook_to(ear, mailing.owner)
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    hands.look()
    service.work_until(launched.run_id, threading.Event())
    hands.look()
    expected = Attempt.objects.order_by("pk").values_list("pk", flat=True)
    assert deliveries_told(ear) == [f"attempt-{pk}" for pk in expected]
    assert len(expected) == 120
    about_run = [event for event in events(ear) if event["type"].startswith("run.")]
    assert [event["type"] for event in about_run] == ["run.launched", "run.done"]
    assert about_run[1]["data"]["sent"] == 120


def test_one_who_wants_only_runs_hears_only_of_runs(hands: Hands, ear: HttpService) -> None:
    webhook = webhook_to(ear, deliveries=False)
    attempts_of(webhook.owner, 2)
    hands.look()
    assert [event["type"] for event in events(ear)] == ["run.launched"]


def test_after_a_rotation_both_secrets_sign_for_a_day(hands: Hands, ear: HttpService) -> None:
    webhook = webhook_to(ear, runs=False)
    old = secret_of(webhook)
    new = rotate(webhook=webhook, now=timezone.now()).secret
    assert old != new
    attempts_of(webhook.owner, 1)
    hands.look()
    assert is_signed(ear.requests[0], old) and is_signed(ear.requests[0], new)
    Webhook.objects.update(old_until=timezone.now())
    attempts_of(webhook.owner, 1)
    hands.look()
    assert is_signed(ear.requests[1], new) and not is_signed(ear.requests[1], old)


def test_a_blocked_owner_is_told_nothing_until_the_block_is_lifted(
    hands: Hands, ear: HttpService
) -> None:
    webhook = webhook_to(ear, runs=False)
    expected = attempts_of(webhook.owner, 1)
    User.objects.update(is_active=False)
    hands.look()
    assert ear.requests == []
    User.objects.update(is_active=True)
    hands.look()
    assert ids(ear) == expected


@pytest.mark.django_db(transaction=True)
def test_several_webhooks_are_served_beside_each_other(
    hands: Hands, ear: HttpService, settings: LazySettings
) -> None:
    owner = UserFactory.create()
    for _number in range(3):
        webhook_to(ear, owner, runs=False)
    expected = attempts_of(owner, 2)
    hands.look()
    assert sorted(ids(ear)) == sorted(expected * 3)


def test_only_the_last_delivered_calls_are_kept(
    hands: Hands, ear: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.api.webhooks.dispatcher.KEPT", 3)
    webhook = webhook_to(ear, runs=False)
    for _number in range(5):
        attempts_of(webhook.owner, 1)
        hands.look()
    assert len(ear.requests) == 5
    kept = WebhookCall.objects.values_list("pk", flat=True)
    assert sorted(f"call-{pk}" for pk in kept) == sorted(
        request.headers["webhook-id"] for request in ear.requests[2:]
    )
