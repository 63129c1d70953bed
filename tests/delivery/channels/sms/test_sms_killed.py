"""Senders of text messages are killed: nobody gets one twice, and everybody is accounted for.

``--fault-rounds 25`` kills 25 of them over each database.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from tests import http_service as http
from tests.delivery.channels.killed_senders import assert_accounted_for, installed, kill_senders
from tests.faults.installation import Installation
from tests.http_service import HttpService, Request

pytestmark = pytest.mark.faults

ANSWER = {"message-count": "1", "messages": [{"message-id": "0C00000021", "status": "0"}]}


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
    }
    with installed(request.param, tmp_path, keys) as made:
        yield made


def taken(service: HttpService) -> Counter[str]:
    """How often each message has reached the provider, by our number of it."""
    found = (parse_qs(request.body.decode()) for request in list(service.requests))
    return Counter(one["client-ref"][0] for one in found)


def test_a_killed_sender_doubles_no_text_and_loses_nobody(
    place: Installation, vonage: HttpService, fault_rounds: int
) -> None:
    kill_senders(place, lambda: len(vonage.requests), fault_rounds)
    reached = taken(vonage)
    assert_accounted_for(place, reached, fault_rounds)
    states = {name.partition(".")[0]: state for name, state in place.states().items()}
    assert {one for one, state in states.items() if state == "sent"} <= set(reached)
    assert not {one for one, state in states.items() if state == "failed"} & set(reached)
