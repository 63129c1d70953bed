"""A database that restarts, drops sessions, is slow, is away, swallows replies, or is full."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.processes.children import wait_until
from tests.faults.rounds.round import Round
from tests.faults.scenarios.registry import scenario
from tests.faults.servers.mail_server import Fault

ON_SERVER = ("postgresql",)
ON_FILE = ("sqlite",)


@scenario("F07", "PostgreSQL restarts at once, three workers alive", engines=ON_SERVER, weight=2)
def restarted(round: Round) -> None:
    cluster = round.base.cluster
    if cluster is None:
        return
    round.expected.clean = True
    for kind in ("scheduler", "command", "scheduler"):
        round.worker(kind=kind)
    for _ in range(round.dice.randint(1, 2)):
        target = round.somewhere(0.05, 0.5)
        wait_until(lambda: round.accepted >= target, 10.0)
        cluster.restart_at_once()
        round.mark()


@scenario("F08", "pg_terminate_backend on the workers' sessions", engines=ON_SERVER, weight=3)
def terminated(round: Round) -> None:
    round.expected.clean = True
    worker = round.worker()
    for _ in range(round.dice.randint(1, 4)):
        round.until_accepted(round.somewhere(0.02, 0.4), worker)
        round.eye.close()  # the eye is not the patient
        round.base.place.drop_connections()
        round.mark()
        worker = worker if worker.alive else round.worker()


@scenario("F09", "the reply to COMMIT is swallowed", engines=ON_SERVER, weight=4)
def commit_unheard(round: Round) -> None:
    round.expected.clean = True
    if round.dice.random() < 0.5:
        later = b"450 4.2.1 greylisted\r\n"
        round.mail.faults = [Fault("RCPT", say=later, share=0.3, by_address=True, times=1)]
        round.expected.refusals = True
    proxy = round.behind_proxy()
    for _ in range(round.dice.randint(1, 4)):
        worker = round.worker()
        proxy.swallow_replies(*(round.dice.randint(1, 20) for _ in range(3)))
        round.until_accepted(round.somewhere(0.1, 0.6), worker, 5.0)
    round.mark()


@scenario("F10", "PostgreSQL is 10 to 60 ms away, each way", engines=ON_SERVER)
def slow(round: Round) -> None:
    round.expected.clean = True
    round.behind_proxy().latency = round.dice.uniform(0.01, 0.06)


@scenario(
    "F11", "PostgreSQL is away for a while, perhaps past the lease", engines=ON_SERVER, weight=3
)
def database_away(round: Round) -> None:
    round.terms.lease = 1.5
    proxy = round.behind_proxy()
    workers = [round.worker() for _ in range(round.dice.randint(1, 2))]
    # A worker that cannot be reached past its lease is given up, like a suspended one.
    round.hurt |= {worker.pid for worker in workers}
    wait_until(lambda: round.accepted >= round.somewhere(0.1, 0.6), 10.0)
    before = round.accepted
    proxy.down()
    seconds = round.dice.choice([0.3, 1.0, 3.0])
    wait_until(lambda: False, seconds)
    reported = round.accepted - before
    if reported > round.terms.window * len(workers):
        round.broken.append(f"F11: {reported} were sent while the database was away")
    proxy.up()
    round.mark()


@scenario("F11", "PostgreSQL does not answer for a while", engines=ON_SERVER, weight=3)
def database_stalls(round: Round) -> None:
    """No error, no end of the connection: who asks, waits. Others may take over meanwhile."""
    round.terms.lease = 1.5
    proxy = round.behind_proxy()
    sleeper = round.worker()
    round.hurt.add(sleeper.pid)
    round.until_accepted(round.somewhere(0.05, 0.6), sleeper)
    proxy.stall()
    if round.dice.random() < 0.6:
        round.database = {}  # the second one has a way of its own
        round.worker(kind="scheduler")
    wait_until(lambda: False, round.dice.choice([0.3, 1.0, 3.0]))
    proxy.flow()
    round.mark()
    wait_until(round.done, 5.0)


@scenario("F12", "the disk is full", engines=ON_FILE, weight=2)
def full_disk(round: Round) -> None:
    """A file system of 8 MB, or, without the right to mount one, a quota on every file's size."""
    round.terms.window = round.dice.choice([40, 200, 1000])
    with _small_disk(round) as ballast:
        worker = round.worker()
        round.until_accepted(round.somewhere(0.05, 0.6), worker)
        free = shutil.disk_usage(ballast.parent).free
        leave = round.dice.choice([0, 4096, 65536])
        _fill(ballast, free - leave)
        # What is claimed may go out; nothing new can be claimed.
        wait_until(lambda: not worker.alive or round.done(), 1.5)
        before = round.accepted
        wait_until(lambda: not worker.alive or round.done(), 1.0)
        if round.accepted - before > round.terms.window:
            round.broken.append("F12: it goes on sending with nowhere to record it")
        ballast.unlink()
        round.mark()
        round.finish()


def _fill(ballast: Path, size: int) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while size > 0:
                size -= file.write(b"\0" * min(size, 65536))
        except OSError:
            pass  # full already


@contextmanager
def _small_disk(round: Round) -> Iterator[Path]:
    """The installation's files on a file system that can be filled; a path for the filling."""
    var = round.base.var
    round.eye.close()
    copy = var.with_name("var.kept")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(var, copy)
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(var)]
    if subprocess.run(command, capture_output=True).returncode:
        round.broken.append("F12: needs the right to mount a file system")
        yield copy / "ballast"
        return
    try:
        shutil.copytree(copy, var, dirs_exist_ok=True)
        yield var / "ballast"
    finally:
        round.base.fork_server.end_all()
        round.eye.close()
        shutil.rmtree(copy)
        shutil.copytree(var, copy)
        # Lazily: the observer may be looking at what is there, which does not change any more.
        subprocess.run(["umount", "-l", str(var)], check=True)
        shutil.copytree(copy, var, dirs_exist_ok=True)
