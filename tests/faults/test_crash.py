"""Real processes, really killed, over both databases: nothing lost, nothing doubled automatically.

``pytest tests/faults --fault-rounds 20`` repeats the random rounds as often as published.
"""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.browser import SignedIn, free_port
from tests.faults.installation import STATES, Installation
from tests.faults.processes.points import POINT

pytestmark = pytest.mark.faults

RECIPIENTS = 5000
CONNECTIONS = 8
#: Seconds that another process may need for what it does.
TIMEOUT = 60

Install = Callable[..., Installation]


@pytest.fixture(params=["sqlite", "postgresql"])
def install(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Install]:
    """Makes installations on the database under test and clears them away."""
    made: list[Installation] = []

    def make(**settings: Any) -> Installation:
        place = Installation(tmp_path / str(len(made)), engine=request.param, **settings)
        made.append(place)
        place.start()
        return place

    yield make
    for place in made:
        place.close()


def wait_until(happened: Callable[[], bool], seconds: float = TIMEOUT) -> None:
    """Wait for something that another process does."""
    until = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > until:
            raise AssertionError("it did not happen in time")
        time.sleep(0.01)


def accepted_count(place: Installation) -> int:
    """How many messages the mail server has accepted so far (each line of the log ends in \\n)."""
    return place.log.read_bytes().count(b"\n") if place.log.exists() else 0


def send_some(place: Installation, mailing: int, target: int) -> subprocess.Popen[str]:
    """A sender that is in the middle of it: ``target`` messages of its own have been accepted.

    What its dead predecessor still had on the way is accepted long before it has its lease.
    """
    process = place.process("send_mailing", str(mailing))
    lease = f"SELECT count(*) FROM delivery_workerlease WHERE pid = {process.pid}"
    wait_until(lambda: place.query(lease)[0][0] > 0 or process.poll() is not None)
    before = accepted_count(place)
    wait_until(lambda: accepted_count(place) >= before + target or process.poll() is not None)
    return process


def suspend(place: Installation, process: subprocess.Popen[str]) -> None:
    """SIGSTOP, outside a write transaction on SQLite.

    SQLite's one write lock is held by a process that is stopped in the middle of a transaction, and
    nobody can take it away: there the others wait for it to wake or die, and say so. PostgreSQL
    ends such a transaction on its own.
    """
    process.send_signal(signal.SIGSTOP)
    while not place.can_write():
        process.send_signal(signal.SIGCONT)
        time.sleep(random.uniform(0.001, 0.01))
        process.send_signal(signal.SIGSTOP)


def assert_promises(
    place: Installation,
    *,
    unknown_at_most: int,
    doubles_at_most: int = 0,
    audience: int = RECIPIENTS,
) -> None:
    """I1 to I5 of the reliability page, by the mail server's own list."""
    counters = place.counters()
    assert counters["audience"] == audience == sum(counters[state] for state in STATES)
    states, accepted = place.states(), Counter(
        {name.partition("@")[0]: count for name, count in place.accepted().items()}
    )
    by_state = Counter(states.values())
    assert {state: counters[state] for state in by_state} == dict(by_state)
    assert (by_state["pending"], by_state["sending"]) == (0, 0)
    assert set(accepted) <= set(states), "something unknown to the ledger was sent"
    sent = {name for name, state in states.items() if state == "sent"}
    unknown = {name for name, state in states.items() if state == "unknown"}
    assert sent <= set(accepted), "said to be sent, but the server never saw it"
    assert set(accepted) <= sent | unknown, "accepted, but the ledger says otherwise"
    assert sent | unknown == set(states), "somebody was lost"
    doubled = sum(count - 1 for count in accepted.values())
    assert doubled <= doubles_at_most, f"{doubled} were doubled"
    assert len(unknown) <= unknown_at_most, f"{len(unknown)} unknown"


def test_a_killed_sender_loses_and_doubles_nothing(install: Install, fault_rounds: int) -> None:
    """One kill -9 a round, at a random moment; each leaves at most one unknown per connection.

    Who starts again on the same host does not wait for the lease of the dead.
    """
    place = install(DISPATCH_LEASE_SECONDS=str(2 * TIMEOUT))
    mailing = place.seed(RECIPIENTS)
    kills, unknown = fault_rounds, 0
    for _kill in range(kills):
        before = accepted_count(place)
        process = send_some(place, mailing, 1)
        unknown = assert_few_new_unknown(place, unknown)
        target = before + random.randint(1, int(RECIPIENTS * 0.9 / kills))
        wait_until(lambda: accepted_count(place) >= target)
        process.send_signal(signal.SIGKILL)
        process.wait()
    place.manage("send_mailing", str(mailing))
    assert_few_new_unknown(place, unknown)
    assert_promises(place, unknown_at_most=kills * CONNECTIONS)


