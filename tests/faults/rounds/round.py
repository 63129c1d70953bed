"""One round: a fresh database, a receiver, and processes to be hurt."""

from __future__ import annotations

import random
import re
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.processes.base_install import AUDIENCE, BaseInstall
from tests.faults.processes.children import STUCK, Child, Order, wait_until
from tests.faults.processes.points import CLOCK, POINT
from tests.faults.rounds.observer import Eye
from tests.faults.servers.mail_server import MailServer
from tests.faults.servers.proxy import Proxy

#: The last line of a traceback.
_EXCEPTION = re.compile(r"^[A-Za-z_.]+(Error|Exception|Exit|Interrupt|Fenced|Full)\b")


@dataclass
class Terms:
    """What the workers of a round work by: W and K small, waits short."""

    lines: int = 4  # K
    window: int = 40  # W
    lease: float = 5.0
    retry: float = 0.3
    timeout: float = 5.0  # for one step of the SMTP session; ten times that for the final reply
    max_tries: int = 8


@dataclass
class Expected:
    """What a scenario allows beyond "everybody was sent to once, and nothing is unknown"."""

    per_kill: int = 0  # unknown per killed worker; 0: K
    spared: int = 0  # unknown of every other worker
    failed: set[str] = field(default_factory=set)  # exactly these addresses
    left_out: bool = False  # some may be expired or cancelled
    suppressed: int = 0  # at most so many
    withheld: bool = False  # whose answer the receiver kept back may be unknown
    ends_at: float | None = None  # by the receiver's clock
    clean: bool = False  # nothing unknown, whatever was done to the processes
    refusals: bool = False  # every failure in the history is one that the receiver knows of
    given_up: int = 0  # at most so many, with whom several workers died
    limit: int = 0  # accepted in all, at most
    doubled: int = 0  # by the policy ``resend``
    assumed: int = 0  # by the policy ``assume_sent``


class Stuck(AssertionError):
    """The run did not come to its end in time."""


