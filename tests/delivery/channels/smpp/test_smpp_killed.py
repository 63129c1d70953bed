"""Senders of texts over SMPP are killed: nobody gets one twice, and everybody is accounted for.

``--fault-rounds 25`` kills 25 of them over each database.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.delivery.channels.killed_senders import assert_accounted_for, installed, kill_senders
from tests.delivery.channels.smpp.centre import SmppCentre, Submit, accepted
from tests.faults.installation import Installation
from tests.http_service import Step

pytestmark = pytest.mark.faults


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
    }
    with installed(request.param, tmp_path, keys) as made:
        yield made


def test_a_killed_sender_doubles_no_text_and_loses_nobody(
    place: Installation, centre: SmppCentre, fault_rounds: int
) -> None:
    kill_senders(place, lambda: len(centre.submits), fault_rounds)
    assert_accounted_for(place, centre.phones(), fault_rounds)
