"""Processes that are killed, stopped, asked to leave, or simply too many."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.faults.processes.base_install import AUDIENCE
from tests.faults.processes.children import STUCK, Child, wait_until
from tests.faults.processes.points import POINTS
from tests.faults.rounds.round import Round
from tests.faults.scenarios.registry import Act, Scenario, register, scenario

#: Steps inside a write transaction: on SQLite a process stopped there holds the one write lock.
_IN_TRANSACTION = ("mid_freeze", "mid_record_transaction", "in_close_out", "in_recovery")
#: How often a step is passed at most in a round; 0: about once per message.
_PASSES = {
    "after_launch_commit": 1,
    "mid_freeze": 4,
    "after_freeze_commit": 5,
    "after_claim_commit": 12,
    "after_render": 12,
    "mid_record_transaction": 12,
    "after_record_commit": 12,
}


@scenario("F01", "kill -9 at a random moment", weight=6)
def kill_at_random(round: Round) -> None:
    for _ in range(round.dice.randint(1, 3)):
        worker = round.worker()
        round.until_accepted(round.somewhere(), worker)
        round.kill(worker)
        round.mark()


@scenario("F02", "kill -9 of all processes at once", weight=2)
def kill_all(round: Round) -> None:
    workers = [round.worker(kind=kind) for kind in ("scheduler", "command", "command")]
    wait_until(lambda: round.accepted >= round.somewhere(0.1, 0.7), 15.0)
    round.kill(*workers)
    round.mark()


def _kill_at(step: str) -> Act:
    def act(round: Round) -> None:
        worker = round.worker(point=f"{step}:{_count(round, step)}")
        # On its own, if it came that far before everybody was served.
        wait_until(lambda: not worker.alive or round.done(), 20.0)
        if worker.alive:
            round.leave()
        elif worker.status == -signal.SIGKILL:
            round.died(worker)
        round.mark()

    act.__name__ = f"kill_at_{step}"
    return act


def _count(round: Round, step: str) -> int:
    return round.dice.randint(1, _PASSES.get(step) or 500)


for _step in POINTS:
    if _step not in ("in_close_out", "in_recovery", "after_recovery_commit"):
        register(Scenario("F01", f"kill -9 at `{_step}`", _kill_at(_step)))


@scenario("F01", "kill -9 at `in_recovery`")
def kill_in_recovery(round: Round) -> None:
    _kill_the_helper(round, "in_recovery")


@scenario("F01", "kill -9 at `after_recovery_commit`")
def kill_after_recovery(round: Round) -> None:
    _kill_the_helper(round, "after_recovery_commit")


def _kill_the_helper(round: Round, step: str) -> None:
    """One dies in full flight, and so does who comes to settle what it left."""
    first = round.worker()
    round.until_accepted(round.somewhere(0.05, 0.7), first)
    round.kill(first)
    helper = round.worker(point=step)
    wait_until(lambda: not helper.alive or round.done(), 20.0)
    if helper.status == -signal.SIGKILL:
        round.died(helper)
    round.mark()


@scenario("F01", "kill -9 at `in_close_out`")
def kill_in_close_out(round: Round) -> None:
    """Somebody presses Stop and dies while the rest is being cancelled."""
    round.expected.left_out = True
    worker = round.worker()
    round.until_accepted(round.somewhere(0.05, 0.6), worker)
    presser = round.start("press", "stop", round.mailing, point="in_close_out")
    presser.wait(20.0)
    if presser.status == -signal.SIGKILL:
        round.died(presser)
    round.mark()


@scenario("F01", "kill -9 of a worker that finishes after Stop")
def kill_after_stop(round: Round) -> None:
    round.expected.left_out = True
    worker = round.worker(point=f"after_allow:{round.dice.randint(2, 400)}")
    round.until_accepted(round.somewhere(0.05, 0.6), worker)
    round.start("press", "stop", round.mailing)
    wait_until(lambda: not worker.alive or round.done(), 20.0)
    if worker.status == -signal.SIGKILL:
        round.died(worker)
    else:
        round.kill(worker)
    round.mark()


@scenario("F04", "suspended past its lease, a second worker takes over", weight=3)
def suspend(round: Round) -> None:
    round.terms.lease = 1.5
    sleeper = round.worker(kind="command")
    round.until_accepted(round.somewhere(0.05, 0.7), sleeper)
    _suspend(round, sleeper)
    _taken_over(round, sleeper)


def _suspend_at(step: str) -> Act:
    def act(round: Round) -> None:
        round.terms.lease = 1.5
        if step in _IN_TRANSACTION:
            round.database = {"OPTIONS": {"options": "-c idle_in_transaction_session_timeout=800"}}
        sleeper = round.worker(kind="command", point=f"{step}:{_count(round, step)}:SIGSTOP")
        wait_until(lambda: sleeper.stopped or not sleeper.alive or round.done(), 20.0)
        if sleeper.stopped:
            _taken_over(round, sleeper)

    act.__name__ = f"suspend_at_{step}"
    return act


for _step in ("after_claim_commit", "before_dot", "after_allow", "after_dot_before_reply"):
    register(Scenario("F04", f"SIGSTOP at `{_step}`", _suspend_at(_step)))
for _step in ("mid_freeze", "mid_record_transaction"):
    register(Scenario("F04", f"SIGSTOP at `{_step}`", _suspend_at(_step), ("postgresql",)))


def _suspend(round: Round, sleeper: Child) -> None:
    """SIGSTOP; on SQLite not while it holds the one write lock, which nobody can take away."""
    sleeper.signal(signal.SIGSTOP)
    wait_until(lambda: sleeper.stopped or not sleeper.alive, 5.0)
    while round.on_sqlite and sleeper.alive and not round.base.place.can_write():
        sleeper.signal(signal.SIGCONT)
        wait_until(lambda: not sleeper.stopped, 1.0)
        sleeper.signal(signal.SIGSTOP)
        wait_until(lambda: sleeper.stopped or not sleeper.alive, 5.0)


def _taken_over(round: Round, sleeper: Child) -> None:
    """Another worker finishes; then, or in the middle of it, the sleeper wakes."""
    round.hurt.add(sleeper.pid)
    second = round.worker(kind="scheduler")
    if round.dice.random() < 0.5:
        wait_until(round.done, 20.0)
    else:
        wait_until(lambda: round.done(), round.dice.uniform(0.5, 3.0))
    sleeper.signal(signal.SIGCONT)
    if not sleeper.wait(25.0):
        round.broken.append("the sleeper did not leave within 25 s of waking")
    wait_until(round.done, 20.0)
    second.signal(signal.SIGTERM)
    second.wait(25.0)


@scenario("F05", "two or eight workers at once, buttons pressed together", weight=3)
def crowd(round: Round) -> None:
    for _ in range(round.dice.choice([2, 8])):
        round.worker(kind=round.dice.choice(["command", "scheduler"]))
    pressers = [
        round.start("press", verb, round.mailing)
        for verb in ("launch", "pause", "resume", "launch", "reconcile")
    ]
    for presser in pressers:
        presser.wait(25.0)
    if round.dice.random() < 0.5:
        wait_until(lambda: round.accepted > 200, 5.0)
        round.press(round.dice.choice(["pause", "reconcile"]))
    round.press("resume")


@scenario("F05", "eight workers at once, three of them killed", weight=2)
def crowd_with_deaths(round: Round) -> None:
    workers = [round.worker(kind=round.dice.choice(["command", "scheduler"])) for _ in range(8)]
    for victim in round.dice.sample(workers, 3):
        wait_until(lambda: round.accepted >= round.somewhere(0.05, 0.4), 10.0)
        round.kill(victim)
    round.mark()


@scenario("F06", "SIGTERM at a random moment", weight=3)
def asked_to_stop(round: Round) -> None:
    for _ in range(round.dice.randint(1, 3)):
        worker = round.worker()
        round.until_accepted(round.somewhere(), worker)
        worker.signal(signal.SIGTERM)
        if not worker.wait(25.0):
            round.broken.append("SIGTERM: it did not leave within 25 s")
            round.kill(worker)
        rows = round.eye.see("SELECT sending, unknown FROM mailings_run") or [(0, 0)]
        if any(rows[0]):
            round.broken.append(f"SIGTERM: sending, unknown = {rows[0]}")
    round.mark()


@scenario("F31", "a limit a month, eight workers, perhaps some killed", weight=3)
def limited(round: Round) -> None:
    limit = round.dice.randint(50, 500)
    round.account["per_month"] = limit
    round.expected.limit = limit
    round.expected.left_out = True
    workers = [round.worker(kind=round.dice.choice(["command", "scheduler"])) for _ in range(8)]
    for victim in round.dice.sample(workers, round.dice.choice([0, 0, 2])):
        target = round.dice.randint(1, limit)
        wait_until(lambda: round.accepted >= target, 5.0)
        round.kill(victim)
    helper = round.worker(kind="scheduler")  # it settles what the killed ones held
    limited_now = "SELECT sending FROM mailings_run WHERE state = 'deferred'"
    if not wait_until(lambda: round.eye.see(limited_now) == [(0,)], STUCK):
        round.broken.append(f"F31: it does not wait for the limit: {round.story()}")
    if not round.kills and round.accepted != limit:
        round.broken.append(f"F31: {round.accepted} of {limit} were sent")
    round.press("stop")
    helper.signal(signal.SIGTERM)


@scenario("F34", "three kills right after the claim of everybody")
def killed_thrice_early(round: Round) -> None:
    """Each of them held everybody, and none had anything accepted: one at most is given up."""
    round.terms.window = AUDIENCE
    round.expected.given_up = 1
    for _ in range(3):
        worker = round.worker(point="after_claim_commit:1")
        worker.wait(20.0)
        if worker.status == -signal.SIGKILL:
            round.died(worker)
    round.mark()


@scenario("F06", "kill -9 while it leaves after SIGTERM", weight=2)
def killed_while_leaving(round: Round) -> None:
    for _ in range(round.dice.randint(1, 2)):
        worker = round.worker()
        round.until_accepted(round.somewhere(0.02, 0.7), worker)
        worker.signal(signal.SIGTERM)
        worker.wait(round.dice.uniform(0.0, 0.05))
        round.kill(worker)
    round.mark()


@scenario("F01", "kill -9 under the policy `resend`")
def kill_and_resend(round: Round) -> None:
    """The owner chose doubles over doubt: at most K of them for every kill, and no doubt left."""
    round.policy = "resend"
    for _ in range(round.dice.randint(1, 2)):
        worker = round.worker()
        round.until_accepted(round.somewhere(0.02, 0.7), worker)
        round.kill(worker)
    round.expected.clean = True
    round.expected.doubled = round.kills * round.terms.lines
    round.mark()


@scenario("F01", "kill -9 under the policy `assume_sent`")
def kill_and_assume(round: Round) -> None:
    """The owner chose a lie over doubt: at most K for every kill are called sent and are not."""
    round.policy = "assume_sent"
    for _ in range(round.dice.randint(1, 2)):
        worker = round.worker()
        round.until_accepted(round.somewhere(0.02, 0.7), worker)
        round.kill(worker)
    round.expected.clean = True
    round.expected.assumed = round.kills * round.terms.lines
    round.mark()


@scenario("F14", "journal torn, garbage, gone, or of another start of the machine", weight=2)
def no_journal(round: Round) -> None:
    round.expected.per_kill = round.terms.window
    round.terms.lease = 1.5
    worker = round.worker()
    round.until_accepted(round.somewhere(0.05, 0.8), worker)
    round.kill(worker)
    held = round.eye.see("SELECT count(*) FROM mailings_delivery WHERE state = 'sending'")
    _spoil(round, round.dice.choice(["torn", "garbage", "empty", "gone", "boot"]))
    round.mark()
    settled = "SELECT count(*) FROM delivery_workerlease WHERE ended_at IS NULL"
    helper = round.worker()
    wait_until(lambda: (round.eye.see(settled) or [(1,)])[0][0] == 0 or not helper.alive, 15.0)
    round.finish()
    unknown = round.eye.see("SELECT unknown FROM mailings_run")
    if held and unknown and held != unknown:
        round.broken.append(f"F14: {held[0][0]} were claimed, {unknown[0][0]} are unknown")


def _spoil(round: Round, how: str) -> None:
    if how == "boot":
        round.eye.act("UPDATE delivery_workerlease SET boot_id = 'another'")
    for path in Path(round.base.var / "journal").glob("*.journal"):
        size = path.stat().st_size
        match how:
            case "gone":
                path.unlink()
            case "empty":
                path.write_bytes(b"")
            case "torn":
                os.truncate(path, round.dice.randrange(1, size))
            case "garbage":
                path.write_bytes(round.dice.randbytes(size))
