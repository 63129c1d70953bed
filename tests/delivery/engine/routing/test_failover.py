"""A spare account takes over while the first one is down, and hands back. No delivery is spent."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from apps.delivery.accounts import state_row
from apps.delivery.engine.routing.circuit_breaker import fallback_for
from apps.delivery.models import AccountState
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Run
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import mailing_to

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

CLOSED_PORT = 9  # discard: nobody listens


def by_account(run: Run) -> Counter[str]:
    rows = Attempt.objects.filter(mailing_id=run.mailing_id, status="success")
    return Counter(rows.values_list("account", flat=True))


def unreachable(declare: Declare, **rules: object) -> None:
    declare(kind="smtp", host="127.0.0.1", port=CLOSED_PORT, security="none", **rules)


def test_the_spare_account_takes_over_and_the_ledger_says_so(
    clock: ShiftedClock, declare: Declare
) -> None:
    unreachable(declare, fallback="spare")
    declare("spare")

    run = send(mailing_to(10))
    DispatchService().work_until(run.pk, threading.Event())
    run.refresh_from_db()

    assert (run.sent, run.failed, run.outcome) == (10, 0, "success")
    assert by_account(run) == {"spare": 10}
    assert state_row("email").failures == 1
    assert_equation(run)


def test_the_first_account_gets_the_run_back_when_it_is_fit_again(
    clock: ShiftedClock, declare: Declare
) -> None:
    unreachable(declare, fallback="spare")
    declare("spare", per_minute=4)
    clock.to_whole_hour()
    run = send(mailing_to(10))
    DispatchService().work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.account, run.sent, run.reason) == ("spare", 4, "rate_limit")

    declare()  # fixed
    clock.forward(minutes=6)
    service = DispatchService()
    service.dispatch_due()
    for _ in range(3):
        service.work_until(run.pk, threading.Event())
    run.refresh_from_db()

    assert (run.account, run.sent, run.outcome) == ("email", 10, "success")
    assert by_account(run) == {"spare": 4, "email": 6}


def test_without_a_spare_account_the_run_waits_and_says_until_when(
    clock: ShiftedClock, declare: Declare
) -> None:
    unreachable(declare)

    run = send(mailing_to(3))

    assert (run.state, run.reason, run.pending) == ("deferred", "channel_down", 3)
    assert run.deferred_until is not None


def test_a_switched_off_account_is_stood_in_for(clock: ShiftedClock, declare: Declare) -> None:
    mailing = mailing_to(5)
    declare(fallback="spare")
    declare("spare")
    service = DispatchService()
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    AccountState.objects.filter(pk=state_row("email").pk).update(state="disabled")

    for _ in range(3):
        service.work_until(launched.run_id, threading.Event())

    run = Run.objects.get(pk=launched.run_id)
    assert by_account(run) == {"spare": 5}


def test_accounts_that_stand_in_for_each_other_do_not_go_round_for_ever(
    clock: ShiftedClock, declare: Declare
) -> None:
    declare("one", fallback="two")
    declare("two", fallback="one")
    AccountState.objects.filter(pk=state_row("one").pk).update(state="down")
    assert fallback_for("one", "email", clock.now()) == "two"
    AccountState.objects.filter(pk=state_row("two").pk).update(state="down")
    assert fallback_for("one", "email", clock.now()) == ""
