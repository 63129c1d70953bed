"""One round of every family of faults, on both databases: the promises of docs/reliability.md.

``--fault-rounds 30`` plays ten rounds of each. Everything else: ``python -m tests.faults``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.faults.processes.base_install import BaseInstall
from tests.faults.rounds.runner import drawn, play_round
from tests.faults.scenarios import every

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals processes by handle"),
]

EVERYWHERE = (
    "kill_at_random",
    "kill_at_after_claim_commit",
    "kill_at_after_dot_before_reply",
    "kill_at_mid_record_transaction",
    "kill_in_recovery",
    "suspend",
    "crowd",
    "limited",
    "no_journal",
    "dropped_after_the_dot",
    "bears_nothing_behind",
    "spare_account",
    "end_in_the_middle",
    "unsubscribed",
)
ON_POSTGRESQL = ("restarted", "terminated", "commit_unheard", "database_away")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def base(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BaseInstall]:
    """One filled installation for all rounds of a database."""
    made = BaseInstall(request.param, tmp_path_factory.mktemp(request.param))
    yield made
    made.close()


def keeps_its_promises(base: BaseInstall, name: str, fault_rounds: int) -> None:
    """No broken promise in a round with seed 1, or in as many rounds as were asked for."""
    for seed in range(1, max(1, fault_rounds // 3) + 1):
        verdict = play_round(base, drawn(base.engine, seed, name), seed).verdict
        assert verdict.broken == [], f"seed {seed}"
        assert verdict.lost == 0


@pytest.mark.parametrize("name", EVERYWHERE)
def test_nothing_is_lost_or_doubled(base: BaseInstall, name: str, fault_rounds: int) -> None:
    keeps_its_promises(base, name, fault_rounds)


@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_a_database_with_a_fault_costs_nobody_anything(
    base: BaseInstall, name: str, fault_rounds: int
) -> None:
    if base.engine == "sqlite":
        pytest.skip("SQLite has no server")
    if name == "restarted" and base.cluster is None:
        pytest.skip("no PostgreSQL of our own to be restarted")
    keeps_its_promises(base, name, fault_rounds)


def test_a_full_disk_costs_nobody_anything(base: BaseInstall, fault_rounds: int) -> None:
    if base.engine != "sqlite" or os.geteuid():
        pytest.skip("needs SQLite and the right to mount a file system")
    keeps_its_promises(base, "full_disk", fault_rounds)


def test_the_named_rounds_exist() -> None:
    known = {found.name for engine in ("sqlite", "postgresql") for found in every(engine)}
    assert {*EVERYWHERE, *ON_POSTGRESQL} <= known
