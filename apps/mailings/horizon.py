"""How far the history may be read without passing anything by.

Ids are given before a transaction commits, so that a row with a lower id may come to light
after one with a higher id: a reader that has moved on would never see it. Therefore it moves only
up to an id below which nothing can appear any more.

PostgreSQL: an insert into a table holds a ROW EXCLUSIVE lock on it, from before the id is
drawn until the transaction has ended. So first the newest id is read, then the holders of such
locks are listed. When the last of them has ended, everything up to that id is there, or never will
be. No clock is asked, nobody who sends is asked for anything, and no other table or database can
delay it. SQLite has one writer at a time, whose ids come in order.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Max, Model

from apps.mailings.models import Attempt

_WRITERS = """
SELECT virtualtransaction FROM pg_locks
 WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock' AND granted
   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND pid IS DISTINCT FROM pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class _Mark:
    """An id, and those who may still bring a lower one."""

    row_id: int
    writers: frozenset[str]


def newest_attempt() -> int:
    """The highest id of an attempt that can be seen now; 0 when there is none."""
    return newest_id(Attempt)


def newest_id(table: type[Model]) -> int:
    """The same of any table."""
    return int(table._default_manager.aggregate(newest=Max("pk"))["newest"] or 0)


class Horizon:
    """Keeps one mark ahead, and passes it when it is safe. For one thread at a time."""

    def __init__(self, table: type[Model] = Attempt) -> None:
        self._table = table
        self._safe = 0
        self._ahead: _Mark | None = None

    def safe_id(self) -> int:
        """The highest id up to which the history is complete for ever."""
        newest = newest_id(self._table)
        if connection.vendor != "postgresql":
            return newest
        writers = _writers(self._table)  # after the newest id, and not before
        if self._ahead is None or not self._ahead.writers & writers:
            if self._ahead is not None:
                self._safe = max(self._safe, self._ahead.row_id)
            self._ahead = _Mark(newest, writers)
        if not writers:
            self._safe = max(self._safe, newest)
        return self._safe


def _writers(table: type[Model]) -> frozenset[str]:
    with connection.cursor() as cursor:
        cursor.execute(_WRITERS, [table._meta.db_table])
        return frozenset(one for (one,) in cursor.fetchall())
