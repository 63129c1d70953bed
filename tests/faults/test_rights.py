"""People come and go at the public pages while a run goes and processes are killed.

``--fault-rounds 100`` plays a hundred rounds on each database; so does ``python -m
tests.faults.rights``, which prints figures.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults.rights.round import RightsInstall, play_rights
from tests.faults.rights.verdict import Claimed, Notes

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals processes by handle"),
]

#: So few that are asked for are one of this kind: a round takes some ten seconds.
FEW = 3


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_who_left_before_the_claim_is_not_written_to(
    engine: str, tmp_path: Path, fault_rounds: int
) -> None:
    base = RightsInstall(engine, tmp_path / engine)
    try:
        for seed in range(1, 2 if fault_rounds <= FEW else fault_rounds + 1):
            assert play_rights(base, seed).verdict.broken == [], f"seed {seed}"
    finally:
        base.close()


def notes_of(tmp_path: Path, acts: str) -> Notes:
    file, none = tmp_path / "acts.log", tmp_path / "claims.log"
    file.write_text(acts, encoding="utf-8")
    none.write_text("20.0 21.0 5 6\n", encoding="utf-8")
    return Notes.read(file, none)


BEGINS = '{"who": 1, "act": "one_click", "begins": 10.0}\n'
LEFT = '{"who": 1, "act": "one_click", "ends": 11.0, "may_get": false}\n'
BACK = (
    '{"who": 1, "act": "undo", "begins": 12.0}\n'
    '{"who": 1, "act": "undo", "ends": 13.0, "may_get": true}\n'
)
SEEN = '{"who": 1, "act": "seen", "ends": 30.0, "may_get": true}\n'


@pytest.mark.parametrize(
    ("acts", "had_left"),
    [
        (BEGINS + LEFT, True),
        (BEGINS + LEFT + BACK, False),
        (BEGINS, False),  # cut short: nobody knows
        (BEGINS + SEEN, False),
        (BEGINS + LEFT.replace("11.0", "20.5"), False),  # at the same moment
        (BEGINS + LEFT + BACK.replace("12.0", "22.0").replace("13.0", "23.0"), True),
    ],
    ids=["left", "back", "cut short", "replaced", "at once", "back too late"],
)
def test_the_verdict_knows_who_had_left(tmp_path: Path, acts: str, had_left: bool) -> None:
    notes = notes_of(tmp_path, acts)
    assert notes.claims[6] == [Claimed(20.0, 21.0)]
    assert notes.had_left(1, notes.claims[5][-1]) is had_left
