"""Openings and clicks survive the death of the site: each is counted once.

``--fault-rounds 50`` plays fifty rounds on each database; so does ``python -m
tests.faults.engagement``, which prints figures.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.engagement.round import EngagementInstall

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals processes by handle"),
]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_answered_reaction_is_counted_once(
    engine: str, tmp_path: Path, fault_rounds: int
) -> None:
    install = EngagementInstall(engine, tmp_path / engine)
    try:
        for seed in range(1, fault_rounds + 1):
            assert install.play(seed) == [], f"seed {seed}"
    finally:
        install.close()
