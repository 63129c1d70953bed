"""Senders of texts over SMPP are killed: nobody gets one twice, and everybody is accounted for.

``--fault-rounds 25`` kills 25 of them over each database.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.channels.smpp.centre import SmppCentre, Submit, accepted
from tests.faults.installation import Installation
from tests.http_service import Step

pytestmark = pytest.mark.faults

PEOPLE, WINDOW = 400, 4
PHONES = {
    "sqlite": "'7916' || substr('0000000' || id, -7)",
    "postgresql": "'7916' || lpad(id::text, 7, '0')",
}


@pytest.fixture
def centre() -> Iterator[SmppCentre]:
    """Takes every text, after a moment in which its sender may die."""
    dice = random.Random(7)

    def usual(submit: Submit) -> Iterable[Step]:
        return [dice.random() / 100, accepted(submit)]

    with SmppCentre(usual) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, centre: SmppCentre
) -> Iterator[Installation]:
    keys = {
        **{"KIND": "smpp", "HOST": "127.0.0.1", "PORT": str(centre.port), "SECURITY": "none"},
        **{"USERNAME": "vestnik", "PASSWORD": "secret08", "SENDER": "Shop"},
        "MAX_CONNECTIONS": str(WINDOW),
    }
    settings: dict[str, Any] = {f"ACCOUNTS__TEXTS__{key}": value for key, value in keys.items()}
    made = Installation(tmp_path / "place", engine=request.param, **settings)
    try:
        made.start()
        yield made
    finally:
        made.close()


def wait_for(centre: SmppCentre, count: int, place: Installation) -> None:
    until = time.monotonic() + 120
    while len(centre.submits) < count and place.counters().get("state") != "done":
        assert time.monotonic() < until, "nothing is sent"
        time.sleep(0.01)


def test_a_killed_sender_doubles_no_text_and_loses_nobody(
    place: Installation, centre: SmppCentre, fault_rounds: int
) -> None:
    mailing = place.seed(PEOPLE)
    place.on_tables(f"UPDATE mailings_recipient SET phone = {PHONES[place.engine]}")
    place.on_tables("UPDATE mailings_mailing SET channel = 'phone', account = 'texts'")
    dice, kills = random.Random(11), 0
    for _ in range(fault_rounds):
        sender = place.process("send_mailing", str(mailing))
        more = dice.randint(1, PEOPLE // fault_rounds - WINDOW)
        wait_for(centre, len(centre.submits) + more, place)
        sender.kill()
        sender.wait()
        kills += 1
        assert place.counters().get("unknown", 0) <= kills * WINDOW
    place.manage("send_mailing", str(mailing))

    counts, reached = place.counters(), centre.phones()
    assert max(reached.values()) == 1, "somebody got a text twice"
    assert (counts["state"], counts["audience"]) == ("done", PEOPLE)
    # A text that three senders died with in hand is given up, without having left.
    assert counts["sent"] + counts["unknown"] + counts["failed"] == PEOPLE
    assert counts["unknown"] <= fault_rounds * WINDOW
    print(f"{kills} kills, {counts['unknown']} unknown, {len(reached)} reached once")
