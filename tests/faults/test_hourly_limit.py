"""A hundred an hour is a hundred an hour: eight processes, five hours, kill -9 in every one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.installation import Installation

HOURS, LIMIT = 5, 100
#: The program's clock is the database's; here a row puts it forward for all processes at once.
FORWARD = """
from apps.mailings.ledger import dialect
dialect.CLOCK = "(clock_timestamp() + (SELECT shift FROM fault_clock))"
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(
        tmp_path / "place",
        engine="postgresql",
        extra=FORWARD,
        ACCOUNTS__SINK__PER_HOUR=str(LIMIT),
        ACCOUNTS__SINK__WINDOW="40",
    )
    try:
        made.start()
        write(made, "CREATE TABLE fault_clock (shift interval NOT NULL)")
        write(
            made,
            "INSERT INTO fault_clock SELECT date_trunc('hour', clock_timestamp())"
            " + interval '1 hour 5 seconds' - clock_timestamp()",
        )
        yield made
    finally:
        made.close()


def write(place: Installation, sql: str) -> None:
    with place._connection() as connection:
        with connection.cursor() as cursor:
            cursor.execute(sql)
        connection.commit()


def an_hour_later(place: Installation) -> None:
    write(place, "UPDATE fault_clock SET shift = shift + interval '1 hour'")


def wait_for(seen: Callable[[], bool], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)


def sent(place: Installation) -> int:
    return sum(place.accepted().values())


def waits(place: Installation) -> bool:
    run = place.counters()
    return bool(run) and (run["state"], run["reason"]) == ("deferred", "rate_limit")


def test_eight_processes_send_exactly_the_limit_in_every_hour(place: Installation) -> None:
    place.seed(HOURS * LIMIT + 20, ends_in=2 * 86_400)
    for _ in range(8):
        place.process("run_scheduler")
    for hour in range(1, HOURS + 1):
        wait_for(lambda: sent(place) >= hour * LIMIT and waits(place))
        assert sent(place) == hour * LIMIT
        an_hour_later(place)
    wait_for(lambda: place.counters()["state"] == "done")

    assert sent(place) == HOURS * LIMIT + 20
    assert max(place.accepted().values()) == 1
    used = place.query("SELECT used FROM delivery_limitwindow ORDER BY starts_at")
    assert used == [(LIMIT,)] * HOURS + [(20,)]


def test_with_kill_9_in_every_hour_it_is_never_more(place: Installation) -> None:
    dice = random.Random(5)
    place.seed(HOURS * LIMIT, ends_in=2 * 86_400)
    before = 0
    for _ in range(HOURS):
        workers = [place.process("run_scheduler") for _ in range(2)]
        target = before + dice.randint(1, LIMIT - 10)
        wait_for(lambda: sent(place) >= target)
        for worker in workers:
            worker.kill()
            worker.wait()
        others = [place.process("run_scheduler") for _ in range(2)]
        wait_for(lambda: waits(place) or place.counters()["state"] == "done")
        assert sent(place) - before <= LIMIT
        before = sent(place)
        for other in others:
            other.terminate()
            other.wait()
        an_hour_later(place)

    counts = place.counters()
    assert max(place.accepted().values()) == 1
    assert counts["sent"] + counts["unknown"] + counts["pending"] == HOURS * LIMIT
    assert all(used <= LIMIT for (used,) in place.query("SELECT used FROM delivery_limitwindow"))
