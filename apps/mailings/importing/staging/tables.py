"""Good rows wait in a temporary table until it is decided which of them come in.

Only the database compares rows with each other, so memory does not grow with the file. A row loses
when one of its addresses belongs to somebody already, or was taken by an earlier row that itself
did not lose: exactly what the table's own unique constraints would say, row by row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from apps.mailings.importing.staging import sql as statements
from apps.mailings.importing.staging.commit_marker import ProofRow
from apps.mailings.importing.staging.copy_rows import CopyRows
from apps.mailings.importing.validation import Batch
from apps.mailings.models import Tag

#: Columns of ``CopyRows`` that only the stage can hold.
_LEFT = frozenset(statements.LEFT)
STAGED = _LEFT | {"tags"}


@dataclass(frozen=True, slots=True)
class ImportJob:
    """Whose list the rows go to, and how. ``most_rows``: 0 is any number."""

    owner_id: int
    now: datetime
    most_rows: int = 0
    update: bool = False
    dry_run: bool = False
    tags: Sequence[str] = ()
    added_by: int | None = None

    @property
    def plain(self) -> bool:
        """Rows are only added: they can go straight to the real table."""
        return not self.update and not self.dry_run


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row whose address is taken: by the row of line ``first_line``, or (0) by the database."""

    line: int
    first_line: int


class StagingTables(ABC):
    """The temporary tables of one import, on one connection."""

    #: Makes ``tag.value`` of every tag of a placed row.
    each_tag: str
    #: The type of a column of JSON, and the attributes of an old row with the new ones over them.
    json: str
    merged: str
    #: Writes a JSON string the way this database keeps it.
    quote: Callable[[str], str]

    def __init__(self, job: ImportJob) -> None:
        self.job = job
        self.taken = self.added = self.updated = self.lost = self.suppressed = 0
        self._last = 0
        self._has_tags = self._has_left = False
        self._only_adds = job.plain
        self._cursor: CursorWrapper = connection.cursor()
        self._values: dict[str, Any] = {
            "owner": job.owner_id,
            "added_by": job.added_by,
            "actor": "import" if job.added_by is None else f"import:{job.added_by}",
            "now": connection.ops.adapt_datetimefield_value(job.now),
        }

    @contextmanager
    def session(self) -> Iterator[StagingTables]:
        """The tables exist inside. What was changed is committed when it ends well."""
        with self._whole():
            self._drop()
            self._create()
            yield self
            self._drop()  # the transaction may be a caller's, and go on

    @abstractmethod
    def pack(self, batch: Batch) -> CopyRows:
        """The work on a batch that needs no database: another thread may do it."""

    @abstractmethod
    def take(self, rows: CopyRows, *, whole: bool = False) -> None:
        """Put rows on the stage, or where they belong. Lines come in ascending order.

        ``whole``: no other rows follow.
        """

    @abstractmethod
    def deciding(self) -> AbstractContextManager[object]:
        """Around ``settle`` and whatever must be true before the commit."""

    def settle(self) -> None:
        """Find the duplicates and, unless it is a dry run, make the rows real."""
        if self._only_adds:
            self._finish_insert()
        else:
            self._claim()
        if not self.job.dry_run:
            self._attach_tags()
        if self._has_left:
            self._suppress()
        if self.lost:
            self._prepare_lookups()

    def duplicates(self, first: int, last: int) -> list[Duplicate]:
        """The rows between two lines that lost, and to whom. After ``settle``."""
        sql = statements.INSERTED_DUPLICATES if self._only_adds else statements.CLAIMED_DUPLICATES
        self._run(sql, first=first, last=last)
        return [Duplicate(line, winner or 0) for line, winner in self._cursor]

    def placed(self) -> list[tuple[int, int, bool]]:
        """Line, recipient, and whether it is a new one, of all that did not lose."""
        self._run(statements.PLACED_ROWS.format(placed=self._placed))
        return [(line, recipient_id, bool(new)) for line, recipient_id, new in self._cursor]

    def proof_row(self) -> ProofRow | None:
        """Some recipient that this import added."""
        self._run(statements.WITNESS.format(placed=self._placed))
        found = self._cursor.fetchone()
        return ProofRow(*found) if found else None

    @property
    def _placed(self) -> str:
        return statements.PLACED if self._only_adds else statements.PLACED_BY_CLAIM

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
        self._run(statements.CREATE_STAGE.format(next_id=self._next_id(), json=self.json))
        self._run(statements.CREATE_DIRECT)
        self._run(statements.CREATE_LOST)

    def _drop(self) -> None:
        for table in statements.TABLES:
            self._run(f"DROP TABLE IF EXISTS {table}")

    def _run(self, sql: str, **values: int) -> int:
        self._cursor.execute(sql, self._values | values)
        return int(self._cursor.rowcount)

    def _insert(self, first: int, last: int, tail: str = statements.OR_LEAVE) -> int:
        return self._run(statements.INSERT_ROWS + tail, first=first, last=last)

    def _claim(self) -> None:
        self._analyze()
        target = statements.TARGET_UPDATE if self.job.update else statements.TARGET_NONE
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
        if not self.job.dry_run:
            self._assign_ids()
            self._run(statements.UPDATE.format(merged=self.merged))
            self._run(statements.INSERT_CLAIMED)

    def _attach_tags(self) -> None:
        if self._has_tags:
            parts = {"placed": self._placed, "each": self.each_tag}
            self._run(statements.CREATE_TAGS.format(**parts))
            self._run(statements.ATTACH_TAGS.format(**parts))
        if self.added or self.updated:
            for name in self.job.tags:
                tag, _created = Tag.objects.get_or_create(owner_id=self.job.owner_id, name=name)
                self._run(statements.ATTACH_TO_ALL.format(placed=self._placed), tag=tag.pk)

    def _suppress(self) -> None:
        self._run(statements.COUNT_LEFT)
        self.suppressed = self._cursor.fetchone()[0]
        for statement in () if self.job.dry_run else statements.SUPPRESS:
            self._run(statement)

    def _counted(self, rows: CopyRows) -> bool:
        """Note the rows. False when there are none."""
        if not rows.lines:
            return False
        self.taken += len(rows.lines)
        self._last = rows.lines[-1]
        self._has_tags = self._has_tags or "tags" in rows.columns
        self._has_left = self._has_left or not _LEFT.isdisjoint(rows.columns)
        return True
