"""A round in which people go through an automation while processes are killed."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Final

from tests.faults.automations.verdict import SNAPSHOT, judge, unequal
from tests.faults.processes.base_install import BaseInstall
from tests.faults.processes.children import Child
from tests.faults.rounds.observer import Observer
from tests.faults.rounds.round import Round
from tests.faults.rounds.runner import RoundResult, play
from tests.faults.scenarios.registry import Scenario

#: Where a process may die; None: at a random moment.
STEPS: Final = (
    *(None, None, None),
    "after_automation_claim",
    "mid_automation_step",
    "before_automation_record",
    "mid_automation_letters",
    "after_automation_commit",
    "after_claim_commit",
    "after_dot_before_reply",
    "mid_record_transaction",
)
#: Seconds in which everybody must have come to an end once nobody is killed any more.
_TIMEOUT: Final = 900.0


class AutomationInstall(BaseInstall):
    """An installation with an automation of every kind of step."""

    preloaded = (
        "tests.faults.automations.worker",
        "apps.automations.job",
        "apps.automations.management.commands.automation",
        "apps.api.urls",
    )

    def __init__(self, engine: str, directory: Path, people: int) -> None:
        self.people = people
        super().__init__(engine, directory)

    def fill(self) -> int:
        args = ["-m", "tests.faults.automations.seed", str(self.people)]
        done = self.place.run([sys.executable, *args])
        assert done.returncode == 0, done.stderr[-2000:]
        return int(done.stdout.strip().splitlines()[-1])


class AutomationRound(Round):
    """People come in by a command, and are moved by schedulers."""

    def __init__(self, base: AutomationInstall, *, seed: int) -> None:
        super().__init__(base, seed=seed)
        self.people = base.people
        self.kind = "scheduler"

    def begin_now(self) -> None:
        """The mailings of an automation have no start to wait for."""

    def worker(self, *, point: str = "", kind: str = "") -> Child:
        return self._command("run_scheduler", point=point)

    def _command(self, *args: str, point: str = "") -> Child:
        return self.start("call", "tests.faults.automations.worker", "command", *args, point=point)

    def play(self) -> None:
        """People come in, perhaps in several goes, and schedulers are killed meanwhile."""
        self._enrol()
        for _ in range(self.dice.randint(4, 7)):
            self.lose_a_worker(STEPS, self.is_over)
        self.work_until(self.is_over, _TIMEOUT)
        self.leave()

    def _enrol(self) -> None:
        """Killed in the middle of a chunk or not: said again, it takes in who is missing."""
        killed = self.dice.random() < 0.6
        if killed:
            child = self._enrolling(point=f"mid_enrol:{self.dice.randint(1, 3)}")
            child.wait(30.0)
            if child.status == -signal.SIGKILL:
                self.died(child)
            self.kill(child)
        child = self._enrolling()
        if not child.wait(60.0) or child.status:
            self.broken.append(f"nobody could be enrolled: exit {child.status}")

    def _enrolling(self, point: str = "") -> Child:
        return self._command("automation", "enrol", self.mailing, "--everyone", point=point)

    def is_over(self) -> bool:
        """Everybody has come to an end, and every letter has one, too."""
        sql = (
            "SELECT (SELECT count(*) FROM automations_enrolment"
            " WHERE state IN ('waiting', 'moving')), (SELECT count(*) FROM automations_enrolment),"
            " (SELECT count(*) FROM mailings_delivery WHERE state IN ('pending', 'sending'))"
        )
        live, entered, letters = (self.eye.see(sql) or [(1, 0, 1)])[0]
        return bool(live == 0 and letters == 0 and entered >= self.people)

    def story(self) -> str:
        """Where people are, and the runs of their letters."""
        steps = self.eye.see(
            "SELECT s.key, e.state, e.reason, count(*) FROM automations_enrolment e"
            " LEFT JOIN automations_step s ON s.id = e.step_id GROUP BY s.key, e.state, e.reason"
        )
        return f"{steps} {super().story()}"


def play_automation(base: AutomationInstall, seed: int) -> RoundResult:
    """One round, from a fresh database to the verdict."""
    round = AutomationRound(base, seed=seed)
    people = Observer(round.new_eye(), SNAPSHOT, unequal)
    return play(round, AUTOMATIONS, round.play, lambda: judge(round), people)


def automations(round: Round) -> None:
    """The name in the table: these rounds have no other fault to choose."""


AUTOMATIONS: Final = Scenario("F37", "people go through an automation, killed", automations)
