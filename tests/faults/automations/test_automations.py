"""People go through an automation while processes are killed: every step once, no letter twice.

``--fault-rounds 100`` plays a hundred rounds on each database; so does ``python -m
tests.faults.automations`` with 2 000 people, which prints figures.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.automations.round import AutomationInstall, play_automation

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals processes by handle"),
]

#: People of the short rounds.
PEOPLE = 300


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_step_is_done_once_whatever_is_killed(
    engine: str, tmp_path: Path, fault_rounds: int
) -> None:
    base = AutomationInstall(engine, tmp_path / engine, PEOPLE)
    try:
        for seed in range(1, fault_rounds + 1):
            assert play_automation(base, seed).verdict.broken == [], f"seed {seed}"
    finally:
        base.close()
