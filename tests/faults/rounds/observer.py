"""Looks at the ledger while it is worked on: in every snapshot the equation must hold (I1)."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import psycopg2

from tests.faults.installation import LEFT_OUT, STATES

#: Seconds between two looks.
PAUSE: Final = 0.2

_COUNTERS: Final = ", ".join(
    [*(f"r.{state}" for state in STATES), *(f"r.left_{code}" for code in LEFT_OUT)]
)
#: One statement is one snapshot, on both databases.
_SNAPSHOT: Final = f"""
SELECT r.id, r.audience, {_COUNTERS}, d.state, d.left_out, d.number
  FROM mailings_run r
  LEFT JOIN (SELECT run_id, state, left_out, count(*) AS number FROM mailings_delivery
              GROUP BY run_id, state, left_out) d ON d.run_id = r.id"""


class Eye:
    """A reader of the round's database, with a connection of its own that may break at any time."""

    def __init__(self, engine: str, target: dict[str, Any] | Path) -> None:
        """``target``: what psycopg2 connects to, or SQLite's file."""
        self._engine = engine
        self._target = target
        self._connection: Any = None

    def see(self, sql: str) -> list[tuple[Any, ...]] | None:
        """The rows, or None when the database cannot be asked at the moment."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            cursor = self._connection.cursor()
            cursor.execute(sql)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            cursor.close()
        except (psycopg2.Error, sqlite3.OperationalError):
            self.close()
            return None
        return rows

    def act(self, sql: str) -> None:
        """A change that the round's own story needs."""
        connection = self._connect()
        try:
            connection.cursor().execute(sql)
        finally:
            connection.close()

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connect(self) -> Any:
        if isinstance(self._target, Path):
            return sqlite3.connect(
                self._target, timeout=5.0, isolation_level=None, check_same_thread=False
            )
        connection = psycopg2.connect(connect_timeout=5, **self._target)
        connection.autocommit = True
        return connection


class Observer:
    """Checks the equation from a thread, five times a second, until it is left."""

    def __init__(
        self,
        eye: Eye,
        snapshot: str = _SNAPSHOT,
        judged: Callable[[list[tuple[Any, ...]]], list[str]] | None = None,
    ) -> None:
        """``judged``: what is broken in the rows of a ``snapshot``; of the ledger by default."""
        self._eye = eye
        self._snapshot, self._judged = snapshot, judged or unequal
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.looks = 0
        self.broken: list[str] = []

    def __enter__(self) -> Observer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(10.0)
        self._eye.close()

    def _watch(self) -> None:
        while not self._over.wait(PAUSE):
            rows = self._eye.see(self._snapshot)
            if rows is not None:
                self.looks += 1
                self.broken += self._judged(rows)


def unequal(rows: list[tuple[Any, ...]]) -> list[str]:
    """What does not add up in one snapshot: the counters among themselves, or with the rows.

    Two equations: the audience is the sum of its states, and ``suppressed`` that of its reasons.
    """
    kept: dict[int, tuple[Any, ...]] = {}
    states: dict[int, Counter[str]] = defaultdict(Counter)
    reasons: dict[int, Counter[str]] = defaultdict(Counter)
    for run, audience, *counters, state, left_out, number in rows:
        kept[run] = (audience, *counters)
        states[run][state] += number or 0
        reasons[run][left_out] += number or 0
    broken = []
    for run, (audience, *counters) in kept.items():
        by_state = dict(zip(STATES, counters, strict=False))
        by_reason = dict(zip(LEFT_OUT, counters[len(STATES) :], strict=True))
        broken += _unequal(run, audience, by_state, states[run])
        broken += _unequal(run, by_state["suppressed"], by_reason, reasons[run])
    return broken


def _unequal(run: int, total: int, kept: dict[str, int], counted: Counter[str]) -> list[str]:
    broken = []
    if sum(kept.values()) != total:
        broken.append(f"I1: run {run}: {kept} is not {total}")
    found = {name: counted[name] for name in kept}
    if found != kept:
        broken.append(f"I1: run {run} says {kept}, its rows say {found}")
    return broken
