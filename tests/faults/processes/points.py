"""Named steps of the program at which a child of the fault tests kills, or stops, itself.

``FAULT_POINT=name[:count[:signal]]`` in the child's environment: at the ``count``-th time (default
1) that the step is reached, the process sends itself SIGKILL (or SIGSTOP, SIGTERM). Nothing in
``apps`` knows of this: the named functions are wrapped, in the child only.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

#: Environment of a child.
POINT: Final = "FAULT_POINT"
CONSTANT: Final = "FAULT_CONSTANT"  # package.module:NAME=number
MACHINE: Final = "FAULT_MACHINE"  # a word: the child is on a machine of this name
CLAIMS: Final = "FAULT_CLAIMS"  # a file into which each claim is written
CLOCK: Final = "FAULT_CLOCK"  # a file that holds the seconds by which the database's clock is off

Arguments = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A step: right before or right after a function, perhaps not at every call of it."""

    owner: str  # "package.module" or "package.module:Class"
    name: str
    before: bool = False
    reached: Callable[[Arguments, Any], bool] = lambda _, __: True

    def holder(self) -> Any:
        """The module or class that holds the function."""
        module, _, kind = self.owner.partition(":")
        found = importlib.import_module(module)
        return getattr(found, kind) if kind else found


def _accepted(arguments: Arguments, _: Any) -> bool:
    return bool(arguments[-1])


def _something(arguments: Arguments, _: Any) -> bool:
    return bool(arguments[1])


def _had_outcomes(arguments: Arguments, _: Any) -> bool:
    return bool(arguments[2])


_ENGINE: Final = "apps.delivery.engine"
_LEDGER: Final = "apps.mailings.ledger"
_LEASE: Final = f"{_ENGINE}.worker.lease:Lease"

POINTS: Final[dict[str, Point]] = {
    "after_launch_commit": Point(
        f"{_ENGINE}.runs.launch", "launch", reached=lambda _, it: it.created
    ),
    "mid_freeze": Point(
        f"{_LEDGER}.freeze", "freeze_chunk", reached=lambda _, mark: mark is not None
    ),
    # The window before is committed, the next one not begun.
    "after_freeze_commit": Point(f"{_LEDGER}.freeze", "freeze_chunk", before=True),
    "after_claim_commit": Point(
        f"{_ENGINE}.worker.worker", "render", before=True, reached=_something
    ),
    "after_render": Point(f"{_ENGINE}.worker.worker", "render", reached=_something),
    "before_dot": Point(_LEASE, "allow", before=True),
    "after_allow": Point(_LEASE, "allow", reached=lambda _, allowed: bool(allowed)),
    "after_dot_before_reply": Point(
        "apps.delivery.channels.email.smtp.end_of_data:EndOfData", "send"
    ),
    "after_reply_before_journal": Point(_LEASE, "answered", before=True, reached=_accepted),
    "mid_journal": Point(f"{_ENGINE}.worker.journal:Journal", "_append"),
    "after_reply_before_record": Point(_LEASE, "answered", reached=_accepted),
    "mid_record_transaction": Point(f"{_ENGINE}.worker.checkpoint", "record", reached=_something),
    "after_record_commit": Point(
        f"{_ENGINE}.worker.checkpoint:Checkpointer",
        "_committed",
        before=True,
        reached=_had_outcomes,
    ),
    "in_close_out": Point(
        f"{_LEDGER}.transitions", "close_pending", reached=lambda _, count: bool(count)
    ),
    "in_recovery": Point(f"{_LEDGER}.transitions", "release_dead"),
    "after_recovery_commit": Point(
        f"{_ENGINE}.worker.journal:JournalReader", "remove", before=True
    ),
}

_FEEDS: Final = "apps.mailings.services.feeds"

#: Steps of a mailing with a feed (tests.faults.feeds).
FEED_POINTS: Final[dict[str, Point]] = {
    "after_feed_fetch": Point(f"{_FEEDS}.round", "_kept", before=True),
    "mid_feed_keep": Point(f"{_FEEDS}.keeping", "note"),  # in the transaction
    "after_feed_keep": Point(f"{_FEEDS}.round", "fetch_pictures", before=True),
    "before_feed_finish": Point(f"{_FEEDS}.keeping", "finish", before=True),
    "after_feed_finish": Point(f"{_FEEDS}.keeping", "finish"),
    "mid_launch": Point(f"{_ENGINE}.runs.feeds", "take"),  # in the transaction
}

_AUTOMATIONS: Final = "apps.automations"

