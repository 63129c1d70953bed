"""Celery's workers, beat and Redis as people run them: nothing lost, nothing doubled.

A worker that sends, one for everything else on another machine, and a beat run through all of these
tests; Redis does not.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from psycopg2.errors import DeadlockDetected

from apps.delivery.scheduling.scheduler import RECOVER
from tests.faults.browser import SignedIn, free_port
from tests.faults.installation import Installation
from tests.faults.processes.children import wait_until
from tests.faults.processes.points import CONSTANT, MACHINE
from tests.faults.servers.cluster import Cluster, bin_dir
from tests.faults.servers.redis_server import RedisServer, needs_redis
from tests.faults.test_crash import accepted_count, assert_promises

pytestmark = [
    pytest.mark.faults,
    needs_redis,
    pytest.mark.skipif(
        bin_dir() is None and not os.environ.get("CI"), reason="there is no PostgreSQL server"
    ),
]

RECIPIENTS = 600
#: So many that the broker is gone before everybody has been sent to, also on a busy machine.
MANY = 5 * RECIPIENTS
#: Seconds for what takes two at most on a machine that has nothing else to do.
TIMEOUT = 300.0
CONNECTIONS = 2
#: Seconds a worker may need to find a broker that is back (config.celery), and to start sending.
FOUND_AGAIN = 2.0 + 1.0
_HOOK = 'INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.processes.hook.FaultHook"]\n'


class Fleet:
    """An installation whose sending is Celery's."""

    def __init__(self, place: Installation, broker: RedisServer) -> None:
        self.place = place
        self.broker = broker

    def celery(self, *args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "celery", "-A", "config", *args]
        return self.place.spawn(command)

    def worker(self, name: str, *args: str) -> subprocess.Popen[str]:
        """A worker on a machine of its own, of which it has the name."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(MACHINE, name)
            return self.celery("worker", "--hostname", f"{name}@localhost", *args)

    def fresh(self, count: int = RECIPIENTS) -> int:
        """So many people, nothing sent yet; a mailing that starts in an hour. Returns its id."""
        emptied = False
        while not emptied:  # PostgreSQL may end it to end a deadlock with those who read
            with suppress(DeadlockDetected):
                self.place.on_tables("TRUNCATE mailings_mailing, mailings_recipient CASCADE")
                emptied = True
        if self.place.log.exists():
            os.truncate(self.place.log, 0)
        return self.place.seed(count, starts_in=3600.0)

    def start(self, mailing: int) -> None:
        done = self.place.manage("mailing", "start", str(mailing), "--now")
        assert done.returncode == 0, done.stderr

    def until_accepted(self, count: int) -> None:
        assert wait_until(lambda: accepted_count(self.place) >= count, TIMEOUT), "nothing is sent"

    def until_done(self) -> None:
        def done() -> bool:
            return self.place.counters().get("state") == "done"

        assert wait_until(done, TIMEOUT, 0.05)

    def everybody_got_one(self, count: int = RECIPIENTS) -> None:
        assert_promises(self.place, unknown_at_most=0, audience=count)
        assert accepted_count(self.place) == count

    def at_work(self) -> set[int]:
        """The processes that are sending now."""
        leases = "SELECT pid FROM delivery_workerlease WHERE ended_at IS NULL"
        return {pid for (pid,) in self.place.query(leases)}


def children_of(process: subprocess.Popen[str]) -> set[int]:
    """The processes that it has forked."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return {int(pid) for pid in path.read_text(encoding="ascii").split()}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Redis, database, workers and a beat; a shift is two seconds, so that many are seen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CONSTANT, "apps.delivery.tasks:TIME_SLICE=2")
        broker, cluster = RedisServer(), Cluster()
        place = Installation(
            tmp_path_factory.mktemp("celery"),
            engine="postgresql",
            server=dict(cluster.server),
            extra=_HOOK,
            DISPATCH_BACKEND="celery",
            REDIS_URL=broker.url,
            CACHE_URL=broker.url,
            ACCOUNTS__SINK__WORKERS="6",
            ACCOUNTS__SINK__MAX_CONNECTIONS=str(CONNECTIONS),
            ACCOUNTS__SINK__WINDOW="20",
        )
        try:
            place.start(jitter=0.1)
            made = Fleet(place, broker)
            made.worker("one", "-Q", "work", "--concurrency", "4")
            made.worker("two", "-Q", "clock,urgent", "--concurrency", "2")
            made.celery("beat")
            yield made
        finally:
            place.close()
            broker.close()
            cluster.close()


