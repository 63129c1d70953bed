"""The stage of an import, as either database does it best."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from json.encoder import encode_basestring, encode_basestring_ascii

import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.mailings.importing.staging import sql as statements
from apps.mailings.importing.staging.copy_rows import (
    MISSING,
    CopyRows,
    as_text,
    as_tuples,
    numbered,
)
from apps.mailings.importing.staging.tables import STAGED, ImportJob, StagingTables
from apps.mailings.importing.validation import Batch

log = structlog.get_logger(__name__)

#: Moments in what a row says of lists.
MOMENTS = {"at_since": "since", "at_said": "said_at", "at_ended": "ended_at"}

#: The first half of the advisory lock's key: imports into one list take turns.
_LOCK = 0x696D70

#: Ids without a gap are drawn for so many times, in case others draw in between.
_DRAWS = 3

#: From so many new rows on, the planner's idea of the list is too old.
_MANY = 50_000

#: Foreign keys are checked batch by batch, not all at the end: more of the work is done while the
#: next batch is being read. And reading a stretch in which every row is bad may take a while.
_SESSION = (
    "SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL jit = off;"
    " SET LOCAL idle_in_transaction_session_timeout = '5min'"
)


class PostgresStaging(StagingTables):
    """COPY straight into the table, while the next rows are read.

    From the first duplicate on, and when rows have tags, a batch goes by way of the stage: there
    the database can say which of its rows lost. All in one transaction: a killed import leaves
    nothing behind.
    """

    each_tag = "CROSS JOIN LATERAL jsonb_array_elements_text(placed.tags) tag(value)"
    json = "jsonb"
    merged = f"{statements.RECIPIENT}.attributes || s.attributes"
    differs = "r.attributes || s.attributes <> r.attributes"
    permission_parts = {
        "each_word": "CROSS JOIN LATERAL jsonb_array_elements(s.words) word(pair)",
        "name": "(word.pair ->> 0)",
        "status": "(word.pair ->> 1)",
        **{part: f"CAST(NULLIF(s.{name}, '') AS timestamptz)" for part, name in MOMENTS.items()},
        "texts": "CAST(COALESCE(NULLIF(s.texts, ''), '[]') AS jsonb)",
        "ip": "CAST(NULLIF(s.ip, '') AS inet)",
    }

    quote = staticmethod(encode_basestring)

    _clean = True
    _sequence = ""

    @contextmanager
    def _whole(self) -> Iterator[None]:
        with transaction.atomic():
            self._cursor.execute(_SESSION)
            if not self.job.dry_run:
                self._cursor.execute(
                    "SELECT pg_advisory_xact_lock(%s, %s)",
                    [_LOCK, self.job.owner_id & 0x7FFFFFFF],
                )
            yield
            if self.added >= _MANY and not self.job.dry_run:
                transaction.on_commit(self._refresh_statistics)

    def deciding(self) -> AbstractContextManager[object]:
        return nullcontext()

    def pack(self, batch: Batch) -> CopyRows:
        return as_text(batch)

    def take(self, copy_rows: CopyRows, *, whole: bool = False) -> None:
        if not self._counted(copy_rows):
            return
        # Where no address is taken there is nobody to update, but only of the whole can one say so.
        if (self._only_adds or (whole and self.job.matches)) and self._goes_in(copy_rows):
            self._only_adds = True
            return
        self._copy("import_stage", ["line", *copy_rows.columns], numbered(copy_rows, 0))
        if self.job.plain:
            self._add(copy_rows.lines[0], copy_rows.lines[-1], len(copy_rows.lines))

    def _goes_in(self, copy_rows: CopyRows) -> bool:
        """COPY straight into the table. False when that cannot be, and then nothing was done."""
        if not self._clean or self.job.dry_run or not STAGED.isdisjoint(copy_rows.columns):
            return False
        common = {name: it for name, it in self._common.items() if name not in copy_rows.columns}
        try:
            with transaction.atomic():
                first_id = self._reserve(copy_rows.lines)
                if first_id is None:
                    return False
                text = numbered(copy_rows, first_id - copy_rows.lines[0], common.values())
                self._copy(statements.RECIPIENT, ["id", *common, *copy_rows.columns], text)
        except IntegrityError:
            self._clean = False
            return False
        self.added += len(copy_rows.lines)
        return True

    def _reserve(self, lines: Sequence[int]) -> int | None:
        """The first of as many ids in one row as there are lines; None if others keep drawing."""
        sql = statements.RESERVE.format(sequence=self._sequence)
        for _draw in range(_DRAWS):
            if self._run(sql, first=lines[0], rows=lines[-1] - lines[0] + 1):
                return int(self._cursor.fetchone()[0])
        return None

    @property
    def _common(self) -> dict[str, str]:
        """What a row of the table has when the file says nothing, as COPY reads it."""
        now, added_by = self.job.now.isoformat(), self.job.added_by
        return {
            "created_at": now,
            "updated_at": now,
            "owner_id": str(self.job.owner_id),
            "added_by_id": MISSING if added_by is None else str(added_by),
            **dict.fromkeys(statements.TEXTS, ""),
            "attributes": "{}",
            "source": self.job.source,
        }

    def _copy(self, table: str, names: Sequence[str], text: bytes) -> None:
        copy = f"COPY {table} ({', '.join(names)}) FROM STDIN"
        with connection.wrap_database_errors:
            # In one piece: before each further one, the thread that reads would be waited for.
            self._cursor.copy_expert(copy, io.BytesIO(text), len(text) + 1)

    def _add(self, first: int, last: int, rows: int) -> None:
        """Rows without duplicates go in faster when nobody is ready for duplicates."""
        if self._clean:
            try:
                with transaction.atomic():
                    self.added += self._insert(first, last, tail="")
                return
            except IntegrityError:
                self._clean = False
        added = self._insert(first, last)
        self.added += added
        if added < rows:
            self.lost += self._run(statements.NOTE_LOST, first=first, last=last)

    def _refresh_statistics(self) -> None:
        """Until the planner knows of the new rows, a page of the list reads the whole list.

        The server's own ANALYZE comes within minutes; this one only asks what a list needs.
        """
        try:
            with transaction.atomic():
                self._run(statements.REFRESH_STATISTICS)
        except DatabaseError as error:
            log.warning("statistics_not_refreshed", error=str(error))

    def _next_id(self) -> str:
        if self.job.dry_run:
            return ""
        self._cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [statements.RECIPIENT])
        self._sequence = self._cursor.fetchone()[0]
        return f"DEFAULT nextval('{self._sequence}')"

    def _finish_insert(self) -> None:
        if self.lost:
            self._run("CREATE INDEX import_stage_id ON import_stage (id)")

    def _assign_ids(self) -> None:
        """The stage's default gave them already."""

    def _analyze(self) -> None:
        self._run("ANALYZE import_stage")

    def _prepare_lookups(self) -> None:
        """Duplicates are asked for a stretch at a time: never worth hashing the whole table."""
        self._run("ANALYZE import_stage; ANALYZE import_lost")
        self._run("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")


