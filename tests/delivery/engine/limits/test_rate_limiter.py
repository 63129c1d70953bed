"""Limits are exact, shared, explained, and cost nothing but what was really reserved."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from apps.core.contracts import Outcome, Quota, Verdict
from apps.core.errors import Refused
from apps.delivery.accounts import declared, state_row
from apps.delivery.channels.outbox.channel import OutboxChannel
from apps.delivery.engine.limits.rate_limiter import Limiter, sweep
from apps.delivery.engine.limits.reservations import Reservations
from apps.delivery.engine.provider_quota import ask_providers
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.engine.runs.queue import next_run
from apps.delivery.engine.worker.pool import send_run
from apps.delivery.limit_periods import bounds, used_now
from apps.delivery.models import AccountState, LimitWindow
from apps.delivery.service import DispatchService, worker_settings
from apps.mailings.models import Attempt, Mailing, Run
from apps.mailings.wait_reasons import reason_of
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import MortalWorker, assert_equation, send
from tests.factories import UserFactory, mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

WHOLE_HOUR = datetime(2030, 5, 15, 9, 0, 1, tzinfo=UTC)


def due_mailing(count: int, clock: ShiftedClock, **fields: object) -> Mailing:
    """A mailing that may be sent for a year from the clock's present."""
    now = clock.now()
    return mailing_to(
        count, starts_at=now - timedelta(minutes=1), ends_at=now + timedelta(days=365), **fields
    )


def granted(limiter: Limiter, clock: ShiftedClock) -> int:
    """All that is left now."""
    with transaction.atomic():
        return limiter.reserve(100, clock.now()).count


def go_on(run: Run) -> Run:
    """Whatever has ripened is sent in this thread."""
    service = DispatchService()
    service.dispatch_due()
    service.work_until(run.pk, threading.Event())
    return Run.objects.get(pk=run.pk)


