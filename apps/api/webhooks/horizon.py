"""How far the history may be read without passing anything by.

Ids are given before a transaction commits, so that an attempt with a lower id may come to light
after one with a higher id: a reader that has moved on would never see it. Therefore it moves only
up to an id below which nothing can appear any more.

PostgreSQL: first the newest id is read, then a transaction number is drawn. Whoever had been given
a lower attempt id by then has a lower transaction number too. As soon as all transactions below
that number have ended, everything up to that id is there, or never will be. No clock is asked, and
nobody who sends is asked for anything. SQLite has one writer at a time, whose ids come in order.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Max

from apps.mailings.models import Attempt


@dataclass(frozen=True, slots=True)
class _Mark:
    attempt_id: int
    transaction: int


def newest_attempt() -> int:
    """The highest id that can be seen now; 0 when there is none."""
    return int(Attempt.objects.aggregate(newest=Max("pk"))["newest"] or 0)


class Horizon:
    """Keeps one mark ahead, and passes it when it is safe. For one thread at a time.

    It must not be asked inside a transaction, which would wait for itself.
    """

    def __init__(self) -> None:
        self._safe = 0
        self._ahead: _Mark | None = None

    def look(self) -> int:
        """The highest attempt id up to which the history is complete for ever."""
        if connection.vendor != "postgresql":
            return newest_attempt()
        if self._ahead is not None and self._oldest_open() >= self._ahead.transaction:
            self._safe, self._ahead = self._ahead.attempt_id, None
        if self._ahead is None:
            newest = newest_attempt()
            if newest > self._safe:
                self._ahead = _Mark(newest, self._draw())
        return self._safe

    def _oldest_open(self) -> int:
        return self._number("pg_snapshot_xmin(pg_current_snapshot())")

    def _draw(self) -> int:
        return self._number("pg_current_xact_id()")

    def _number(self, expression: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {expression}::text::bigint")
            return int(cursor.fetchone()[0])
