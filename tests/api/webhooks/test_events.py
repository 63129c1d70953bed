"""What is reported, in which order, and to whom."""

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
from tests.api.webhooks.conftest import Dispatch, all_signed, events, ids, is_signed, webhook_to
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


def reported_deliveries(receiver: HttpService) -> list[str]:
    return [one for one in ids(receiver) if one.startswith("attempt-")]


def test_an_attempt_is_reported_with_what_the_ledger_says(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, runs=False)
    attempts_of(webhook.owner, 1, status="failure", code=550, response="5.1.1 нет такого")
    dispatch.run_rounds()
    row = Attempt.objects.select_related("delivery").get()
    (reported,) = events(receiver)
    assert reported["type"] == "delivery.attempt"
    assert reported["at"] == row.created_at.isoformat()
    assert reported["data"] == {
        "delivery": row.delivery_id,
        "mailing": row.mailing_id,
        "run_number": 1,
        "recipient": row.recipient_id,
        "address": row.delivery.address if row.delivery else None,
        "status": "failure",
        "code": 550,
        "response": "5.1.1 нет такого",
        "failure_reason": "mailbox_missing",
        "failure_text": "Mailbox doesn’t exist",
        "account": "email",
        "trigger": "manual",
    }
    (request,) = receiver.requests
    assert request.line == "POST /hooks?from=vestnik HTTP/1.1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == str(WebhookCall.objects.get())
    assert all_signed(receiver, webhook)


def test_many_are_reported_in_order_a_hundred_at_a_time(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, runs=False)
    expected = attempts_of(webhook.owner, 230)
    dispatch.run_rounds()
    assert ids(receiver) == expected
    assert [len(request.json["events"]) for request in receiver.requests] == [100, 100, 30]
    assert len({request.peer for request in receiver.requests}) == 1


def test_nobody_receives_what_is_anothers(dispatch: Dispatch, receiver: HttpService) -> None:
    mine = webhook_to(receiver)
    others = attempts_of(UserFactory.create(), 3)
    own = attempts_of(mine.owner, 2)
    dispatch.run_rounds()
    assert reported_deliveries(receiver) == own
    assert not set(others) & set(ids(receiver))
    assert {
        event["data"]["run"] for event in events(receiver) if event["type"] == "run.launched"
    } == {Run.objects.get(mailing__owner=mine.owner).pk}


def test_a_new_webhook_does_not_receive_what_was_before(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    owner = UserFactory.create()
    attempts_of(owner, 2)
    ended = RunFactory.create(mailing=MailingFactory.create(owner=owner), state="done", sent=1)
    Run.objects.filter(pk=ended.pk).update(finished_at=timezone.now())
    webhook_to(receiver, owner)
    dispatch.run_rounds()
    assert events(receiver) == []
    later = attempts_of(owner, 1)
    dispatch.run_rounds()
    assert reported_deliveries(receiver) == later


def test_a_quiet_webhook_costs_no_write(
    dispatch: Dispatch, receiver: HttpService, django_assert_num_queries: Any
) -> None:
    webhook = webhook_to(receiver)
    attempts_of(UserFactory.create(), 5)
    before = Webhook.objects.values().get()
    dispatch.run_rounds()
    assert Webhook.objects.values().get() == before
    assert not WebhookCall.objects.exists()
    assert webhook.paused_at is None


def test_decisions_of_people_are_reported_as_such(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, runs=False)
    attempts_of(webhook.owner, 1, kind="audit", response="mary: unknown -> sent")
    dispatch.run_rounds()
    assert [event["type"] for event in events(receiver)] == ["delivery.audit"]


def test_the_life_of_a_run_is_reported(dispatch: Dispatch, receiver: HttpService) -> None:
    webhook = webhook_to(receiver, deliveries=False)
    run = RunFactory.create(
        mailing=MailingFactory.create(owner=webhook.owner), state="preparing", pending=3
    )
    dispatch.run_rounds()
    assert events(receiver) == []  # nobody knows yet how many they are
    until, limit = timezone.now() + timedelta(minutes=5), user_limit(1, new=False)

    def move(**fields: Any) -> None:
        Run.objects.filter(pk=run.pk).update(**fields)
        dispatch.run_rounds()

    move(state="queued")
    move(state="processing")
    move(state="deferred", reason="rate_limit", reason_detail=limit, deferred_until=until)
    move(state="queued", reason="", deferred_until=None)
    move(state="paused", reason="paused_by_user")
    move(state="processing", reason="")
    move(state="done", outcome="partial", pending=0, sent=2, failed=1, finished_at=timezone.now())
    move(state="queued", outcome="", finished_at=None, failed=0, pending=1)
    move(state="done", outcome="success", pending=0, sent=3, finished_at=timezone.now())

    reported = events(receiver)
    assert [event["type"].removeprefix("run.") for event in reported] == (
        "launched waiting resumed waiting resumed done resumed done".split()
    )
    assert len({event["id"] for event in reported}) == len(reported)
    assert reported[0]["data"]["audience"] == 3
    wait = reported[1]["data"]
    assert (wait["reason"], wait["until"]) == ("rate_limit", until.isoformat())
    assert reported[3]["data"]["until"] is None
    ends = [reported[5]["data"], reported[7]["data"]]
    assert [(end["outcome"], end["sent"], end["failed"]) for end in ends] == [
        ("partial", 2, 1),
        ("success", 3, 0),
    ]
    assert all(end["audience"] == sum(end[state] for state in STATES) for end in ends)


def test_a_run_that_begins_and_ends_between_two_looks_is_reported(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, deliveries=False)
    mailing = MailingFactory.create(owner=webhook.owner)
    run = RunFactory.create(mailing=mailing, state="done", outcome="success", sent=1)
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now())
    dispatch.run_rounds()
    assert [event["type"] for event in events(receiver)] == ["run.launched", "run.done"]


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


