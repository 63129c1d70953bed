"""A round in which an experiment comes to its decision while processes are killed."""

from __future__ import annotations

import signal
import sys
from typing import Final

from tests.faults.experiments.verdict import SNAPSHOT, Decisions, judge
from tests.faults.processes.base_install import AUDIENCE, BaseInstall
from tests.faults.processes.children import STUCK, Child
from tests.faults.rounds.observer import Observer
from tests.faults.rounds.round import Round
from tests.faults.rounds.runner import RoundResult, play
from tests.faults.scenarios.registry import Scenario

#: Where a process may die while the sample is sent; None: at a random moment.
SAMPLE_STEPS: Final = (None, "mid_freeze", "after_claim_commit", "mid_experiment_wait")
#: Around the decision, and while the others are sent.
STEPS: Final = (
    *(None, None),
    *("before_judgement", "mid_judgement", "mid_decision", "before_decision_commit"),
    *("after_decision_commit", "after_decision_resume"),
    *("after_claim_commit", "after_dot_before_reply", "mid_record_transaction"),
)
#: While somebody chooses.
CHOICE_STEPS: Final = ("mid_judgement", "mid_decision", "before_decision_commit", "after_choice")
#: Clicks in A and in B: clearly better, and not.
CLICKS: Final = ((30, 60), (5, 10))


class ExperimentInstall(BaseInstall):
    """An installation with a mailing of two variants."""

    preloaded = ("tests.faults.experiments.seed",)

    def fill(self) -> int:
        args = ["-m", "tests.faults.experiments.seed", str(AUDIENCE)]
        done = self.place.run([sys.executable, *args])
        assert done.returncode == 0, done.stderr[-2000:]
        return int(done.stdout.strip())


class ExperimentRound(Round):
    """``rule``: what its owner has said for an experiment that no variant wins."""

    def __init__(self, base: ExperimentInstall, *, seed: int) -> None:
        super().__init__(base, seed=seed)
        self.clicks = self.dice.choice(CLICKS)
        self.rule = self.dice.choice(["first", "leader", "ask", "ask"])
        self.share = self.dice.randint(30, 50)
        self.chosen_by_person: int | None = None
        self.eye.act(
            f"UPDATE mailings_experiment SET if_undecided = '{self.rule}', share = {self.share}"
        )

    def play(self) -> None:
        """The sample is sent, people react, the wait is over; the others are sent."""
        if self.dice.random() < 0.5:
            self.lose_a_worker(SAMPLE_STEPS, self.is_waiting, most=3)
        self.work_until(self.is_waiting, 60.0)
        self.leave()
        self._check_wait()
        self._react()
        for _ in range(self.dice.randint(1, 3)):
            self.lose_a_worker(STEPS, self._stands, most=1)
        if self.rule == "ask" and self.clicks == CLICKS[1]:
            self.work_until(self.is_asked, 60.0)
            self._choose()
            if self.dice.random() < 0.5:
                self.lose_a_worker(STEPS, self.done)
        self.finish()

    def is_waiting(self) -> bool:
        """The sample is sent, and the others wait for the decision."""
        return self._run() == ("deferred", "experiment")

    def is_asked(self) -> bool:
        """The others wait until somebody chooses."""
        return self._run() == ("paused", "experiment_undecided")

    def _stands(self) -> bool:
        return self.done() or self.is_asked()

    def _run(self) -> tuple[str, str]:
        rows = self.eye.see("SELECT state, reason FROM mailings_run") or [("", "")]
        return rows[0][0], rows[0][1]

    def _check_wait(self) -> None:
        """They wait for the very moment of the decision, and nobody of the sample is left."""
        sql = (
            "SELECT r.deferred_until, e.due_at, (SELECT count(*) FROM mailings_delivery d"
            " WHERE d.run_id = r.id AND d.position <= 0 AND d.state NOT IN ('sent', 'unknown'))"
            " FROM mailings_run r JOIN mailings_runexperiment e ON e.run_id = r.id"
        )
        until, due, left = (self.eye.see(sql) or [(None, None, 0)])[0]
        if until is None or until != due or left:
            self.broken.append(f"waits until {until}, decided at {due}, {left} of the sample left")

    def _react(self) -> None:
        # A command leaves when it has to wait; a scheduler wakes at the moment.
        seconds = f"{self.dice.uniform(0.0, 1.5) if self.kind == 'scheduler' else 0:.2f}"
        args = ("react", *map(str, self.clicks), seconds)
        child = self.start("call", "tests.faults.experiments.seed", *args)
        assert child.wait(STUCK) and child.status == 0, f"nobody reacted: {self.cries()[-3:]}"

    def _choose(self) -> None:
        """Killed in the middle or not; then two at once, who want different ones: one gets it."""
        first = self.dice.choice(["A", "B"])
        if self.dice.random() < 0.6:
            child = self._choosing(first, point=self.dice.choice(CHOICE_STEPS))
            assert child.wait(STUCK), "a choice hangs"
            if child.status == -signal.SIGKILL:
                self.died(child)
        before = self._chosen()
        children = {letter: self._choosing(letter) for letter in "AB"}
        for letter, child in children.items():
            assert child.wait(STUCK), f"the choice of {letter} hangs"
        done = [letter for letter, child in children.items() if child.status == 0]
        refused = [letter for letter, child in children.items() if child.status == 2]
        self.chosen_by_person = self._chosen()
        expected = [] if before is not None else ["AB"[(self.chosen_by_person or 1) - 1]]
        if done != expected or len(done) + len(refused) != len(children):
            self.broken.append(f"{done} were chosen, {refused} refused, {expected} expected")

    def _choosing(self, letter: str, point: str = "") -> Child:
        return self.start("mailing", "choose", self.mailing, letter, point=point)

    def _chosen(self) -> int | None:
        rows = self.eye.see("SELECT chosen FROM mailings_runexperiment")
        return rows[0][0] if rows else None

    def story(self) -> str:
        """The run, and its experiment."""
        experiment = self.eye.see(
            "SELECT due_at, judged_at, winner, chosen, decided_at, figures"
            " FROM mailings_runexperiment"
        )
        return f"{super().story()} {experiment}"


def play_experiment(base: ExperimentInstall, seed: int) -> RoundResult:
    """One round, from a fresh database to the verdict."""
    round = ExperimentRound(base, seed=seed)
    decisions = Observer(round.new_eye(), SNAPSHOT, Decisions())
    return play(round, EXPERIMENTS, round.play, lambda: judge(round), decisions)


def experiments(round: Round) -> None:
    """The name in the table: these rounds have no other fault to choose."""


EXPERIMENTS: Final = Scenario("F42", "an experiment is decided, killed", experiments)