#: Steps of an automation (tests.faults.automations).
AUTOMATION_POINTS: Final[dict[str, Point]] = {
    "mid_enrol": Point(f"{_AUTOMATIONS}.enrolling", "announce"),  # in the transaction
    "after_automation_claim": Point(
        f"{_AUTOMATIONS}.moving.tick", "claim", reached=lambda _, found: found is not None
    ),
    "mid_automation_letters": Point(f"{_AUTOMATIONS}.moving.sending", "_add"),
    "before_automation_record": Point(f"{_AUTOMATIONS}.moving.tick", "record", before=True),
    "mid_automation_step": Point(f"{_AUTOMATIONS}.moving.tick", "record"),
    "after_automation_commit": Point(f"{_AUTOMATIONS}.moving.tick", "_move"),
}

_RUNNING: Final = "apps.mailings.services.experiments.running"

#: Steps of an experiment (tests.faults.experiments).
EXPERIMENT_POINTS: Final[dict[str, Point]] = {
    # In the transaction that defers the run until the decision.
    "mid_experiment_wait": Point(
        f"{_ENGINE}.worker.checkpoint", "hold", reached=lambda _, held: bool(held)
    ),
    # In that of the judgement: before the figures, with them, with the choice, with all.
    "before_judgement": Point(_RUNNING, "judge", before=True),
    "mid_judgement": Point(_RUNNING, "_choose", before=True),
    "mid_decision": Point(_RUNNING, "_go_on", before=True),
    "before_decision_commit": Point(_RUNNING, "_choose"),
    "after_decision_commit": Point(_RUNNING, "_judge", reached=lambda _, judged: bool(judged)),
    # What waited is in the queue again.
    "after_decision_resume": Point(
        f"{_ENGINE}.runs.queue", "resume_due", reached=lambda _, woken: bool(woken)
    ),
    "after_choice": Point("apps.delivery.service:DispatchService", "planned", before=True),
}


def arm(spec: str) -> None:
    """Wrap the function of the step that ``spec`` names. Raises KeyError for an unknown one."""
    name, _, rest = spec.partition(":")
    count, _, word = rest.partition(":")
    trap = _Trap(int(count or 1), signal.Signals[word or "SIGKILL"])
    point = {**POINTS, **FEED_POINTS, **AUTOMATION_POINTS, **EXPERIMENT_POINTS}[name]
    holder = point.holder()
    setattr(holder, point.name, _wrapped(getattr(holder, point.name), point, trap))


class _Trap:
    """Sends this process a signal when it is sprung for the n-th time."""

    def __init__(self, count: int, number: signal.Signals) -> None:
        self._left = count
        self._number = number

    def spring(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), self._number)


def _wrapped(function: Callable[..., Any], point: Point, trap: _Trap) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if point.before and point.reached(args, None):
            trap.spring()
        result = function(*args, **kwargs)
        if not point.before and point.reached(args, result):
            trap.spring()
        return result

    return wrapper


def shift_clock(file: Path) -> None:
    """From now on the database's clock is off by the seconds that the file holds, read anew."""
    dialect = importlib.import_module(f"{_LEDGER}.dialect")
    runs = importlib.import_module(f"{_LEDGER}.runs")
    real_now, real_lock = dialect.database_now, runs.lock

    def off() -> timedelta:
        return timedelta(seconds=float(file.read_text(encoding="ascii")))

    def lock(*args: Any, **kwargs: Any) -> Any:
        run = real_lock(*args, **kwargs)
        if run is not None:
            run.now += off()
        return run

    setattr(dialect, "database_now", lambda: real_now() + off())
    setattr(runs, "lock", lock)


def note_claims(file: str) -> None:
    """From now on every commit that claims writes a line: when it began and ended, and the ids.

    It is written before a byte of them leaves: what was sent has been noted.
    """
    holder = importlib.import_module(f"{_ENGINE}.worker.checkpoint").Checkpointer
    commit = holder.commit
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def noting(*args: Any, **kwargs: Any) -> Any:
        began = time.time()
        batch = commit(*args, **kwargs)
        if batch.claimed:
            ids = " ".join(str(one.delivery_id) for one in batch.claimed)
            os.write(log, f"{began:.6f} {time.time():.6f} {ids}\n".encode())
        return batch

    setattr(holder, "commit", noting)


def move_to(machine: str) -> None:
    """From now on this process has another kernel than those that were not moved there, too."""
    for module in ("lease", "rescue"):
        setattr(importlib.import_module(f"{_ENGINE}.worker.{module}"), "boot_id", lambda: machine)


def arm_from_environment() -> None:
    """What the environment of this child asks for."""
    if spec := os.environ.get(POINT):
        arm(spec)
    if file := os.environ.get(CLAIMS):
        note_claims(file)
    if file := os.environ.get(CLOCK):
        shift_clock(Path(file))
    if machine := os.environ.get(MACHINE):
        move_to(machine)
    if text := os.environ.get(CONSTANT):
        place, _, number = text.partition("=")
        module, _, name = place.partition(":")
        setattr(importlib.import_module(module), name, float(number))