def test_of_many_receipts_each_end_is_reported_once(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, deliveries=False)
    runs = receipts(webhook.owner, RUNS * 2 + 5)
    dispatch.run_rounds()
    reported = [(event["type"], event["data"]["run"]) for event in events(receiver)]
    assert reported == [(kind, run.pk) for run in runs for kind in ("run.launched", "run.done")]
    dispatch.run_rounds()
    assert len(events(receiver)) == len(reported)


def test_what_has_been_reported_is_not_read_again(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, deliveries=False)
    receipts(webhook.owner, 5)
    receipts(UserFactory.create(), 2)
    receipts(webhook.owner, 2, finished_at=timezone.now() - timedelta(days=1))
    dispatch.run_rounds()
    webhook.refresh_from_db()
    open_now = RunFactory.create(mailing=MailingFactory.create(owner=webhook.owner), pending=1)
    new = receipts(webhook.owner, 3)
    assert _runs_to_look_at(webhook) == [open_now, *new]


def test_a_run_that_ended_again_between_two_looks_is_reported_again(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, deliveries=False)
    (run,) = receipts(webhook.owner, 1)
    dispatch.run_rounds()
    Run.objects.filter(pk=run.pk).update(finished_at=timezone.now() + timedelta(seconds=1))
    dispatch.run_rounds()
    assert [event["type"] for event in events(receiver)] == ["run.launched", "run.done", "run.done"]


def test_ends_from_before_the_webhook_do_not_hold_up_what_is_new(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    owner = UserFactory.create()
    before = receipts(owner, RUNS * 2)
    Run.objects.filter(pk__in=[run.pk for run in before]).update(
        created_at=timezone.now() - timedelta(minutes=2),
        finished_at=timezone.now() - timedelta(minutes=1),
    )
    webhook_to(receiver, owner, deliveries=False)
    (run,) = receipts(owner, 1)
    dispatch.run_rounds()
    assert {event["data"]["run"] for event in events(receiver)} == {run.pk}


def test_what_was_open_when_reported_is_reported_however_late_it_is_seen(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, deliveries=False)
    run = RunFactory.create(mailing=MailingFactory.create(owner=webhook.owner), pending=1)
    dispatch.run_rounds()
    ended = timezone.now() - timedelta(hours=3)
    Run.objects.filter(pk=run.pk).update(state="done", pending=0, sent=1, finished_at=ended)
    dispatch.run_rounds()
    assert [event["type"] for event in events(receiver)] == ["run.launched", "run.done"]


@pytest.mark.django_db(transaction=True)
def test_a_real_mailing_is_reported_as_the_ledger_shows_it(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    mailing = mailing_to(120)
    webhook_to(receiver, mailing.owner)
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    dispatch.run_rounds()
    service.work_until(launched.run_id, threading.Event())
    dispatch.run_rounds()
    expected = Attempt.objects.order_by("pk").values_list("pk", flat=True)
    assert reported_deliveries(receiver) == [f"attempt-{pk}" for pk in expected]
    assert len(expected) == 120
    about_run = [event for event in events(receiver) if event["type"].startswith("run.")]
    assert [event["type"] for event in about_run] == ["run.launched", "run.done"]
    assert about_run[1]["data"]["sent"] == 120


def test_one_who_wants_only_runs_hears_only_of_runs(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, deliveries=False)
    attempts_of(webhook.owner, 2)
    dispatch.run_rounds()
    assert [event["type"] for event in events(receiver)] == ["run.launched"]


def test_after_a_rotation_both_secrets_sign_for_a_day(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, runs=False)
    old = secret_of(webhook)
    new = rotate(webhook=webhook, now=timezone.now()).secret
    assert old != new
    attempts_of(webhook.owner, 1)
    dispatch.run_rounds()
    assert is_signed(receiver.requests[0], old) and is_signed(receiver.requests[0], new)
    Webhook.objects.update(old_until=timezone.now())
    attempts_of(webhook.owner, 1)
    dispatch.run_rounds()
    assert is_signed(receiver.requests[1], new) and not is_signed(receiver.requests[1], old)


def test_a_blocked_owner_receives_nothing_until_the_block_is_lifted(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, runs=False)
    expected = attempts_of(webhook.owner, 1)
    User.objects.update(is_active=False)
    dispatch.run_rounds()
    assert receiver.requests == []
    User.objects.update(is_active=True)
    dispatch.run_rounds()
    assert ids(receiver) == expected


@pytest.mark.django_db(transaction=True)
def test_several_webhooks_are_served_beside_each_other(
    dispatch: Dispatch, receiver: HttpService, settings: LazySettings
) -> None:
    owner = UserFactory.create()
    for _number in range(3):
        webhook_to(receiver, owner, runs=False)
    expected = attempts_of(owner, 2)
    dispatch.run_rounds()
    assert sorted(ids(receiver)) == sorted(expected * 3)


def test_only_the_last_delivered_calls_are_kept(
    dispatch: Dispatch, receiver: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.api.webhooks.dispatcher.KEPT", 3)
    webhook = webhook_to(receiver, runs=False)
    for _number in range(5):
        attempts_of(webhook.owner, 1)
        dispatch.run_rounds()
    assert len(receiver.requests) == 5
    kept = WebhookCall.objects.values_list("pk", flat=True)
    assert sorted(f"call-{pk}" for pk in kept) == sorted(
        request.headers["webhook-id"] for request in receiver.requests[2:]
    )
