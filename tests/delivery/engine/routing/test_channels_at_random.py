"""Several channels, deaths, waits and refusals in any order: the ledger is always right."""

from __future__ import annotations

import random
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from apps.delivery.engine.runs.control import NothingToDo
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.engine.runs.queue import next_run
from apps.delivery.engine.worker.rescue import Rescuer
from apps.delivery.models import AccountState
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Delivery, Run
from tests.delivery.engine.channels import BOT, MAIL, SMS, World, counted, mailing_over, somebody
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import MortalWorker, assert_equation

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

PEOPLE = 40


def check(run: Run) -> None:
    assert_equation(run)
    rows = Counter(Delivery.objects.filter(run=run).values_list("channel", flat=True))
    assert {channel: count for channel, count in counted(run).items() if count} == rows
    assert Delivery.objects.filter(run=run).count() == PEOPLE


def die(run: Run, chance: random.Random, directory: Path) -> None:
    """A worker takes some and dies with each of them at another stage."""
    if next_run(run.account) != run.pk:
        return
    run.refresh_from_db()
    worker = MortalWorker(run, directory)
    for one, stage in zip(worker.claims(chance.randint(1, 6)), "aub", strict=False):
        if stage in "ab":
            worker.lease.allow(0, one.delivery_id)
        if stage == "a":
            worker.lease.answered(0, one.delivery_id, True)
    worker.dies()
    check(run)
    Rescuer(lease_seconds=15, policy="hold").recover()


def act(run: Run, chance: random.Random, directory: Path, clock: ShiftedClock) -> None:
    service, what = DispatchService(), chance.choice("wwddaach")
    if what == "w":
        service.dispatch_due()
        service.work_until(run.pk, threading.Event())
    elif what == "d":
        die(run, chance, directory)
    elif what == "a":
        state = chance.choice(("ready", "disabled", "down"))
        AccountState.objects.filter(name=chance.choice(("mail", "bot", "sms"))).update(state=state)
    elif what == "c":
        clock.forward(minutes=chance.randint(1, 90))
    elif run.state in ("paused", "deferred"):
        with suppress(NothingToDo):  # it says so when trying now is of no use
            service.resume(mailing_id=run.mailing_id)
    check(run)


def accepted(world: World) -> Counter[int]:
    """How often each recipient was really served, by the services' own count."""
    served = Counter({chat: n for chat, n in world.chats.items() if chat not in world.gone})
    served.update({phone - 79_000_000_000: n for phone, n in world.phones.items()})
    return served


def begun(chance: random.Random, world: World) -> Run:
    """A frozen run over the three channels in some order, to people with some addresses."""
    routes = [MAIL, BOT, SMS]
    chance.shuffle(routes)
    mailing = mailing_over(*routes)
    for number in range(1, PEOPLE + 1):
        somebody(mailing, number, channels=chance.choice(("e", "t", "p", "et", "tp", "etp", "ep")))
    world.gone = set(chance.sample(range(1, PEOPLE + 1), 12))
    for name in ("mail", "bot", "sms"):
        AccountState.objects.create(name=name)
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    return Run.objects.get(pk=launched.run_id)


def to_its_end(run: Run, clock: ShiftedClock) -> None:
    """Everything is fixed, and time goes by."""
    AccountState.objects.update(state="ready")
    service = DispatchService()
    for _ in range(40):
        service.dispatch_due()
        service.work_until(run.pk, threading.Event())
        check(run)
        if run.state == "done":
            return
        clock.forward(minutes=30)


@pytest.mark.parametrize("seed", range(6))
def test_nobody_gets_two_and_nobody_is_lost(
    seed: int, world: World, clock: ShiftedClock, declare: Declare, tmp_path: Path
) -> None:
    chance = random.Random(seed)
    declare("mail", per_hour=5)
    clock.to_whole_hour()
    run = begun(chance, world)
    check(run)

    for _ in range(25):
        act(run, chance, tmp_path, clock)
    to_its_end(run, clock)

    assert run.state == "done"
    assert run.sent + run.failed + run.unknown == PEOPLE
    successes = Attempt.objects.filter(status="success").values_list("recipient_id", flat=True)
    assert set(Counter(successes).values()) == {1}
    assert len(successes) == run.sent
    assert set(accepted(world).values()) <= {1}
    lost = Delivery.objects.filter(run=run, state="failed").exclude(response__contains="blocked")
    assert not lost.exclude(response__contains="workers died").exists()