class Round:
    """Everything one scenario may touch. Random choices come from ``dice`` only."""

    def __init__(self, base: BaseInstall, *, seed: int) -> None:
        self.base, self.seed = base, seed
        self.dice = random.Random(seed)
        self.terms = Terms()
        self.expected = Expected()
        self.policy = "hold"
        self.kind = self.dice.choice(["command", "scheduler"])
        self.kills = 0
        self.hurt: set[int] = set()  # pids of killed and suspended workers
        self.marks: list[float] = []  # moments from which on it should recover on its own
        self.broken: list[str] = []
        self.environment: dict[str, str] = {}
        self.database: dict[str, Any] = {}
        self.account: dict[str, Any] = {}  # what else the account declares
        self.settings: dict[str, Any] = {}  # and the installation
        self.constants: dict[str, Any] = {  # "module:NAME" -> value
            "apps.delivery.scheduling.scheduler:RECOVER": 0.5,
            "apps.mailings.ledger.freeze:CHUNK": 150,
        }
        self.proxy: Proxy | None = None
        self.spare: MailServer | None = None
        self.log = base.directory / "children.log"
        self.log.unlink(missing_ok=True)
        base.fresh()
        self.mail = MailServer(
            seed,
            delay=self.dice.uniform(0.002, 0.01),
            pipelining=self.dice.random() < 0.8,
        )
        self.eye = self.new_eye()
        self.begin_now()

    def begin_now(self) -> None:
        """In a series of hours it would otherwise be one that nobody started in time."""
        self.eye.act("UPDATE mailings_mailing SET scheduled_at = CURRENT_TIMESTAMP")

    @property
    def mailing(self) -> str:
        return str(self.base.mailing)

    @property
    def on_sqlite(self) -> bool:
        return self.base.engine == "sqlite"

    def new_eye(self) -> Eye:
        if self.on_sqlite:
            return Eye("sqlite", self.base.database_file)
        return Eye("postgresql", {"dbname": self.base.place.database, **self.base.server})

    def behind_proxy(self) -> Proxy:
        """All children reach PostgreSQL through a proxy that can be hurt."""
        self.proxy = Proxy(int(self.base.server["port"]))
        self.database = {"HOST": "127.0.0.1", "PORT": str(self.proxy.port)}
        return self.proxy

    def with_spare(self) -> MailServer:
        """A second account stands in for the first; its server writes into the same log."""
        self.spare = MailServer(self.dice.getrandbits(32), delay=0.004, log=self.mail.log)
        self.account["fallback"] = "spare"
        return self.spare

    # --- processes ---

    def start(self, *args: str, point: str = "") -> Child:
        """A child that runs ``words``, with a trap at the step that ``point`` names."""
        environment = dict(self.environment)
        if point:
            environment[POINT] = point
        terms = self.terms
        account = {
            "port": self.mail.port,
            "max_connections": terms.lines,
            "window": terms.window,
            "timeout": terms.timeout,
            "pipelining": "full",
            **self.account,
        }
        return self.base.start(
            Order(
                words=args,
                log=str(self.log),
                settings={
                    "DISPATCH_UNKNOWN_POLICY": self.policy,
                    "DISPATCH_LEASE_SECONDS": terms.lease,
                    "DISPATCH_RETRY_SECONDS": terms.retry,
                    "DISPATCH_MAX_TRIES": terms.max_tries,
                    **self.settings,
                },
                database=self.database,
                account=account,
                spare={**account, "port": self.spare.port, "fallback": ""} if self.spare else {},
                constants=self.constants,
                environment=environment,
            )
        )

    def worker(self, *, point: str = "", kind: str = "") -> Child:
        """A process that sends whatever there is to send."""
        if (kind or self.kind) == "scheduler":
            return self.start("run_scheduler", point=point)
        return self.start("send_mailing", "--due", point=point)

    def press(self, verb: str, *args: str) -> Child:
        """A button, pressed from another process; returns when it has been obeyed."""
        child = self.start("press", verb, self.mailing, *args)
        assert child.wait(STUCK), f"{verb} hangs"
        if child.status:
            self.broken.append(f"{verb} was not obeyed: exit {child.status}, {self.cries()[-3:]}")
        return child

    def kill(self, *children: Child) -> None:
        """kill -9 for those that still live."""
        for child in children:
            if child.alive:
                child.kill()
                self.died(child)

    def died(self, child: Child) -> None:
        """A worker that was killed, or killed itself, counts."""
        self.kills += 1
        self.hurt.add(child.pid)

    def mark(self) -> None:
        """The fault is over: from now on it must recover on its own."""
        self.marks.append(time.time())

    # --- how far it is ---

    @property
    def accepted(self) -> int:
        return len(self.mail.log.accepted)

    def until_accepted(self, count: int, child: Child, seconds: float = 15.0) -> bool:
        """Until so many were accepted in all, or the child is gone. False when it is gone."""
        wait_until(lambda: self.accepted >= count or not child.alive, seconds, 0.002)
        return child.alive and self.accepted >= count

    def somewhere(self, low: float = 0.0, high: float = 0.95) -> int:
        """A random number of accepted messages, between these shares of what is left."""
        left = AUDIENCE - self.accepted
        return self.accepted + int(left * self.dice.uniform(low, high))

    def done(self) -> bool:
        rows = self.eye.see("SELECT state FROM mailings_run ORDER BY id DESC LIMIT 1")
        return bool(rows) and rows is not None and rows[0][0] == "done"

    def finish(self, seconds: float = 40.0) -> None:
        """Workers, again and again, until the run is done; then they leave in order."""
        self.work_until(self.done, seconds)
        self.leave()

    def work_until(self, happened: Callable[[], bool], seconds: float) -> None:
        """Start a worker whenever there is none, until it is so. Raises Stuck."""
        until = time.monotonic() + seconds
        child: Child | None = None
        while not happened():
            if child is None or not child.alive:
                child = self.worker()
            if time.monotonic() > until:
                raise Stuck(f"not done after {seconds:.0f} s: {self.story()}")
            child.wait(0.05)

    def lose_a_worker(
        self, steps: Sequence[str | None], over: Callable[[], bool], *, most: int = 6
    ) -> None:
        """Kill a worker at one of the steps, or at a random moment (None), until it is ``over``.

        Sometimes another one works beside it. ``most``: how often a step is passed at most.
        """
        step = self.dice.choice(steps)
        beside = self.worker() if self.dice.random() < 0.3 else None
        worker = self.worker(point=f"{step}:{self.dice.randint(1, most)}" if step else "")
        moment = time.monotonic() + self.dice.uniform(0.3, 4.0)
        wait_until(
            lambda: not worker.alive or (not step and time.monotonic() > moment) or over(), 6.0
        )
        if worker.alive:
            self.kill(worker)
        elif worker.status == -signal.SIGKILL:
            self.died(worker)
        if beside is not None:
            self.kill(beside)
        self.mark()

    def leave(self) -> None:
        """Ask the running ones to leave, which takes at most 25 s."""
        for child in self.base.fork_server.children():
            child.signal(signal.SIGCONT)
            child.signal(signal.SIGTERM)
        for child in self.base.fork_server.children():
            if not child.wait(25.0):
                self.broken.append(f"{child.pid} did not leave within 25 s")

    def story(self) -> str:
        """The run as it stands, for a person who has to find out what went wrong."""
        return str(
            self.eye.see(
                "SELECT id, state, reason, reason_detail, deferred_until, pending, sending, sent,"
                " failed, unknown FROM mailings_run"
            )
        )

    def cries(self) -> list[str]:
        """The exceptions that ended a thread or a process, as its standard error shows them."""
        if not self.log.exists():
            return []
        text = self.log.read_text(encoding="utf-8", errors="replace")
        lines = text.splitlines()
        return [
            line[:300]
            for number, line in enumerate(lines)
            if _EXCEPTION.match(line) and "  File" in "".join(lines[max(0, number - 6) : number])
        ]

    def close(self) -> None:
        self.base.fork_server.end_all()
        self.eye.close()
        self.mail.close()
        if self.spare is not None:
            self.spare.close()
        if self.proxy is not None:
            self.proxy.close()

    # --- the clock ---

    def put_clock(self, hours: float) -> None:
        """From now on the database's clock is so far ahead, for every child, those alive too."""
        file = self.base.directory / "clock"
        fresh = file.with_suffix(".new")
        fresh.write_text(str(3600 * hours), encoding="ascii")
        fresh.replace(file)  # at once: somebody is reading it
        self.environment[CLOCK] = str(file)
