"""Senders of texts that are killed (-9), over whatever takes the texts."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.faults.installation import Installation

#: Recipients, and texts that may be in flight at once.
PEOPLE: Final = 400
AT_ONCE: Final = 4
_PHONES: Final = {
    "sqlite": "'7916' || substr('0000000' || id, -7)",
    "postgresql": "'7916' || lpad(id::text, 7, '0')",
}


@contextmanager
def installed(engine: str, directory: Path, keys: Mapping[str, str]) -> Iterator[Installation]:
    """An installation whose account ``texts`` has these keys, and so many connections."""
    account = {**keys, "MAX_CONNECTIONS": str(AT_ONCE)}
    settings: dict[str, Any] = {f"ACCOUNTS__TEXTS__{key}": value for key, value in account.items()}
    made = Installation(directory / "place", engine=engine, **settings)
    try:
        made.start()
        yield made
    finally:
        made.close()


def kill_senders(place: Installation, reached: Callable[[], int], rounds: int) -> None:
    """Send to everybody with so many senders killed on the way, and one that ends.

    ``reached``: how many texts have come so far. A kill leaves no more unknown than were in flight.
    """
    mailing = place.seed(PEOPLE)
    place.on_tables(f"UPDATE mailings_recipient SET phone = {_PHONES[place.engine]}")
    place.on_tables("UPDATE mailings_mailing SET channel = 'phone', account = 'texts'")
    dice = random.Random(11)
    for kills in range(1, rounds + 1):
        sender = place.process("send_mailing", str(mailing))
        more = dice.randint(1, PEOPLE // rounds - AT_ONCE)
        _wait_for(reached, reached() + more, place)
        sender.kill()
        sender.wait()
        assert place.counters().get("unknown", 0) <= kills * AT_ONCE
    place.manage("send_mailing", str(mailing))


def _wait_for(reached: Callable[[], int], count: int, place: Installation) -> None:
    until = time.monotonic() + 120
    while reached() < count and place.counters().get("state") != "done":
        assert time.monotonic() < until, "nothing is sent"
        time.sleep(0.01)


def assert_accounted_for(place: Installation, reached: Counter[str], kills: int) -> None:
    """Nobody got a text twice, and everybody is in one state.

    A text that three senders died with in hand is given up, without having left.
    """
    counts = place.counters()
    assert max(reached.values()) == 1, "somebody got a text twice"
    assert (counts["state"], counts["audience"]) == ("done", PEOPLE)
    assert counts["sent"] + counts["unknown"] + counts["failed"] == PEOPLE
    assert counts["unknown"] <= kills * AT_ONCE
    print(f"{kills} kills, {counts['unknown']} unknown, {len(reached)} reached once")
