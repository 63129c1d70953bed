"""The ids that are given out next: none of them may have meant something else before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import connection, models
from django.db.models import Max

from apps.delivery.backup.tables import Table

#: Their ids stand in letters and in links that are out. After a restoring they go on far behind:
#: what was made after the backup, and is lost, must not mean somebody else.
OUTSIDE: Final = frozenset(
    {
        *("mailings_delivery", "mailings_run", "mailings_recipient", "feedback_publiclink"),
        *("feedback_signup", "delivery_workerlease"),
    }
)
GAP: Final = 1_000_000


def last_ids(found: Iterable[Table]) -> dict[str, int]:
    """The last id that each table has given out, deleted rows included."""
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            cursor.execute("SELECT name, seq FROM sqlite_sequence")
            known = dict(cursor.fetchall())
            return {one.name: known[one.name] for one in found if one.name in known}
        last = {}
        for one in _numbered(found):
            cursor.execute(f"SELECT last_value, is_called FROM {_sequence_of(one)}")
            value, called = cursor.fetchone()
            if called:
                last[one.name] = value
        return last


def set_last_ids(found: Iterable[Table], last: dict[str, int]) -> None:
    """Go on after these ids, and after those that there are."""
    with connection.cursor() as cursor:
        for one in _numbered(found):
            there = one.model._base_manager.aggregate(last=Max("pk"))["last"] or 0
            value = max(there, last.get(one.name, 0)) + (GAP if one.name in OUTSIDE else 0)
            if not value:
                continue
            if connection.vendor == "postgresql":
                cursor.execute("SELECT setval(%s, %s)", [_sequence_of(one), value])
                continue
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [one.name])
            cursor.execute("INSERT INTO sqlite_sequence VALUES (%s, %s)", [one.name, value])


def _numbered(found: Iterable[Table]) -> list[Table]:
    return [one for one in found if isinstance(one.model._meta.pk, models.AutoField)]


def _sequence_of(table: Table) -> str:
    """As PostgreSQL calls it, quoted where it must be."""
    column = table.model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [table.name, column])
        return str(cursor.fetchone()[0])
