"""``manage.py serve`` and its child: each is killed for real, and asked to leave."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from apps.core.logs.files import log_lines
from tests.faults.browser import SignedIn, free_port
from tests.faults.installation import Installation
from tests.faults.test_crash import CONNECTIONS, accepted_count, assert_promises

pytestmark = pytest.mark.faults

RECIPIENTS = 2000
#: Seconds for what takes two at most on a machine that has nothing else to do.
TIMEOUT = 300.0
#: A scheduler that looks only when it is asked to: its own first tick comes in an hour.
ONLY_WHEN_WOKEN = {"SCHEDULER_FIRST_RUN_DELAY": "3600"}
#: The child dies of its settings, before it has done anything.
CANNOT_START = 'import sys\nif "run_scheduler" in sys.argv:\n    sys.exit(3)\n'


def wait_until(happened: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    until = time.monotonic() + TIMEOUT
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


class Site:
    """``manage.py serve`` of an installation, and the processes that it has started."""

    def __init__(self, place: Installation) -> None:
        self.place = place
        self.port = free_port()
        self.process = place.process("serve", "--port", str(self.port))

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The lines of the log that report this event."""
        found = log_lines(self.place.directory / "log", text=event)
        return [line for line in found if line["event"] == event]

    def child(self, number: int = 1) -> int:
        """The process id of the so-many-th child, as soon as it has been started."""
        event = "scheduler_process_started"
        wait_until(lambda: len(self.lines(event)) >= number)
        return int(self.lines(event)[number - 1]["child_pid"])

    def until_accepted(self, count: int) -> None:
        wait_until(lambda: accepted_count(self.place) >= count)

    def until_done(self) -> None:
        wait_until(lambda: self.place.counters().get("state") == "done")

    def ask(self, number: signal.Signals) -> int:
        """Send the signal to the parent alone. Its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=TIMEOUT)

    def browser(self) -> SignedIn:
        return SignedIn(f"http://127.0.0.1:{self.port}", seconds=TIMEOUT)


@pytest.fixture
def engine() -> str:
    """The database. A test that is about it names both."""
    return "sqlite"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation on SQLite with a mailing that is due, at which nothing runs."""
    place = Installation(tmp_path_factory.mktemp("filled"), engine="sqlite")
    place.start(port=9)
    place.seed(RECIPIENTS)
    with closing(sqlite3.connect(place.database_file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    yield place
    place.close()


@pytest.fixture
def install(engine: str, filled: Installation, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes an installation with a mailing that is due, and starts its site."""
    made: list[Installation] = []

    def make(*, extra: str = "", **settings: Any) -> Site:
        settings |= {"ACCOUNTS__SINK__PER_SECOND": "300"}
        place = Installation(
            tmp_path / "place", engine=engine, extra=extra, covered=True, **settings
        )
        made.append(place)
        if engine == "sqlite":
            place.start(like=filled)
        else:
            place.start()
            place.seed(RECIPIENTS)
        return Site(place)

    yield make
    for place in made:
        place.close()


def lives(pid: int) -> bool:
    """Is there such a process? One that nobody has waited for yet is dead."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def assert_nothing_in_hand(place: Installation) -> None:
    """It was asked to leave in the middle of a run, and has recorded all that it handed over."""
    counters = place.counters()
    assert (counters["sending"], counters["unknown"]) == (0, 0)
    assert counters["sent"] == accepted_count(place) < RECIPIENTS


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_killed_child_is_started_again_and_the_mailing_ends(
    install: Callable[..., Site],
) -> None:
    """Nobody looks by the clock here: the page wakes the first one, the parent the second."""
    site = install(**ONLY_WHEN_WOKEN)
    ((mailing,),) = site.place.query("SELECT id FROM mailings_mailing")
    assert site.browser().press(f"/mailings/{mailing}/send/") == 200
    site.until_accepted(RECIPIENTS // 4)
    first = site.child()
    os.kill(first, signal.SIGKILL)
    second = site.child(2)
    assert not lives(first) and lives(second)
    site.until_done()
    assert_promises(site.place, unknown_at_most=CONNECTIONS, audience=RECIPIENTS)
    (report,) = site.lines("scheduler_process_ended")
    assert (report["code"], report["level"]) == (-signal.SIGKILL, "error")
    assert site.ask(signal.SIGTERM) == 0
    assert not lives(second)


def test_a_child_whose_parent_was_killed_records_what_it_has_and_ends(
    install: Callable[..., Site],
) -> None:
    site = install()
    child = site.child()
    site.until_accepted(RECIPIENTS // 4)
    assert site.ask(signal.SIGKILL) == -signal.SIGKILL
    wait_until(lambda: not lives(child))
    assert_nothing_in_hand(site.place)
    site.place.manage("send_mailing", "--due")
    assert_promises(site.place, unknown_at_most=0, audience=RECIPIENTS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("report", ["the parent", "both"])
def test_asked_to_leave_both_end_in_order(
    install: Callable[..., Site], number: signal.Signals, report: str
) -> None:
    site = install()
    child = site.child()
    site.until_accepted(RECIPIENTS // 4)
    if report == "both":  # as by systemd, without KillMode=mixed
        os.kill(child, number)
    assert site.ask(number) == 0
    assert not lives(child)
    assert not site.lines("scheduler_process_ended")
    assert_nothing_in_hand(site.place)


def test_asked_twice_it_does_not_wait_for_a_child_that_hangs(install: Callable[..., Site]) -> None:
    site = install(**ONLY_WHEN_WOKEN)
    child = site.child()
    wait_until(lambda: bool(site.lines("scheduler_started")))
    os.kill(child, signal.SIGSTOP)
    site.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        site.process.wait(timeout=2)
    site.ask(signal.SIGTERM)
    wait_until(lambda: not lives(child))


def test_a_child_that_cannot_live_is_started_more_and_more_seldom_and_seen_by_all(
    install: Callable[..., Site],
) -> None:
    site = install(extra=CANNOT_START)
    wait_until(lambda: len(site.lines("scheduler_process_ended")) >= 3)
    report = site.lines("scheduler_process_ended")[:3]
    assert [line["code"] for line in report] == [3, 3, 3]
    assert [line["next_start_in"] for line in report] == [1.0, 2.0, 4.0]
    site.browser()  # the site itself serves on
    with pytest.raises(OSError, match="503") as caught:
        urlopen(f"http://127.0.0.1:{site.port}/readyz", timeout=10)
    body = json.load(caught.value)  # type: ignore[arg-type]
    assert body["alerts"] == ["scheduler_stale", "scheduler_crashed"]
    assert "the process that sends crashed" in site.place.manage("doctor", "--offline").stdout
    assert site.ask(signal.SIGTERM) == 0


def test_pages_write_while_it_sends(install: Callable[..., Site]) -> None:
    """On SQLite there is one writer at a time, whichever process it is in."""
    site = install()
    browser = site.browser()
    site.until_accepted(1)
    written = 0
    while site.place.counters().get("state") != "done":
        assert browser.press("/recipients/tags/", name=f"tag {written}") == 200
        written += 1
    assert site.place.query("SELECT count(*) FROM mailings_tag") == [(written,)]
    assert written > 3
    assert not [*log_lines(site.place.directory / "log", text="locked")]
