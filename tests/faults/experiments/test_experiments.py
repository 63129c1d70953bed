"""An experiment is decided once, whatever is killed around the decision.

``--fault-rounds 50`` plays fifty rounds on each database; so does ``python -m
tests.faults.experiments``, which prints figures.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.experiments.round import ExperimentInstall, play_experiment

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals processes by handle"),
]

#: So few that are asked for are two of this kind: a round takes some ten seconds.
FEW = 3


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_it_is_decided_once_and_the_others_get_what_was_chosen(
    engine: str, tmp_path: Path, fault_rounds: int
) -> None:
    base = ExperimentInstall(engine, tmp_path / engine)
    try:
        for seed in range(1, 3 if fault_rounds <= FEW else fault_rounds + 1):
            assert play_experiment(base, seed).verdict.broken == [], f"seed {seed}"
    finally:
        base.close()