def assert_few_new_unknown(place: Installation, before: int) -> int:
    """What the last kill left: at most one unknown per connection. Returns how many there are."""
    now = int(place.counters().get("unknown", 0))
    assert now - before <= CONNECTIONS, f"one kill left {now - before} unknown"
    return now


def test_a_sender_that_dies_at_a_named_step_is_followed_by_one_that_knows(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program as people start it; the other named steps: ``python -m tests.faults``."""
    hook = 'INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.processes.hook.FaultHook"]\n'
    place, audience = install(extra=hook), 1000
    mailing = place.seed(audience)
    monkeypatch.setenv(POINT, "after_dot_before_reply:500")
    process = place.process("send_mailing", str(mailing))
    assert process.wait(timeout=60) == -signal.SIGKILL
    monkeypatch.delenv(POINT)
    place.manage("send_mailing", str(mailing))
    assert_promises(place, unknown_at_most=CONNECTIONS, audience=audience)
    assert place.counters()["unknown"] > 0


def test_with_the_policy_resend_only_the_unknown_can_be_doubled(install: Install) -> None:
    place = install(DISPATCH_UNKNOWN_POLICY="resend")
    mailing = place.seed(RECIPIENTS)
    process = send_some(place, mailing, 1500)
    process.send_signal(signal.SIGKILL)
    process.wait()
    place.manage("send_mailing", str(mailing))
    assert_promises(place, unknown_at_most=0, doubles_at_most=CONNECTIONS)


def test_a_sender_that_is_asked_to_stop_leaves_nothing_unknown(install: Install) -> None:
    place = install()
    mailing = place.seed(RECIPIENTS)
    process = send_some(place, mailing, 1000)
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=25)
    counters = place.counters()
    assert (counters["unknown"], counters["sending"]) == (0, 0)
    assert counters["sent"] == accepted_count(place) < RECIPIENTS
    place.manage("send_mailing", str(mailing))
    assert_promises(place, unknown_at_most=0)


def test_a_suspended_sender_is_replaced_and_sends_nothing_on_waking(install: Install) -> None:
    place = install(DISPATCH_LEASE_SECONDS="3")
    mailing = place.seed(RECIPIENTS)
    sleeper = send_some(place, mailing, 1000)
    suspend(place, sleeper)
    second = place.process("send_mailing", str(mailing))
    second.wait(timeout=60)
    before = accepted_count(place)
    sleeper.send_signal(signal.SIGCONT)
    sleeper.wait(timeout=30)
    assert accepted_count(place) - before <= CONNECTIONS
    assert_promises(place, unknown_at_most=CONNECTIONS)


def test_everybody_at_once_sends_each_once(install: Install) -> None:
    """Two schedulers, two commands and the button on the page, at the same moment."""
    place, audience = install(), 2000
    mailing = place.seed(audience)
    port = free_port()
    site = place.process("serve", "--port", str(port))
    browser = SignedIn(f"http://127.0.0.1:{port}", seconds=30.0)
    schedulers = [place.process("run_scheduler") for _ in range(2)]
    commands = [place.process("send_mailing", str(mailing)) for _ in range(2)]
    assert browser.press(f"/mailings/{mailing}/send/") == 200
    for command in commands:
        command.wait(timeout=120)
    wait_until(lambda: place.counters().get("state") == "done", 60.0)
    for process in (*schedulers, site):
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    assert accepted_count(place) == audience
    assert_promises(place, unknown_at_most=0, audience=audience)


def test_a_database_that_drops_every_connection_costs_nobody_anything(tmp_path: Path) -> None:
    place = Installation(tmp_path / "place", engine="postgresql")
    try:
        place.start()
        mailing = place.seed(RECIPIENTS)
        process = send_some(place, mailing, 500)
        for target in (1500, 2500, 3500):
            place.drop_connections()
            wait_until(lambda: accepted_count(place) >= target or process.poll() is not None)
        process.wait(timeout=60)
        place.manage("send_mailing", str(mailing))
        assert_promises(place, unknown_at_most=0)
    finally:
        place.close()
