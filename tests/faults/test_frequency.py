"""Two a week are two: three accounts, five mailings, four processes, kill -9 in each week."""

from __future__ import annotations

import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.faults.browser import free_port
from tests.faults.installation import STATES, Installation

pytestmark = pytest.mark.faults

PEOPLE, WEEK = 60, timedelta(days=7)
ACCOUNTS = ("sink", "second", "third")
#: One mailing each; all of them go to everybody.
MAILINGS = ("sink", "second", "third", "sink", "second")
#: The program's clock is the database's; here a row puts it forward for all processes at once.
FORWARD = """
from apps.mailings.ledger import dialect
dialect.CLOCK = "(clock_timestamp() + (SELECT shift FROM fault_clock))"
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    port = free_port()
    common = {"KIND": "smtp", "HOST": "127.0.0.1", "PORT": str(port), "SECURITY": "none"}
    common |= {"FROM_EMAIL": "news@example.org", "MAX_CONNECTIONS": "2", "WINDOW": "10"}
    declared: dict[str, Any] = {
        f"ACCOUNTS__{name}__{key}".upper(): one for name in ACCOUNTS for key, one in common.items()
    }
    made = Installation(tmp_path / "place", engine="postgresql", extra=FORWARD, **declared)
    made.directory.mkdir()
    made.open_sink("--port", str(port), "--jitter", "0.05")
    try:
        made.start(port=port)
        made.on_tables("CREATE TABLE fault_clock (shift interval NOT NULL)")
        made.on_tables("INSERT INTO fault_clock VALUES ('0 seconds')")
        for account in MAILINGS:
            mailing = made.seed(PEOPLE, ends_in=60 * 86_400)
            made.on_tables(
                f"UPDATE mailings_mailing SET account = '{account}' WHERE id = {mailing}"
            )
        made.on_tables(
            "INSERT INTO mailings_frequencygate SELECT id FROM users_user;"
            " INSERT INTO mailings_frequencyrule"
            " (owner_id, messages, days, channel, created_at, updated_at)"
            " SELECT id, 2, 7, '', now(), now() FROM users_user"
        )
        yield made
    finally:
        made.close()


def wait_for(seen: Callable[[], bool], seconds: float = 120.0) -> None:
    until = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)


def handed_over(place: Installation) -> int:
    return sum(place.accepted().values())


def stands_still(place: Installation) -> bool:
    """All runs are over, or wait for the rule, and nobody holds a letter."""
    runs = place.query("SELECT state, reason, sending FROM mailings_run")
    calm = {("done", "", 0), ("deferred", "frequency_cap", 0)}
    return len(runs) == len(MAILINGS) and {*runs} <= calm


def kill_some(
    place: Installation, workers: list[subprocess.Popen[str]], kills: int, dice: random.Random
) -> None:
    """kill -9 at random moments of this week; another one takes each one's place."""
    for _ in range(kills):
        target = handed_over(place) + dice.randint(1, 2 * PEOPLE // kills)
        wait_for(lambda: handed_over(place) >= target or stands_still(place))
        victim = workers.pop(dice.randrange(len(workers)))
        victim.kill()
        victim.wait()
        workers.append(place.process("run_scheduler"))


def got(place: Installation) -> dict[int, list[datetime]]:
    """When each person got something, or may have, as the ledger knows it."""
    found: dict[int, list[datetime]] = {}
    sql = (
        "SELECT recipient_id, sent_at FROM mailings_delivery"
        " WHERE state IN ('sent', 'unknown') ORDER BY sent_at"
    )
    for person, at in place.query(sql):
        found.setdefault(person, []).append(at)
    return found


def by_person(place: Installation) -> Counter[int]:
    """How many messages the mail server accepted for each person."""
    names = place.query(
        "SELECT d.id, r.key, d.recipient_id FROM mailings_delivery d"
        " JOIN mailings_run r ON r.id = d.run_id"
    )
    people = {f"{pk}.{key}": person for pk, key, person in names}
    accepted = place.accepted()
    assert max(accepted.values()) == 1, "somebody got a message twice"
    return Counter(people[name.partition("@")[0]] for name in accepted)


def assert_waits_name_their_end(place: Installation) -> None:
    """Who waits does so until the older of the two of this week is a week old, and says so.

    What was still in a worker's hands counts from the moment of the claim: by so much too early,
    and asked about again then.
    """
    times = got(place)
    waiting = place.query(
        "SELECT recipient_id, not_before, response FROM mailings_delivery WHERE state = 'pending'"
    )
    for person, until, response in waiting:
        early = times[person][-2] + WEEK - until
        assert timedelta() <= early < timedelta(minutes=2) and response == "@cap_waits"
    runs = place.query(
        "SELECT r.deferred_until, min(d.not_before) FROM mailings_run r"
        " JOIN mailings_delivery d ON d.run_id = r.id AND d.state = 'pending'"
        " WHERE r.state = 'deferred' GROUP BY r.id"
    )
    assert all(until == first for until, first in runs)


def test_nobody_gets_a_third_in_a_week(place: Installation, fault_rounds: int) -> None:
    dice = random.Random(7)
    workers = [place.process("run_scheduler") for _ in range(4)]
    for week, total in enumerate((2, 4, 5), 1):
        kill_some(place, workers, max(1, fault_rounds // 3), dice)
        wait_for(lambda: stands_still(place) and min(map(len, got(place).values())) == total)
        assert {len(times) for times in got(place).values()} == {total}
        assert max(by_person(place).values()) <= total
        assert_waits_name_their_end(place)
        shift = f"UPDATE fault_clock SET shift = interval '{week * 7} days {week} hours'"
        place.on_tables(shift)
    for times in got(place).values():
        assert all(third - first >= WEEK for first, third in zip(times, times[2:], strict=False))
    columns = ", ".join(STATES)
    for audience, *counts in place.query(f"SELECT audience, {columns} FROM mailings_run"):
        assert audience == sum(counts) == PEOPLE
