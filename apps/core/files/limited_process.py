"""A process of its own, with limits, for what strangers have sent.

A hostile file of a few kilobytes can eat all memory or crash a library; there it takes only that
process with it. The parent asks (``ask``), the child answers (``serve``): a job of plain values as
JSON, and JSON back. What the child runs imports no Django.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

ROOT: Final = Path(__file__).resolve().parents[3]


class Limited(Protocol):
    """A job, a dataclass of plain values, that says what may be spent on it."""

    @property
    def megabytes(self) -> int: ...

    @property
    def seconds(self) -> int: ...


J = TypeVar("J", bound=Limited)


class NoAnswer(Exception):
    """The process was ended at a limit, or by a crash. ``status``: how it ended; 0: too slow."""

    def __init__(self, status: int = 0, size: int = 0) -> None:
        super().__init__(f"status {status}")
        self.status, self.size = status, size


def ask(package: str, job: Any, *, seconds: float) -> dict[str, Any]:
    """What ``python -m <package> JOB`` answers within so many seconds. Raises NoAnswer.

    ``error`` in it is the code of a refusal.
    """
    command = [sys.executable, "-m", package, json.dumps(asdict(job))]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, cwd=ROOT)
    except subprocess.TimeoutExpired as error:
        raise NoAnswer from error
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise NoAnswer(done.returncode or -1, len(done.stderr)) from None
    return found


def serve(
    read: Callable[[str], J], work: Callable[[J], dict[str, Any]], refusal: type[Exception]
) -> int:
    """Do the job of the command line and print what was found, or the code of the refusal.

    ``work`` imports its libraries itself: the limits hold for them, too.
    """
    job = read(sys.argv[1])
    bound(job.megabytes, job.seconds)
    try:
        found = work(job)
    except refusal as error:
        found = {"error": str(error)}
    except MemoryError:
        found = {"error": "too_big"}
    sys.stdout.write(json.dumps(found))
    return 1 if "error" in found else 0


def bound(megabytes: int, seconds: int) -> None:
    """Let the system end this process when it grows too big or works too long (not on Windows)."""
    if sys.platform != "win32":
        import resource

        limit = megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
