"""A round in which a feed is read, launched and sent, and processes are killed in between."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterable
from typing import Final

from tests.faults.feeds.verdict import judge
from tests.faults.processes.base_install import BaseInstall
from tests.faults.processes.children import Child, wait_until
from tests.faults.rounds.round import Round
from tests.faults.rounds.runner import RoundResult, play
from tests.faults.scenarios.registry import Scenario
from tests.http_service import HttpService, Request, Step, written
from tests.mailings.feeds.documents import post, rss

#: Where a process may die; None: at a random moment.
STEPS: Final = (
    None,
    "after_feed_fetch",
    "mid_feed_keep",
    "after_feed_keep",
    "before_feed_finish",
    "after_feed_finish",
    "mid_launch",
    "after_launch_commit",
    "mid_freeze",
    "after_claim_commit",
    "after_dot_before_reply",
    "mid_record_transaction",
)


class FeedInstall(BaseInstall):
    """An installation with a mailing that has a feed."""

    preloaded = ("tests.faults.feeds.worker", "tests.faults.feeds.seed")

    def fill(self) -> int:
        done = self.place.run([sys.executable, "-m", "tests.faults.feeds.seed"])
        assert done.returncode == 0, done.stderr[-2000:]
        return int(done.stdout.strip().splitlines()[-1])


class FeedRound(Round):
    """The feed's server beside the mail server, and what it has published."""

    def __init__(self, base: BaseInstall, *, seed: int) -> None:
        super().__init__(base, seed=seed)
        self.mail.delay = self.dice.uniform(0.005, 0.03)
        self.constants |= {
            "apps.mailings.ledger.freeze:CHUNK": 5,
            "apps.mailings.services.feeds.keeping:HELD_SECONDS": 0.8,
        }
        self.published: list[int] = []
        self.occurrences = 0  # that had something new
        self.feed = HttpService(self._answer).__enter__()
        self.eye.act(f"UPDATE mailings_feed SET url = '{self.feed.url}/feed.xml'")

    def _answer(self, request: Request) -> Iterable[Step]:
        """The feed; now and then an error, or the connection cut in the middle."""
        chance = self.dice.random()
        if chance < 0.1:
            return [written(b"", 503)]
        content = rss([post(number) for number in reversed(self.published)])
        whole = written(content, content_type="application/rss+xml")
        return [whole[: len(whole) // 2]] if chance < 0.15 else [whole]

    def publish(self) -> None:
        """One to three new posts."""
        for _ in range(self.dice.randint(1, 3)):
            self.published.append(len(self.published) + 1)

    def worker(self, *, point: str = "", kind: str = "") -> Child:
        if (kind or self.kind) == "scheduler":
            args = ["run_scheduler"]
        else:
            args = ["send_mailing", "--due"]
        return self.start("call", "tests.faults.feeds.worker", "command", *args, point=point)

    def play(self) -> None:
        """Three starts: with news, without any, with news again."""
        for has_news in (True, False, True):
            if has_news:
                self.publish()
                self.occurrences += 1
            self._come_due()
            for _ in range(self.dice.randint(1, 2)):
                self._lose_a_worker()
            self.work_until(self._is_over, 90.0)
            self.leave()

    def _come_due(self) -> None:
        """A week has passed. Whole seconds: Django writes them otherwise than SQLite does."""
        if self.on_sqlite:
            moment, later = "datetime('now')", "datetime('now', '+1 day')"
        else:
            moment = "date_trunc('second', now())"
            later = f"{moment} + interval '1 day'"
        self.eye.act(
            f"UPDATE mailings_mailing SET starts_at = {moment}, ends_at = {later},"
            f" scheduled_at = {moment}, repeat_from = NULL WHERE id = {self.mailing}"
        )

    def _lose_a_worker(self) -> None:
        step = self.dice.choice(STEPS)
        worker = self.worker(point=f"{step}:{self.dice.randint(1, 2)}" if step else "")
        moment = time.monotonic() + self.dice.uniform(0.05, 2.5)
        wait_until(
            lambda: not worker.alive or (not step and time.monotonic() > moment) or self._is_over(),
            6.0,
        )
        if worker.alive:
            self.kill(worker)
        elif worker.status == -signal.SIGKILL:
            self.died(worker)
        self.mark()

    def story(self) -> str:
        """The runs, and what the mailing and its feed wait for."""
        mailing = self.eye.see(
            "SELECT status, starts_at, scheduled_at, start_refusal FROM mailings_mailing"
        )
        feed = self.eye.see(
            "SELECT url, read_for, passed_for, next_at, held_until, failures FROM mailings_feed"
        )
        return f"{super().story()} {mailing} {feed}"

    def _is_over(self) -> bool:
        """The mailing has moved on to its next start, and every run is at its end."""
        sql = (
            "SELECT (SELECT count(*) FROM mailings_run WHERE state <> 'done'),"
            " (SELECT count(*) FROM mailings_mailing WHERE status <> 'created' OR starts_at <="
            + (" now())" if not self.on_sqlite else " datetime('now'))")
        )
        return (self.eye.see(sql) or [(1, 1)])[0] == (0, 0)

    def close(self) -> None:
        super().close()
        self.feed.__exit__()


def play_feed(base: FeedInstall, seed: int) -> RoundResult:
    """One round, from a fresh database to the verdict."""
    round = FeedRound(base, seed=seed)
    return play(round, FEEDS, round.play, lambda: judge(round))


def feeds(round: Round) -> None:
    """The name in the table: these rounds have no other fault to choose."""


FEEDS: Final = Scenario("F36", "a feed is read, launched and sent, workers are killed", feeds)
