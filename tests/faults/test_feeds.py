"""A feed is read, launched and sent while processes are killed: nothing twice, nothing lost.

``--fault-rounds 100`` plays a hundred rounds on each database; so does ``python -m
tests.faults.feeds``, which prints figures.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.feeds.round import FeedInstall, play_feed

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals processes by handle"),
]

#: So few that are asked for are two of this kind: a round takes some ten seconds.
FEW = 3


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_no_item_is_sent_twice_and_none_is_lost(
    engine: str, tmp_path: Path, fault_rounds: int
) -> None:
    base = FeedInstall(engine, tmp_path / engine)
    try:
        for seed in range(1, 3 if fault_rounds <= FEW else fault_rounds + 1):
            assert play_feed(base, seed).verdict.broken == [], f"seed {seed}"
    finally:
        base.close()
