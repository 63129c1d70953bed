"""Good rows wait in a temporary table until the whole import is decided.

Only the database compares rows with each other, so memory does not grow with the file. A row loses
when one of its addresses belongs to somebody already, or was taken by an earlier row that itself
did not lose: exactly what the table's own unique constraints would say, row by row.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.backends.utils import CursorWrapper

from apps.mailings.models import Tag
from apps.mailings.transfer import statements
from apps.mailings.transfer.checking import Batch
from apps.mailings.transfer.receipts import Witness

#: The first half of the advisory lock's key: imports into one list take turns.
_LOCK = 0x696D70


#: Foreign keys are checked batch by batch, not all at the end: more of the work is done while the
#: next batch is being read. And reading a stretch in which every row is bad may take a while.
_SESSION = (
    "SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL jit = off;"
    " SET LOCAL idle_in_transaction_session_timeout = '5min'"
)


@dataclass(frozen=True, slots=True)
class Orders:
    """Whose list the rows go to, and how."""

    owner_id: int
    now: datetime
    update: bool = False
    dry_run: bool = False
    tags: Sequence[str] = ()
    added_by: int | None = None

    @property
    def plain(self) -> bool:
        """Rows are only added: they can go straight to the real table."""
        return not self.update and not self.dry_run


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch in the form in which the database takes it."""

    lines: Sequence[int]
    names: Sequence[str]
    body: Any


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row whose address is taken: by the row of line ``first_line``, or (0) by the database."""

    line: int
    first_line: int


class Stage(ABC):
    """The temporary tables of one import, on one connection."""

    #: Makes ``tag.value`` of every tag of a placed row.
    each_tag: str
    #: The attributes of a new row, and those of an old row with the new ones over them.
    json: str
    merged: str
    #: Writes a JSON string the way this database keeps it.
    quote: Callable[[str], str]

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.taken = self.added = self.updated = self.lost = 0
        self._last = 0
        self._has_tags = False
        self._cursor: CursorWrapper = connection.cursor()
        self._values: dict[str, Any] = {
            "owner": orders.owner_id,
            "added_by": orders.added_by,
            "now": connection.ops.adapt_datetimefield_value(orders.now),
        }

    @contextmanager
    def session(self) -> Iterator[Stage]:
        """The tables exist inside. What was changed is committed when it ends well."""
        with self._whole():
            self._drop()
            self._create()
            yield self
            self._drop()  # the transaction may be a caller's, and go on

    @abstractmethod
    def pack(self, batch: Batch) -> Parcel:
        """The work on a batch that needs no database: another thread may do it."""

    @abstractmethod
    def take(self, parcel: Parcel) -> None:
        """Put rows on the stage. Lines come in ascending order."""

    @abstractmethod
    def deciding(self) -> AbstractContextManager[object]:
        """Around ``settle`` and whatever must be true before the commit."""

    def settle(self) -> None:
        """Find the duplicates and, unless it is a dry run, make the rows real."""
        if self.orders.plain:
            self._finish_insert()
        else:
            self._claim()
        if not self.orders.dry_run:
            self._attach_tags()
        if self.lost:
            self._prepare_lookups()

    def duplicates(self, first: int, last: int) -> list[Duplicate]:
        """The rows between two lines that lost, and to whom. After ``settle``."""
        sql = statements.INSERTED_DUPLICATES if self.orders.plain else statements.CLAIMED_DUPLICATES
        self._run(sql, first=first, last=last)
        return [Duplicate(line, winner or 0) for line, winner in self._cursor]

    def placed(self) -> list[tuple[int, int, bool]]:
        """Line, recipient, and whether it is a new one, of all that did not lose."""
        self._run(statements.PLACED_ROWS.format(placed=self._placed))
        return [(line, recipient_id, bool(new)) for line, recipient_id, new in self._cursor]

    def witness(self) -> Witness | None:
        """Some recipient that this import added."""
        self._run(statements.WITNESS.format(placed=self._placed))
        found = self._cursor.fetchone()
        return Witness(*found) if found else None

    @property
    def _placed(self) -> str:
        return statements.PLACED if self.orders.plain else statements.PLACED_BY_CLAIM

    @abstractmethod
    def _whole(self) -> AbstractContextManager[object]: ...

    @abstractmethod
    def _next_id(self) -> str: ...

    @abstractmethod
    def _finish_insert(self) -> None: ...

    @abstractmethod
    def _assign_ids(self) -> None: ...

    @abstractmethod
    def _analyze(self) -> None: ...

    @abstractmethod
    def _prepare_lookups(self) -> None: ...

    def _create(self) -> None:
        self._run(statements.CREATE_STAGE.format(next_id=self._next_id()))
        self._run(statements.CREATE_LOST)

    def _drop(self) -> None:
        for table in statements.TABLES:
            self._run(f"DROP TABLE IF EXISTS {table}")

    def _run(self, sql: str, **values: int) -> int:
        self._cursor.execute(sql, self._values | values)
        return int(self._cursor.rowcount)

    def _insert(self, first: int, last: int, tail: str = statements.OR_LEAVE) -> int:
        sql = statements.INSERT_ROWS.format(json=self.json) + tail
        return self._run(sql, first=first, last=last)

    def _claim(self) -> None:
        self._analyze()
        target = statements.TARGET_UPDATE if self.orders.update else statements.TARGET_NONE
        self._run(statements.MATCH.format(target=target))
        self._run("CREATE UNIQUE INDEX import_match_line ON import_match (line)")
        self._run(statements.CREATE_CLAIM)
        claimed = self._run(statements.CLAIM)
        self.lost = self.taken - claimed
        if self.lost:
            self._run(statements.NOTE_UNCLAIMED)
        self._run("SELECT count(target) FROM import_claim")
        self.updated = self._cursor.fetchone()[0]
        self.added = claimed - self.updated
        if not self.orders.dry_run:
            self._assign_ids()
            self._run(statements.UPDATE.format(merged=self.merged))
            self._run(statements.INSERT_CLAIMED.format(json=self.json))

    def _attach_tags(self) -> None:
        if self._has_tags:
            parts = {"placed": self._placed, "each": self.each_tag}
            self._run(statements.CREATE_TAGS.format(**parts))
            self._run(statements.ATTACH_TAGS.format(**parts))
        if self.added or self.updated:
            for name in self.orders.tags:
                tag, _created = Tag.objects.get_or_create(owner_id=self.orders.owner_id, name=name)
                self._run(statements.ATTACH_TO_ALL.format(placed=self._placed), tag=tag.pk)

    def _counted(self, parcel: Parcel) -> bool:
        """Note the parcel. False when there is nothing in it."""
        if not parcel.lines:
            return False
        self.taken += len(parcel.lines)
        self._last = parcel.lines[-1]
        self._has_tags = self._has_tags or "tags" in parcel.names
        return True


class PostgresStage(Stage):
    """COPY into the stage, and at once from there into the table, while the next rows are read.

    All in one transaction: a killed import leaves nothing behind.
    """

    each_tag = "CROSS JOIN LATERAL jsonb_array_elements_text(CAST(placed.tags AS jsonb)) tag(value)"
    json = "CAST(s.attributes AS jsonb)"
    merged = f"{statements.RECIPIENT}.attributes || CAST(s.attributes AS jsonb)"

    quote = staticmethod(encode_basestring)

    _clean = True

    @contextmanager
    def _whole(self) -> Iterator[None]:
        with transaction.atomic():
            self._cursor.execute(_SESSION)
            if not self.orders.dry_run:
                self._cursor.execute(
                    "SELECT pg_advisory_xact_lock(%s, %s)",
                    [_LOCK, self.orders.owner_id & 0x7FFFFFFF],
                )
            yield

    def deciding(self) -> AbstractContextManager[object]:
        return nullcontext()

    def pack(self, batch: Batch) -> Parcel:
        return Parcel(batch.lines, list(batch.columns), _copy_text(batch))

    def take(self, parcel: Parcel) -> None:
        if not self._counted(parcel):
            return
        copy = f"COPY import_stage ({', '.join(['line', *parcel.names])}) FROM STDIN"
        # In one piece: before each further one, the thread that reads would be waited for.
        self._cursor.copy_expert(copy, io.BytesIO(parcel.body), len(parcel.body) + 1)
        if self.orders.plain:
            self._add(parcel.lines[0], parcel.lines[-1], len(parcel.lines))

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

    def _next_id(self) -> str:
        if self.orders.dry_run:
            return ""
        self._cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [statements.RECIPIENT])
        return f"DEFAULT nextval('{self._cursor.fetchone()[0]}')"

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


class SqliteStage(Stage):
    """Temporary tables live in a file of their own, so others can write while rows are read.

    Only ``settle`` takes the database's one write lock, in one transaction.
    """

    each_tag = "CROSS JOIN json_each(placed.tags) tag"
    json = "s.attributes"
    merged = f"json_patch({statements.RECIPIENT}.attributes, s.attributes)"
    # SQLite compares keys as they are written, and Django looks for them in this form.
    quote = staticmethod(encode_basestring_ascii)

    @contextmanager
    def _whole(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._drop()

    def deciding(self) -> AbstractContextManager[object]:
        return nullcontext() if self.orders.dry_run else transaction.atomic()

    def pack(self, batch: Batch) -> Parcel:
        rows = list(zip(batch.lines, *batch.columns.values(), strict=True))
        return Parcel(batch.lines, list(batch.columns), rows)

    def take(self, parcel: Parcel) -> None:
        if not self._counted(parcel):
            return
        names = ", ".join(["line", *parcel.names])
        places = ", ".join(["%s"] * (1 + len(parcel.names)))
        # A savepoint outside a transaction begins one that locks nothing until it must.
        self._cursor.execute("SAVEPOINT import_rows")
        self._cursor.executemany(
            f"INSERT INTO import_stage ({names}) VALUES ({places})", parcel.body
        )
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


def stage_for(orders: Orders) -> Stage:
    """The stage for the database in use."""
    return PostgresStage(orders) if connection.vendor == "postgresql" else SqliteStage(orders)


def _copy_text(batch: Batch) -> bytes:
    if not batch.lines:
        return b""
    rows = len(batch.lines)
    columns = batch.columns
    text = _joined(batch.lines, columns)
    signs = rows * len(columns)
    if "\\" in text or "\r" in text or text.count("\t") != signs or text.count("\n") != rows:
        columns = {name: list(map(_escaped, values)) for name, values in columns.items()}
        text = _joined(batch.lines, columns)
    return text.encode()


def _joined(lines: Sequence[int], columns: Mapping[str, Sequence[str]]) -> str:
    rows = zip(map(str, lines), *columns.values(), strict=True)
    return "\n".join(map("\t".join, rows)) + "\n"


_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES)
