"""What differs between PostgreSQL and SQLite in the ledger's SQL, and nothing else."""

from __future__ import annotations

import json
import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.utils import CursorWrapper

_JSON_TYPES = {"bigint": "bigint", "int": "int", "text": "text", "real": "float8", "time": "text"}


def on_postgresql() -> bool:
    return connection.vendor == "postgresql"


#: PostgreSQL's word for the present moment; ``now()`` would stand still within a transaction.
CLOCK = "clock_timestamp()"


def database_now() -> datetime:
    """The one clock that leases, windows and limits of all machines are compared on."""
    if not on_postgresql():
        return host_now()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {CLOCK}")
        now: datetime = cursor.fetchone()[0]
        return now


def host_now() -> datetime:
    """SQLite has one machine only, and that machine's clock."""
    return datetime.now(UTC)


def now_column() -> str:
    """The database's time as one more column of a SELECT; SQLite's is the host's (``NULL``)."""
    return CLOCK if on_postgresql() else "NULL"


def named_rows(name: str, columns: Iterable[str]) -> Callable[[Iterable[Any]], Any]:
    """Makes rows of raw SQL that are read by the names of their columns, as fast as by place."""
    factory: Any = namedtuple  # mypy wants literals
    make: Callable[[Iterable[Any]], Any] = factory(name, list(columns))._make
    return make


_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def execute(cursor: CursorWrapper, name: str, sql: str, params: Sequence[Any]) -> None:
    """Execute a statement of the fast path, which PostgreSQL plans once per session."""
    if not on_postgresql():
        cursor.execute(sql, params)
        return
    known = _prepared.setdefault(connection.connection, set())
    if name not in known:
        numbers = count(1)
        numbered = re.sub("%s", lambda _: f"${next(numbers)}", sql)
        cursor.execute(f"PREPARE {name} AS {numbered}")
        known.add(name)
    cursor.execute(f"EXECUTE {name} ({', '.join(['%s'] * len(params))})", params)


def as_time(value: Any) -> datetime | None:
    """A time read by raw SQL: SQLite gives it without its zone, which is UTC."""
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    moment: datetime = value
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def as_clock(value: Any) -> time | None:
    """A time of day read by raw SQL: SQLite gives text."""
    return time.fromisoformat(value) if isinstance(value, str) else value


def time_value(moment: datetime | None) -> Any:
    """A time as a parameter of raw SQL."""
    return connection.ops.adapt_datetimefield_value(moment)


def lock_row(alias: str) -> str:
    """Suffix of a SELECT that takes the row for itself. SQLite: BEGIN IMMEDIATE has done so."""
    return f" FOR NO KEY UPDATE OF {alias}" if on_postgresql() else ""


def skip_locked(alias: str) -> str:
    """Suffix of a SELECT that takes only rows nobody else is holding."""
    return f" FOR UPDATE OF {alias} SKIP LOCKED" if on_postgresql() else ""


def any_of(column: str) -> str:
    """``column`` is one of the ids given as one parameter (``ids_value``)."""
    if on_postgresql():
        return f"{column} = ANY(%s)"
    return f"{column} IN (SELECT value FROM json_each(%s))"


def ids_value(ids: Sequence[int]) -> Any:
    return list(ids) if on_postgresql() else json.dumps(list(ids))


def recordset(columns: dict[str, str]) -> str:
    """A FROM item ``o`` made of one JSON parameter: a list of lists, in the columns' order."""
    if on_postgresql():
        fields = ", ".join(
            f"(value->>{index})::{_JSON_TYPES[kind]} AS {name}"
            for index, (name, kind) in enumerate(columns.items())
        )
        return f"(SELECT {fields} FROM jsonb_array_elements(%s::jsonb)) AS o"
    fields = ", ".join(
        f"json_extract(value, '$[{index}]') AS {name}" for index, name in enumerate(columns)
    )
    return f"(SELECT {fields} FROM json_each(%s)) AS o"


def recordset_value(rows: Sequence[Sequence[Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False)


def from_recordset_time(column: str) -> str:
    """A time out of a recordset, where it travels as text."""
    return f"{column}::timestamptz" if on_postgresql() else column