class SqliteStaging(StagingTables):
    """Temporary tables live in a file of their own, so others can write while rows are read.

    Only ``settle`` takes the database's one write lock, in one transaction.
    """

    each_tag = "CROSS JOIN json_each(placed.tags) tag"
    json = "text"
    merged = f"json_patch({statements.RECIPIENT}.attributes, s.attributes)"
    differs = "json_patch(r.attributes, s.attributes) <> json(r.attributes)"
    permission_parts = {
        "each_word": "CROSS JOIN json_each(s.words) word",
        "name": "json_extract(word.value, '$[0]')",
        "status": "json_extract(word.value, '$[1]')",
        **{part: f"NULLIF(s.{name}, '')" for part, name in MOMENTS.items()},
        "texts": "COALESCE(NULLIF(s.texts, ''), '[]')",
        "ip": "NULLIF(s.ip, '')",
    }
    # SQLite compares keys as they are written, and Django looks for them in this form.
    quote = staticmethod(encode_basestring_ascii)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._drop()

    def deciding(self) -> AbstractContextManager[object]:
        return nullcontext() if self.job.dry_run else transaction.atomic()

    def pack(self, batch: Batch) -> CopyRows:
        return as_tuples(batch)

    def take(self, rows: CopyRows, *, whole: bool = False) -> None:
        if not self._counted(rows):
            return
        names = ", ".join(["line", *rows.columns])
        places = ", ".join(["%s"] * (1 + len(rows.columns)))
        # A savepoint outside a transaction begins one that locks nothing until it must.
        self._cursor.execute("SAVEPOINT import_rows")
        self._cursor.executemany(f"INSERT INTO import_stage ({names}) VALUES ({places})", rows.rows)
        self._cursor.execute("RELEASE SAVEPOINT import_rows")

    def _next_id(self) -> str:
        return ""

    def _finish_insert(self) -> None:
        self._assign_ids()
        self.added = self._insert(0, self._last)
        if self.added < self.taken:
            self._run("CREATE INDEX import_stage_id ON import_stage (id)")
            self.lost = self._run(statements.NOTE_LOST, first=0, last=self._last)

    def _assign_ids(self) -> None:
        self._cursor.execute(
            "UPDATE import_stage SET id = line + COALESCE("
            "(SELECT seq FROM sqlite_sequence WHERE name = %s), 0)",
            [statements.RECIPIENT],
        )

    def _analyze(self) -> None:
        """SQLite's plans follow the keys here; nothing to gain."""

    def _prepare_lookups(self) -> None:
        """As above."""


def staging_for(job: ImportJob) -> StagingTables:
    """The stage for the database in use."""
    return PostgresStaging(job) if connection.vendor == "postgresql" else SqliteStaging(job)