def test_four_workers_and_a_command_at_once_send_each_once(fleet: Fleet) -> None:
    mailing = fleet.fresh()
    command = fleet.place.process("send_mailing", str(mailing), "--now")
    fleet.until_done()
    command.wait(timeout=30)
    fleet.everybody_got_one()
    (pids,) = fleet.place.query("SELECT count(DISTINCT pid) FROM delivery_workerlease")
    assert pids == (5,), "they did not work side by side"


def test_a_worker_that_is_asked_to_stop_ends_in_order(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = fleet.fresh()
    monkeypatch.setenv(CONSTANT, "apps.delivery.tasks:TIME_SLICE=600")
    third = fleet.worker("three", "--concurrency", "2")
    assert wait_until(lambda: len(children_of(third)) == 2, TIMEOUT)
    fleet.start(mailing)
    assert wait_until(lambda: fleet.at_work() & children_of(third) != set(), TIMEOUT)
    third.send_signal(signal.SIGTERM)
    assert third.wait(timeout=TIMEOUT) == 0
    fleet.until_done()
    fleet.everybody_got_one()


def test_a_worker_that_is_killed_leaves_no_more_in_doubt_than_it_had_connections(
    fleet: Fleet,
) -> None:
    mailing = fleet.fresh()
    fleet.start(mailing)
    fleet.until_accepted(RECIPIENTS // 10)
    assert wait_until(lambda: bool(fleet.at_work()), TIMEOUT)
    os.kill(fleet.at_work().pop(), signal.SIGKILL)
    fleet.until_done()
    assert_promises(fleet.place, unknown_at_most=CONNECTIONS, audience=RECIPIENTS)


@pytest.mark.parametrize("fault", ["killed", "emptied"])
def test_a_broker_that_loses_everything_costs_at_most_a_tick(fleet: Fleet, fault: str) -> None:
    mailing = fleet.fresh(MANY)
    fleet.start(mailing)
    fleet.until_accepted(RECIPIENTS // 10)
    if fault == "emptied":
        fleet.broker.flush()
    else:
        fleet.broker.kill()
        # What was begun goes on to the end of its shift, and everything else is given back.
        assert wait_until(lambda: not fleet.at_work(), TIMEOUT)
        assert fleet.place.counters()["sending"] == 0
        before = accepted_count(fleet.place)
        assert before < MANY
        fleet.broker.up()
        assert wait_until(lambda: accepted_count(fleet.place) > before, RECOVER + FOUND_AGAIN)
    fleet.until_done()
    fleet.everybody_got_one(MANY)


def test_a_launch_without_a_broker_is_answered_at_once_and_found_by_the_tick(fleet: Fleet) -> None:
    mailing = fleet.fresh()
    port = free_port()
    site = fleet.place.process("serve", "--port", str(port))
    browser = SignedIn(f"http://127.0.0.1:{port}", seconds=30.0)
    fleet.broker.kill()
    assert browser.press(f"/mailings/{mailing}/send/", early="1") == 200
    assert fleet.place.counters()["state"] == "preparing"
    fleet.broker.up()
    assert wait_until(lambda: accepted_count(fleet.place) > 0, RECOVER + FOUND_AGAIN)
    fleet.until_done()
    fleet.everybody_got_one()
    site.send_signal(signal.SIGTERM)
    site.wait(timeout=30)


def test_the_doctor_asks_broker_and_workers(fleet: Fleet) -> None:
    both = re.compile(r"^ok +workers: answering: one@localhost, two@localhost$", re.M)
    # The workers may have begun with this test, and answer once they are up.
    found = wait_until(lambda: bool(both.search(fleet.place.manage("doctor").stdout)), TIMEOUT)
    assert found, "the workers do not answer"
    fleet.broker.kill()
    report = fleet.place.manage("doctor").stdout
    assert re.search(r"^wrong +broker: .+ -> start Redis, or fix REDIS_URL in .env$", report, re.M)
    fleet.broker.up()
