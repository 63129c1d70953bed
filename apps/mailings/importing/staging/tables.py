"""Good rows wait in a temporary table until it is decided which of them come in.

Only the database compares rows with each other, so memory does not grow with the file. A row loses
when one of its addresses belongs to somebody already, or was taken by an earlier row that itself
did not lose: exactly what the table's own unique constraints would say, row by row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from apps.mailings.importing.errors import TooManyLists
from apps.mailings.importing.permission.rows import CHOSEN, Terms
from apps.mailings.importing.staging import permission_sql
from apps.mailings.importing.staging import sql as statements
from apps.mailings.importing.staging.commit_marker import ProofRow
from apps.mailings.importing.staging.copy_rows import CopyRows
from apps.mailings.importing.staging.presence import Database, Presence, tag_missing
from apps.mailings.importing.validation import Batch
from apps.mailings.models import Tag

#: Columns of ``CopyRows`` that only the stage can hold.
_LEFT = frozenset(statements.LEFT)
STAGED = _LEFT | {"tags", *statements.PERMISSION}


#: Lists that one file may name.
MOST_LISTS: Final = 200


@dataclass(frozen=True, slots=True)
class Permission:
    """By what right the people of a file are put on lists.

    ``list_id`` is the list of the rows that name none (0: they stay on none), ``statement`` the
    owner's word for people without evidence. ``lists_of`` finds or makes lists by their titles,
    ``stated`` keeps the statement for one of them, ``who`` digests an address; ``by`` names the
    owner in what is kept.
    """

    list_id: int
    statement: str
    by: str
    lists_of: Callable[[Sequence[str]], Mapping[str, int]]
    stated: Callable[[int], int]
    who: Callable[[str, str], str]

    @property
    def terms(self) -> Terms:
        """What a row must say to put its person on a list."""
        return Terms(
            chosen=bool(self.list_id),
            stated=bool(self.statement),
            moment=lambda value: str(connection.ops.adapt_datetimefield_value(value)),
            who=self.who,
        )


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
    source: str = "import"
    permission: Permission | None = None
    presence: Presence | None = None

    @property
    def matches(self) -> bool:
        """A row may belong to somebody who is known: to be changed, or to be put on a list."""
        return self.update or self.permission is not None

    @property
    def plain(self) -> bool:
        """Rows are only added: they can go straight to the real table."""
        return not self.matches and not self.dry_run


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
    #: When the attributes of a row change those of ``r``.
    differs: str
    #: How the pairs of a row's lists are taken apart, and what stands in them; a moment, an IP
    #: address and JSON out of text (staging.permission_sql).
    permission_parts: Mapping[str, str]

    def __init__(self, job: ImportJob) -> None:
        self.job = job
        self.taken = self.added = self.updated = self.lost = 0
        self.unchanged = self.suppressed = self.kept = self.missing = 0
        self._last = 0
        self._has_tags = self._has_left = self._has_refusals = False
        permission = job.permission
        self._only_adds = job.plain
        self._cursor: CursorWrapper = connection.cursor()
        self._values: dict[str, Any] = {
            "owner": job.owner_id,
            "added_by": job.added_by,
            "actor": "import" if job.added_by is None else f"import:{job.added_by}",
            "source": job.source,
            "by": permission.by if permission else "",
            "statement": permission.statement if permission else "",
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
            self._note_tagged()
        if (presence := self.job.presence) is not None and presence.missing and self.taken:
            database, job = Database(self._run, self._number, self._placed), self.job
            self.missing = tag_missing(
                presence, database, owner_id=job.owner_id, dry_run=job.dry_run
            )
        if not self.job.dry_run:
            self._attach_tags()
        if self._has_left:
            self._suppress()
        if self.job.permission is not None and not self._only_adds:
            self._put_on_lists(self.job.permission)
        known = statements.known(lists=self.job.permission is not None, dry_run=self.job.dry_run)
        for statement in () if self._only_adds else known:
            self._run(statement)
        self._count()
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

    def _run(self, sql: str, **values: Any) -> int:
        self._cursor.execute(sql, self._values | values)
        return int(self._cursor.rowcount)

    def _number(self, sql: str, **values: Any) -> int:
        self._run(sql, **values)
        return int(self._cursor.fetchone()[0])

    def _insert(self, first: int, last: int, tail: str = statements.OR_LEAVE) -> int:
        return self._run(statements.INSERT_ROWS + tail, first=first, last=last)

    def _claim(self) -> None:
        self._analyze()
        target = statements.TARGET_UPDATE if self.job.matches else statements.TARGET_NONE
        self._run(statements.MATCH.format(target=target))
        self._run("CREATE UNIQUE INDEX import_match_line ON import_match (line)")
        self._run(statements.CREATE_CLAIM)
        claimed = self._run(statements.CLAIM)
        self.lost = self.taken - claimed
        if self.lost:
            self._run(statements.NOTE_UNCLAIMED)
        self.updated = self._number("SELECT count(target) FROM import_claim")
        self.added = claimed - self.updated
        self._run(statements.CREATE_CHANGED)
        if self.job.update:
            self._run(statements.NOTE_CHANGED.format(differs=self.differs))
        if self._has_refusals:
            self._run(statements.NOTE_REFUSING)
        if not self.job.dry_run:
            self._assign_ids()
            if self.job.update:
                self._run(statements.UPDATE.format(merged=self.merged))
            if self._has_refusals:
                self._run(statements.REFUSE)
            self._run(statements.INSERT_CLAIMED)

    def _note_tagged(self) -> None:
        parts = {"placed": self._placed}
        if self._has_tags:
            each = statements.NOTE_TAGGED.format(each=self.each_tag, name="tag.value", **parts)
            self._run(each)
        for name in self.job.tags:
            statement = statements.NOTE_TAGGED.format(each="", name="%(name)s", **parts)
            self._run(statement, name=name)

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
        self._run(statements.CREATE_LEFT)
        self._run(statements.INDEX_LEFT)
        self._run(statements.CREATE_WROTE)
        for statement in () if self.job.dry_run else statements.SUPPRESS:
            self._run(statement)

    def _put_on_lists(self, permission: Permission) -> None:
        parts = dict(self.permission_parts)
        if not self._has_left:  # what bars people is asked in any case
            self._run(statements.CREATE_LEFT)
        self._run(permission_sql.CREATE_LIST)
        self._run(permission_sql.NAMES.format(**parts))
        names = [name for (name,) in self._cursor.fetchall()]
        if len(names) > MOST_LISTS:
            raise TooManyLists(_("The file names more than 200 lists."))
        known = permission.lists_of([name for name in names if name != CHOSEN])
        for name in names:
            values: dict[str, Any] = {"name": name, "list": known.get(name, permission.list_id)}
            insert = "INSERT INTO import_list (name, list_id) VALUES (%(name)s, %(list)s)"
            self._run(insert, **values)
        self._run(permission_sql.CREATE_WORD.format(**parts))
        self.kept = self._number(permission_sql.COUNT_KEPT)
        self._run(permission_sql.NOTE_CHANGED)
        if not self.job.dry_run:
            self._write_subscriptions(permission, parts)

    def _write_subscriptions(self, permission: Permission, parts: dict[str, str]) -> None:
        self._run(permission_sql.STATED)
        for (list_id,) in self._cursor.fetchall():
            stated = permission.stated(list_id)
            self._run(permission_sql.SET_STATED, list=list_id, stated=stated)
        for statement in permission_sql.consents(parts):
            self._run(statement)
        self._run(permission_sql.SUBSCRIBE.format(**parts))
        self._run(permission_sql.NOTE_UNCONFIRMED)
        self._run(permission_sql.END.format(**parts))

    def _count(self) -> None:
        """Count what became of every row that did not lose, once for each."""
        if not self._only_adds:
            wrote = "import_wrote" if self._has_left else "(SELECT 0 AS line)"
            self._run(statements.COUNT_CLAIMED.format(wrote=wrote))
            counts = self._cursor.fetchone()
            self.suppressed, self.added, self.updated, self.unchanged = counts
        elif self._has_left:
            self.suppressed = self._number(statements.COUNT_WROTE)
            self.added -= self.suppressed

    def _counted(self, rows: CopyRows) -> bool:
        """Note the rows. False when there are none."""
        if not rows.lines:
            return False
        self.taken += len(rows.lines)
        self._last = rows.lines[-1]
        self._has_tags = self._has_tags or "tags" in rows.columns
        self._has_left = self._has_left or not _LEFT.isdisjoint(rows.columns)
        self._has_refusals = self._has_refusals or "unmeasured" in rows.columns
        return True
