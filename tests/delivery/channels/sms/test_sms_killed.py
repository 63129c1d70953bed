"""Senders of text messages are killed: nobody gets one twice, and everybody is accounted for.

``--fault-rounds 25`` kills 25 of them over each database.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests import http_service as http
from tests.faults.installation import Installation
from tests.http_service import HttpService, Request

pytestmark = pytest.mark.faults

PEOPLE, CONNECTIONS = 400, 4
ANSWER = {"message-count": "1", "messages": [{"message-id": "0C00000021", "status": "0"}]}
PHONES = {
    "sqlite": "'7916' || substr('0000000' || id, -7)",
    "postgresql": "'7916' || lpad(id::text, 7, '0')",
}


@pytest.fixture
def vonage() -> Iterator[HttpService]:
    """Takes every message, after a moment in which its sender may die."""
    dice = random.Random(7)

    def usual(request: Request) -> list[http.Step]:
        return [dice.random() / 50, *http.json_reply(ANSWER)(request)]

    with HttpService(usual) as service:
        yield service


@pytest.fixture(params=["sqlite", "postgresql"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, vonage: HttpService
) -> Iterator[Installation]:
    keys = {
        **{"KIND": "sms", "PROVIDER": "vonage", "URL": vonage.url, "SENDER": "Shop"},
        **{"USERNAME": "key", "PASSWORD": "secret", "PER_SECOND": "0"},
        "MAX_CONNECTIONS": str(CONNECTIONS),
    }
    settings: dict[str, Any] = {f"ACCOUNTS__TEXTS__{key}": value for key, value in keys.items()}
    made = Installation(tmp_path / "place", engine=request.param, **settings)
    try:
        made.start()
        yield made
    finally:
        made.close()


def taken(service: HttpService) -> Counter[str]:
    """How often each message has reached the provider, by our number of it."""
    found = (parse_qs(request.body.decode()) for request in list(service.requests))
    return Counter(one["client-ref"][0] for one in found)


def wait_for(service: HttpService, count: int, place: Installation) -> None:
    until = time.monotonic() + 120
    while len(service.requests) < count and place.counters().get("state") != "done":
        assert time.monotonic() < until, "nothing is sent"
        time.sleep(0.01)


def test_a_killed_sender_doubles_no_text_and_loses_nobody(
    place: Installation, vonage: HttpService, fault_rounds: int
) -> None:
    mailing = place.seed(PEOPLE)
    place.on_tables(f"UPDATE mailings_recipient SET phone = {PHONES[place.engine]}")
    place.on_tables("UPDATE mailings_mailing SET channel = 'phone', account = 'texts'")
    dice = random.Random(11)
    for _ in range(fault_rounds):
        sender = place.process("send_mailing", str(mailing))
        more = dice.randint(1, PEOPLE // fault_rounds - CONNECTIONS)
        wait_for(vonage, len(vonage.requests) + more, place)
        sender.kill()
        sender.wait()
    place.manage("send_mailing", str(mailing))

    counts, reached = place.counters(), taken(vonage)
    assert max(reached.values()) == 1, "somebody got a text twice"
    assert (counts["state"], counts["audience"]) == ("done", PEOPLE)
    # A text that three senders died with in hand is given up, without having left.
    assert counts["sent"] + counts["unknown"] + counts["failed"] == PEOPLE
    assert counts["unknown"] <= fault_rounds * CONNECTIONS
    states = {name.partition(".")[0]: state for name, state in place.states().items()}
    assert {one for one, state in states.items() if state == "sent"} <= set(reached)
    assert not {one for one, state in states.items() if state == "failed"} & set(reached)
