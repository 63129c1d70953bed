"""A round in which people come and go while a run goes, and processes are killed."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Final

from tests.faults.processes.base_install import BaseInstall
from tests.faults.processes.children import Child, wait_until
from tests.faults.processes.points import CLAIMS
from tests.faults.rights.seed import AUDIENCE
from tests.faults.rights.verdict import judge
from tests.faults.rounds.observer import Observer
from tests.faults.rounds.round import Round
from tests.faults.rounds.runner import RoundResult
from tests.faults.rounds.verdict import Verdict
from tests.faults.scenarios.registry import Scenario

#: Processes in which people use the public pages.
CROWDS: Final = 2
#: Where a worker may die; None: at a random moment. The freeze is resumed after its windows, too.
STEPS: Final = (
    None,
    None,
    None,
    "mid_freeze",
    "after_freeze_commit",
    "after_claim_commit",
    "after_dot_before_reply",
    "mid_record_transaction",
    "in_recovery",
)
#: How often such a step is passed, at most, before everybody is served.
_PASSES: Final = {"after_dot_before_reply": 60, "after_claim_commit": 8, "in_recovery": 1}


class RightsInstall(BaseInstall):
    """An installation with people of every right, and the pages loaded."""

    preloaded = ("config.urls", "tests.faults.rights.visitors", "tests.faults.rights.seed")

    def fill(self) -> int:
        done = self.place.run([sys.executable, "-m", "tests.faults.rights.seed"])
        assert done.returncode == 0, done.stderr[-2000:]
        return int(done.stdout.strip())


class RightsRound(Round):
    """The people's processes besides the workers, and what both have noted."""

    def __init__(self, base: BaseInstall, *, seed: int) -> None:
        super().__init__(base, seed=seed)
        self.terms.window = 12
        self.mail.delay = self.dice.uniform(0.03, 0.08)
        self.settings = {"ALLOWED_HOSTS": ["*"]}
        self.constants |= {
            "apps.mailings.ledger.freeze:CHUNK": 30,
            "apps.feedback.views.signup:PADDED": 0.0,
        }
        self.acts, self.claims = base.directory / "acts.log", base.directory / "claims.log"
        for file in (self.acts, self.claims):
            file.unlink(missing_ok=True)
        self.environment[CLAIMS] = str(self.claims)
        self.deaths = 0

    def people(self, share: int) -> Child:
        """One process of people at the pages."""
        args = (str(share), str(CROWDS), str(self.dice.getrandbits(32)), str(self.acts))
        return self.start("call", "tests.faults.rights.visitors", "visit", *args)

    def done(self) -> bool:
        """The mailing's run; the confirmations have runs of their own."""
        sql = f"SELECT state FROM mailings_run WHERE mailing_id = {self.mailing}"
        return (self.eye.see(sql) or [("",)])[0] == ("done",)

    def all_done(self) -> bool:
        return self.eye.see("SELECT count(*) FROM mailings_run WHERE state <> 'done'") == [(0,)]

    def sent(self) -> int:
        """Of the mailing, as the ledger counts them."""
        sql = f"SELECT sent, audience FROM mailings_run WHERE mailing_id = {self.mailing}"
        return int((self.eye.see(sql) or [(0, 0)])[0][0])

    def play(self) -> None:
        """People come and go, workers die and are replaced, until everybody is served."""
        crowd = [self.people(share) for share in range(CROWDS)]
        # Launched manually: what was due an hour ago is not begun on its own any more.
        self.press("launch")
        for _ in range(self.dice.randint(1, 3)):
            self._lose_a_worker()
        if self.dice.random() < 0.7:
            share = self.dice.randrange(CROWDS)
            crowd[share].kill()
            self.deaths += 1
            crowd[share] = self.people(share)
        self.finish_serving(crowd)

    def _lose_a_worker(self) -> None:
        step = self.dice.choice(STEPS)
        worker = self.worker(point=step and f"{step}:{self._count(step)}" or "")
        target = self.sent() + self.dice.randint(3, 30)
        wait_until(lambda: not worker.alive or self.done() or self.sent() >= target, 20.0, 0.02)
        if worker.alive:
            self.kill(worker)
        elif worker.status == -signal.SIGKILL:
            self.died(worker)
        self.mark()

    def _count(self, step: str) -> int:
        return self.dice.randint(1, _PASSES.get(step, 4))

    def finish_serving(self, crowd: list[Child]) -> None:
        """The run comes to its end; then the people go home, and the last letters go out."""
        self._work_until(self.done, 120.0)
        for child in crowd:
            child.signal(signal.SIGTERM)
        for child in crowd:
            if not child.wait(120.0):
                self.broken.append("somebody at the pages does not come to an end")
            elif child.status:
                self.broken.append(f"at the pages: exit {child.status}: {self.cries()[-3:]}")
        self._work_until(self.all_done, 60.0)
        self.leave()

    def _work_until(self, happened: Callable[[], bool], seconds: float) -> None:
        until, worker = time.monotonic() + seconds, None
        while not happened():
            if worker is None or not worker.alive:
                worker = self.worker(kind="scheduler")
            if time.monotonic() > until:
                raise AssertionError(f"not done after {seconds:.0f} s: {self.story()}")
            worker.wait(0.05)


def play_rights(base: RightsInstall, seed: int) -> RoundResult:
    """One round, from a fresh database to the verdict."""
    started = time.monotonic()
    round = RightsRound(base, seed=seed)
    try:
        with Observer(round.new_eye()) as observer:
            try:
                round.play()
            except Exception:  # a defect of any kind must not end the other rounds
                round.broken.append(traceback.format_exc(limit=-3).strip())
                round.broken.append(round.story())
        verdict: Verdict = judge(round)
        verdict.looks = observer.looks
        verdict.broken += observer.broken
    finally:
        round.close()
    return RoundResult(base.engine, RIGHTS, seed, time.monotonic() - started, verdict)


def rights(round: Round) -> None:
    """The name in the table: these rounds have no other fault to choose."""


RIGHTS: Final = Scenario(
    "F35", f"{AUDIENCE} people come and go, workers and the site are killed", rights
)