def test_an_hour_takes_exactly_its_limit_and_the_wait_says_until_when(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare(per_hour=10)
    clock.go_to(WHOLE_HOUR)

    run = send(due_mailing(25, clock))

    assert (run.sent, run.pending, run.state, run.reason) == (10, 15, "deferred", "rate_limit")
    assert run.deferred_until == WHOLE_HOUR.replace(hour=10, second=0)
    with translation.override("en"):
        assert reason_of(run) == "sending limit reached (10 of 10 this hour on account email)"
    assert_equation(run)

    clock.forward(hours=1)
    run = go_on(run)
    assert (run.sent, run.state) == (20, "deferred")

    clock.forward(hours=1)
    run = go_on(run)
    assert (run.sent, run.outcome) == (25, "success")
    assert list(LimitWindow.objects.order_by("starts_at").values_list("used", flat=True)) == [
        10,
        10,
        5,
    ]


def test_while_others_hold_letters_a_used_up_limit_does_not_put_the_run_off(
    clock: ShiftedClock, declare: Declare, tmp_path: Path
) -> None:
    """They may give their places back: then nobody would use them until the next period."""
    declare(per_hour=10)
    clock.go_to(WHOLE_HOUR)
    launched = DispatchService().launch(mailing_id=due_mailing(25, clock).pk, trigger="manual")
    freeze_audience(launched.run_id)
    assert next_run("email") == launched.run_id
    run = Run.objects.select_related("mailing").get(pk=launched.run_id)
    other = MortalWorker(run, tmp_path)
    with transaction.atomic():
        Limiter(declared("email"), run.mailing.owner_id).reserve(4, clock.now())
    other.claims(4)

    send_run(run.pk, settings=worker_settings(), stop=threading.Event())

    run.refresh_from_db()
    assert (run.sent, run.sending, run.state) == (6, 4, "processing")
    assert_equation(run)
    other.dies()


def test_the_narrowest_of_several_limits_rules(clock: ShiftedClock, declare: Declare) -> None:
    declare(per_minute=6, per_hour=8, per_day=100)
    clock.go_to(WHOLE_HOUR)

    run = send(due_mailing(20, clock))
    assert run.sent == 6
    assert run.deferred_until == WHOLE_HOUR.replace(minute=1, second=0)

    clock.forward(minutes=1)
    run = go_on(run)
    assert run.sent == 8
    assert run.deferred_until == WHOLE_HOUR.replace(hour=10, second=0)


def test_a_limit_of_seconds_is_waited_for_without_leaving_the_run(
    declare: Declare, transactional_db: None
) -> None:
    declare(per_second=15)

    run = send(mailing_to(35))

    assert (run.sent, run.outcome) == (35, "success")
    windows = LimitWindow.objects.filter(period="second")
    assert max(windows.values_list("used", flat=True)) <= 15
    assert sum(windows.values_list("used", flat=True)) == 35


def test_a_users_day_ends_at_the_houses_midnight(
    clock: ShiftedClock, declare: Declare, settings: LazySettings
) -> None:
    settings.LIMIT_PER_USER_DAY = 7
    clock.go_to(WHOLE_HOUR)
    owner = UserFactory.create()

    run = send(due_mailing(10, clock, owner=owner))
    assert (run.sent, run.reason) == (7, "rate_limit")
    assert run.deferred_until == datetime(2030, 5, 15, 21, tzinfo=UTC)  # midnight in Moscow
    with translation.override("en"):
        assert reason_of(run).endswith("(7 of 7 today for this user)")

    other = send(due_mailing(5, clock))
    assert other.outcome == "success"


def test_a_warm_up_lets_more_out_every_day_of_sending(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare(warmup_first=4, warmup_percent=50, per_day=8)
    clock.go_to(WHOLE_HOUR)
    run = send(due_mailing(40, clock))
    sent = [run.sent]
    for _ in range(3):
        clock.forward(days=1)
        run = go_on(run)
        sent.append(run.sent)
    assert [later - earlier for earlier, later in zip([0, *sent], sent, strict=False)] == [
        4,
        6,
        8,
        8,
    ]


def test_a_lower_limit_declared_in_mid_period_holds_at_once(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare(per_hour=10)
    clock.go_to(WHOLE_HOUR)
    send(due_mailing(6, clock))

    declare(per_hour=5)
    run = send(due_mailing(6, clock))

    assert (run.sent, run.reason) == (0, "rate_limit")


def test_what_never_left_is_given_back(clock: ShiftedClock, declare: Declare) -> None:
    declare(per_hour=10)
    reservations = Reservations(Limiter(declared("email"), owner_id=1))
    with transaction.atomic():
        grant = reservations.reserve(8, clock.now())
        reservations.claimed(grant, [1, 2, 3, 4, 5])
    with transaction.atomic():
        reservations.settled([1, 2, 3], unsent=[3])

    assert LimitWindow.objects.get().used == 4
    assert granted(Limiter(declared("email"), owner_id=1), clock) == 6


def turn(reservations: Reservations, clock: ShiftedClock, wanted: int = 10) -> int:
    """One turn that commits; how many it was granted."""
    with transaction.atomic():
        count = reservations.reserve(wanted, clock.now()).count
    reservations.committed()
    return count


def test_far_from_the_limit_some_turns_are_reserved_at_once_and_the_rest_is_given_back(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare(per_hour=10_000, per_day=100_000)
    clock.go_to(WHOLE_HOUR)
    reservations = Reservations(Limiter(declared("email"), owner_id=1))

    assert [turn(reservations, clock) for _ in range(3)] == [10, 10, 10]
    assert set(LimitWindow.objects.values_list("used", flat=True)) == {10 + 80}
    with CaptureQueriesContext(connection) as queries:
        assert [turn(reservations, clock) for _ in range(6)] == [10] * 6
    assert not [query for query in queries if "limitwindow" in query["sql"]]

    clock.forward(seconds=2)  # what was reserved long ago is not relied on
    assert turn(reservations, clock) == 10
    with transaction.atomic():
        reservations.release()
    assert set(LimitWindow.objects.values_list("used", flat=True)) == {100}


def test_near_the_limit_nothing_is_reserved_ahead(clock: ShiftedClock, declare: Declare) -> None:
    declare(per_hour=100)
    clock.go_to(WHOLE_HOUR)
    first, second = (Reservations(Limiter(declared("email"), owner_id=1)) for _ in range(2))

    assert [turn(reservations, clock) for _ in range(5) for reservations in (first, second)] == [
        10
    ] * 10
    assert LimitWindow.objects.get().used == 100
    assert turn(first, clock) == 0


def test_what_was_reserved_ahead_by_a_lost_commit_is_not_relied_on(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare(per_hour=10_000)
    clock.go_to(WHOLE_HOUR)
    reservations = Reservations(Limiter(declared("email"), owner_id=1))
    turn(reservations, clock)
    with contextlib.suppress(Undone), transaction.atomic():
        reservations.reserve(10, clock.now())
        raise Undone

    assert turn(reservations, clock) == 10
    with transaction.atomic():
        reservations.release()
    assert LimitWindow.objects.get().used == 20


class Undone(Exception):
    """The transaction comes to nothing."""


def test_what_a_killed_worker_had_reserved_stays_reserved(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare(per_hour=10)
    dead = Reservations(Limiter(declared("email"), owner_id=1))
    with transaction.atomic():
        dead.claimed(dead.reserve(4, clock.now()), [1, 2, 3, 4])

    assert granted(Limiter(declared("email"), owner_id=1), clock) == 6


def test_a_providers_empty_quota_is_waited_for_with_a_next_look(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare()
    declare("quota", per_day=1000)
    row = state_row("quota")
    AccountState.objects.filter(pk=row.pk).update(quota_left=3, quota_limit=3)
    clock.go_to(WHOLE_HOUR)

    run = send(due_mailing(5, clock, account="quota"))

    assert (run.sent, run.reason) == (3, "quota_exhausted")
    assert run.deferred_until is not None
    assert timedelta() < run.deferred_until - clock.now() <= timedelta(hours=1)


def test_a_test_letter_takes_its_place_in_the_limit(
    clock: ShiftedClock, declare: Declare, tmp_path: Path
) -> None:
    declare(per_hour=1)
    clock.go_to(WHOLE_HOUR)
    mailing = due_mailing(1, clock)
    service = DispatchService()

    def test_letter() -> Outcome:
        return service.send_test(
            message_id=mailing.message_id, address="me@example.org", account="email"
        )

    assert test_letter().verdict is Verdict.SENT
    with pytest.raises(Refused) as caught:
        test_letter()
    assert caught.value.code == "limit_reached"
    assert Attempt.objects.count() == 0


def test_periods_begin_where_people_expect_them() -> None:
    moment = datetime(2026, 11, 30, 21, 59, 59, tzinfo=UTC)  # 1 December, 0:59:59 in Moscow

    assert bounds("hour", moment)[1] == datetime(2026, 11, 30, 22, tzinfo=UTC)
    assert bounds("day", moment) == (
        datetime(2026, 11, 30, 21, tzinfo=UTC),
        datetime(2026, 12, 1, 21, tzinfo=UTC),
    )
    assert bounds("month", moment) == (
        datetime(2026, 11, 30, 21, tzinfo=UTC),
        datetime(2026, 12, 31, 21, tzinfo=UTC),
    )


def test_short_windows_are_forgotten_and_days_are_kept(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare(per_second=5, per_day=50)
    limiter = Limiter(declared("email"), owner_id=1)
    with transaction.atomic():
        limiter.reserve(2, clock.now())
    account = AccountState.objects.get(name="email")
    assert used_now(account.pk, {"second": 5, "day": 50}, clock.now())["day"] == 2

    clock.forward(hours=2)
    sweep(clock.now())

    assert list(LimitWindow.objects.values_list("period", flat=True)) == ["day"]


class SlowChannel(OutboxChannel):
    """A channel whose provider says its quota, or does not answer."""

    answer: Quota | None = None

    def quota(self) -> Quota | None:
        if self.answer is None:
            raise OSError("no answer")
        return self.answer


def test_a_provider_is_asked_now_and_then_and_its_answer_rules(
    clock: ShiftedClock, declare: Declare, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    declare(per_day=1000)
    monkeypatch.setattr(
        "apps.delivery.engine.provider_quota.open_channel",
        lambda account, guard: SlowChannel(tmp_path / "outbox", guard, connections=1),
    )
    clock.go_to(WHOLE_HOUR)
    renews = clock.now() + timedelta(hours=2)
    monkeypatch.setattr(SlowChannel, "answer", Quota(left=4, limit=10, renews_at=renews))
    ask_providers(clock.now())

    run = send(due_mailing(6, clock))
    assert (run.sent, run.reason, run.deferred_until) == (4, "quota_exhausted", renews)

    monkeypatch.setattr(SlowChannel, "answer", None)
    ask_providers(clock.now() + timedelta(minutes=5))  # too soon: it is not asked
    assert state_row("email").quota_error == ""
    ask_providers(clock.now() + timedelta(minutes=11))
    row = state_row("email")
    assert (row.quota_left, row.quota_error) == (0, "@unexpected_error OSError: no answer")

    clock.forward(hours=2)
    monkeypatch.setattr(SlowChannel, "answer", Quota(left=10, limit=10))
    ask_providers(clock.now())
    assert go_on(run).outcome == "success"
