"""What a query of a PostgreSQL or SQLite database answers, read a few rows at a time.

The connection is read only, and the query is no more than one statement of a cursor.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

import psycopg2
from django.utils.translation import gettext as _
from psycopg2 import errorcodes, sql

from apps.mailings.importing.sources.contract import (
    Bounds,
    RowSource,
    SourceRefused,
    Table,
    too_slow,
)
from apps.mailings.importing.sources.declaration import SQLITE, Declaration

#: Rows that the server gives at a time, and after which the clock is looked at.
BATCH: Final = 2000
_CURSOR: Final = "vestnik_source"
_CONNECT_SECONDS: Final = 10
#: Steps of SQLite's machine after which the clock is looked at.
_STEPS: Final = 10_000


class SqlSource(RowSource):
    """One query. Every value becomes the text that a file would have."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration

    def open(self, bounds: Bounds) -> AbstractContextManager[Table]:
        opened = _sqlite if self._declaration.url.startswith(SQLITE) else _postgresql
        return opened(self._declaration, bounds)


@contextmanager
def _postgresql(declaration: Declaration, bounds: Bounds) -> Iterator[Table]:
    login: dict[str, Any] = {"user": declaration.user, "password": declaration.token}
    try:
        connection = psycopg2.connect(
            declaration.url,
            connect_timeout=_CONNECT_SECONDS,
            application_name="vestnik",
            **{key: value for key, value in login.items() if value},
        )
    except psycopg2.Error as error:
        text = _("The database does not answer, or refuses the log-in.")
        raise SourceRefused(text) from error
    with closing(connection):
        try:
            connection.set_session(readonly=True)
            with connection.cursor() as settings:
                settings.execute(f"SET LOCAL statement_timeout = {int(bounds.seconds * 1000)}")
                settings.execute(_opening(declaration.query, connection))
            # A cursor with a name is the server's: so many rows are here at a time, and no more.
            with connection.cursor(name=_CURSOR) as cursor:
                yield _table(cursor, bounds)
        except psycopg2.Error as error:
            raise _pg_refusal(error) from error


def _opening(query: str, connection: Any) -> str:
    """What opens the cursor of this query.

    A block opens a cursor for one statement and no more. A DECLARE would be sent with whatever
    follows its query: a COMMIT that ends the read only transaction, and then a DELETE.
    """
    literal = sql.Literal(query).as_string(connection)
    block = f"DECLARE it refcursor := '{_CURSOR}'; BEGIN OPEN it FOR EXECUTE {literal}; END"
    return f"DO {sql.Literal(block).as_string(connection)}"


def _pg_refusal(error: psycopg2.Error) -> SourceRefused:
    if error.pgcode == errorcodes.QUERY_CANCELED:
        return too_slow()
    if error.pgcode == errorcodes.READ_ONLY_SQL_TRANSACTION:
        return _writes()
    return _not_done(error.pgcode or type(error).__name__)


@contextmanager
def _sqlite(declaration: Declaration, bounds: Bounds) -> Iterator[Table]:
    path = declaration.url.removeprefix(SQLITE)
    try:
        connection = sqlite3.connect(
            f"file:{quote(path)}?mode=ro", uri=True, timeout=_CONNECT_SECONDS, isolation_level=None
        )
    except sqlite3.Error as error:
        raise SourceRefused(_("The file of the database cannot be read.")) from error
    with closing(connection):
        connection.set_progress_handler(lambda: time.monotonic() > bounds.deadline, _STEPS)
        try:
            connection.execute("PRAGMA query_only = ON")
            with closing(connection.cursor()) as cursor:
                cursor.arraysize = BATCH
                cursor.execute(declaration.query)
                yield _table(cursor, bounds)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise _sqlite_refusal(error) from error


def _sqlite_refusal(error: Exception) -> SourceRefused:
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if name == "SQLITE_INTERRUPT":
        return too_slow()
    return _writes() if name.startswith("SQLITE_READONLY") else _not_done(name)


def _writes() -> SourceRefused:
    return SourceRefused(_("The query would write, and a source is only read."))


def _not_done(code: str) -> SourceRefused:
    text = _("The database refuses the query (%(code)s).")
    return SourceRefused(text % {"code": code})


def _table(cursor: Any, bounds: Bounds) -> Table:
    first = cursor.fetchmany(BATCH)  # before it, a server's cursor does not know its columns
    if cursor.description is None:
        raise _not_done("no rows")
    return Table([column[0] for column in cursor.description], _rows(cursor, first, bounds))


def _rows(cursor: Any, batch: Sequence[Any], bounds: Bounds) -> Iterator[list[str]]:
    while batch:
        for row in batch:
            yield [_text(value) for value in row]
        if bounds.seconds:  # or it is refused
            batch = cursor.fetchmany(BATCH)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)
