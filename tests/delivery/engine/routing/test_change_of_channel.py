"""A run changes its channel: waits, spare accounts and deaths then cost nobody a message."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest

from apps.delivery.accounts import state_row
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.engine.runs.queue import next_run, resume_due
from apps.delivery.engine.worker.rescue import Rescuer
from apps.delivery.models import AccountState
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Run
from tests import http_service as http
from tests.delivery.engine.channels import (
    BOT,
    MAIL,
    SMS,
    World,
    begun,
    go_on,
    mailing_over,
    somebody,
    went,
)
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import MortalWorker, send

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_a_channel_that_waits_does_not_hold_the_others(
    world: World, clock: ShiftedClock, declare: Declare
) -> None:
    declare("mail", per_hour=2)
    clock.to_whole_hour()
    mailing = mailing_over(MAIL, BOT, SMS)
    for number in range(1, 11):
        somebody(mailing, number, channels="et"[number % 2])

    run = go_on(send(mailing))

    assert went(run) == {
        ("email", "sent"): 2,
        ("email", "pending"): 3,
        ("telegram", "sent"): 5,
    }
    assert (run.state, run.reason, run.channel) == ("deferred", "rate_limit", "email")

    for _ in range(2):
        clock.forward(hours=1)
        run = go_on(run)

    assert (run.state, run.sent) == ("done", 10)


def test_two_channels_that_wait_let_the_run_wait_for_the_nearer_one(
    world: World, clock: ShiftedClock, declare: Declare
) -> None:
    declare("mail", per_day=1)
    declare("texts", per_hour=1)
    clock.to_whole_hour()
    mailing = mailing_over(MAIL, ("phone", "texts"))
    for number in range(1, 7):
        somebody(mailing, number, channels="ep"[number % 2])

    run = go_on(send(mailing))

    assert went(run)[("email", "sent")] == went(run)[("phone", "sent")] == 1
    assert (run.reason, run.channel, run.account) == ("rate_limit", "phone", "texts")
    assert run.deferred_until <= clock.now() + (run.mailing.ends_at - run.mailing.starts_at)

    clock.forward(hours=1)
    run = go_on(run)
    assert went(run)[("phone", "sent")] == 2


def test_an_account_that_a_person_must_fix_holds_only_its_own_channel(
    world: World, clock: ShiftedClock
) -> None:
    world.telegram = http.json_reply({"ok": False, "error_code": 401, "description": "x"}, 401)
    mailing = mailing_over(BOT, SMS)
    for number in range(1, 7):
        somebody(mailing, number, channels="tp"[number % 2])

    run = go_on(send(mailing))

    assert went(run) == {("telegram", "pending"): 3, ("phone", "sent"): 3}
    assert (run.state, run.reason, run.account) == ("paused", "account_disabled", "bot")

    world.telegram = None
    AccountState.objects.filter(name="bot").update(state="ready")
    run = go_on(run)

    assert (run.state, run.outcome, run.sent) == ("done", "success", 6)


def test_a_retry_on_an_earlier_channel_does_not_queue_behind_the_later_one(
    world: World, clock: ShiftedClock, declare: Declare
) -> None:
    later = {"ok": False, "error_code": 429, "description": "x", "parameters": {"retry_after": 1}}
    world.telegram = http.json_reply(later, 429)
    declare("texts", per_hour=1)
    clock.to_whole_hour()
    mailing = mailing_over(BOT, ("phone", "texts"))
    somebody(mailing, 1, channels="t")
    for number in (2, 3, 4):
        somebody(mailing, number, channels="p")
    run = go_on(send(mailing))
    assert went(run) == {
        ("telegram", "pending"): 1,
        ("phone", "sent"): 1,
        ("phone", "pending"): 2,
    }

    world.telegram = None
    clock.forward(minutes=30)
    run = go_on(run)

    assert went(run)[("telegram", "sent")] == 1
    assert (run.reason, run.channel) == ("rate_limit", "phone")


def test_a_run_that_queues_for_a_busy_account_is_called_back_to_an_earlier_channel(
    world: World, clock: ShiftedClock
) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in (1, 2):
        somebody(mailing, number, channels="tp"[number - 1])
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    run = Run.objects.get(pk=launched.run_id)
    run.routes.filter(channel="telegram").update(reason="transient_error", until=clock.now())
    Run.objects.filter(pk=run.pk).update(channel="phone", account="sms")
    clock.forward(seconds=1)

    resume_due()

    run.refresh_from_db()
    assert (run.state, run.channel, run.account) == ("queued", "telegram", "bot")


def test_a_spare_account_stands_in_on_its_own_channel(
    world: World, clock: ShiftedClock, declare: Declare
) -> None:
    declare("mail", kind="smtp", host="127.0.0.1", port=9, security="none", fallback="spare")
    declare("spare")
    mailing = mailing_over(MAIL, BOT, SMS)
    for number in range(1, 5):
        somebody(mailing, number, channels="et"[number % 2])

    run = go_on(send(mailing))

    accounts = Counter(Attempt.objects.filter(status="success").values_list("account", flat=True))
    assert accounts == {"spare": 2, "bot": 2}
    assert run.outcome == "success"


def test_a_worker_that_dies_on_the_first_channel_is_settled_while_the_second_goes_on(
    world: World, clock: ShiftedClock, tmp_path: Path
) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in range(1, 9):
        somebody(mailing, number, channels="tp"[number % 2])
    run = begun(mailing)
    worker = MortalWorker(run, tmp_path)
    held = [one.delivery_id for one in worker.claims(4)]
    worker.lease.allow(0, held[0])
    worker.lease.answered(0, held[0], True)
    worker.lease.allow(1, held[1])
    worker.dies()
    # Its account is disabled at the same moment: the run goes on over the phone.
    AccountState.objects.filter(pk=state_row("bot").pk).update(state="disabled")
    DispatchService().recover()  # the service's watch knows another directory's journals, too
    Rescuer(lease_seconds=15, policy="hold").recover()
    run = go_on(run)

    assert went(run) == {
        ("telegram", "sent"): 1,
        ("telegram", "unknown"): 1,
        ("telegram", "pending"): 2,
        ("phone", "sent"): 4,
    }
    recorded = Attempt.objects.filter(delivery_id__in=held[:2]).values_list("account", flat=True)
    assert set(recorded) == {"bot"}
    assert (run.state, run.reason) == ("paused", "account_disabled")

    AccountState.objects.filter(name="bot").update(state="ready")
    run = go_on(run)
    assert (run.state, run.sent, run.unknown) == ("done", 7, 1)
    assert set(world.phones.values()) == {1}


def test_the_attempt_of_a_dead_worker_names_its_account_though_the_run_has_moved_on(
    world: World, tmp_path: Path
) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in (1, 2):
        somebody(mailing, number, channels="tp"[number - 1])
    run = begun(mailing)
    worker = MortalWorker(run, tmp_path)
    (held,) = worker.claims(4)
    worker.lease.allow(0, held.delivery_id)
    Run.objects.filter(pk=run.pk).update(channel="phone", account="sms", state="queued")
    worker.dies()

    Rescuer(lease_seconds=15, policy="hold").recover()
    run = go_on(run)

    assert Attempt.objects.get(delivery_id=held.delivery_id).account == "bot"
    assert went(run) == {("telegram", "unknown"): 1, ("phone", "sent"): 1}
    assert run.state == "done"


def test_a_worker_that_dies_on_the_second_channel_leaves_the_first_ones_alone(
    world: World, tmp_path: Path
) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in range(1, 5):
        somebody(mailing, number, channels="tp")
    world.gone = {1, 2}
    run = begun(mailing)
    service = DispatchService()
    AccountState.objects.filter(pk=state_row("sms").pk).update(state="disabled")
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert went(run) == {("telegram", "sent"): 2, ("phone", "pending"): 2}
    assert (run.state, run.reason, run.account) == ("paused", "account_disabled", "sms")

    AccountState.objects.filter(name="sms").update(state="ready")
    resume_due()
    assert next_run("sms") == run.pk
    run.refresh_from_db()
    worker = MortalWorker(run, tmp_path)
    assert len(worker.claims(5)) == 2
    worker.dies()
    Rescuer(lease_seconds=15, policy="hold").recover()
    run = go_on(run)

    assert went(run) == {("telegram", "sent"): 2, ("phone", "sent"): 2}
    assert set(world.chats.values()) == set(world.phones.values()) == {1}
    assert run.state == "done"
