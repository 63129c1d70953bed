"""Imports of recipients, from a file or a program."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.cache.dashboard import forget_figures
from apps.core.contracts import Actor
from apps.core.resources import disk_full_refused
from apps.mailings.fields import LISTINGS
from apps.mailings.importing.bulk import Row, RowResult, upsert_rows
from apps.mailings.importing.columns import UNASKED
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.files.spreadsheets import opened
from apps.mailings.importing.pipeline import Import, ImportReport, Progress
from apps.mailings.importing.profiles import mapping_of, named, recognised
from apps.mailings.importing.rejects import RejectedRow, first_rejects
from apps.mailings.importing.staging.presence import Presence
from apps.mailings.importing.staging.tables import ImportJob
from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services.importing.permission import check_permission, permission_of

log = structlog.get_logger(__name__)

#: A file of up to so many bytes (some ten thousand rows) is counted while its page is made.
MOST_COUNTED: Final = 1024 * 1024
#: Fields of a mapping by which rows name lists.
_LISTS: Final = frozenset(target.value for target in LISTINGS)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import.

    ``mapping`` says where columns go when their names do not (apps.mailings.importing.columns);
    ``tags`` are put on every recipient of the file; with ``update`` a row whose address is already
    in the list changes that recipient instead of being rejected; ``dry_run`` checks everything and
    writes nothing to the database. ``added_by`` is the row of the page's import, to be undone by.
    ``reading`` says how the file is to be read where a guess would be wrong. ``list_id`` is the
    list of rows that name none, ``statement`` the owner's word by what right these people are
    written to, ``source`` how those who are new came. ``presence`` are the tags of a pull.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    reading: ReadOptions = ReadOptions()
    tags: Sequence[str] = ()
    update: bool = False
    dry_run: bool = False
    added_by: int | None = None
    list_id: int = 0
    statement: str = ""
    source: str = Recipient.Source.IMPORT
    presence: Presence | None = None

    @property
    def speaks_of_lists(self) -> bool:
        """True when people are put on lists, or taken off them."""
        named = {field.removeprefix(UNASKED) for field in self.mapping.values()}
        return bool(self.list_id) or not named.isdisjoint(_LISTS)


def import_recipients(
    *,
    source: Path,
    owner: Actor,
    options: ImportOptions,
    rejects: Path | None,
    now: datetime,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring the rows of a file into the owner's list, all good ones or none.

    1. What the file is (sheet, encoding, delimiter, columns) is found out; ImportRefused if it is
       nothing, or larger than the site takes.
    2. Every row is checked; those good alone go to the list, or to a temporary table first.
    3. The database finds the duplicates and takes the others in, in one transaction.
    4. Rejected rows stand in ``rejects`` with line and reason; the file appears whole or not at
       all, and not when nothing was rejected.

    ``progress`` is called from another thread with the number of rows read.
    """
    report = _report(source, owner, options, rejects, now, progress or _batched)
    if not report.dry_run:
        forget_figures(owner.pk)
    _log(owner, report)
    _note(options, report)
    return report


def profile_mapping(source: Path, reading: ReadOptions, name: str) -> dict[str, str]:
    """Where the columns of another tool's export go: ``name`` of its profile, or ``auto``."""
    if not name:
        return {}
    most_bytes = settings.IMPORT_MAX_MEGABYTES * 1024 * 1024
    with opened(source, reading, head_only=True, most_bytes=most_bytes) as found:
        header = found.table.header
    profile = recognised(header) if name == "auto" else named(name)
    return mapping_of(profile, header) if profile else {}


def _report(
    source: Path,
    owner: Actor,
    options: ImportOptions,
    rejects: Path | None,
    now: datetime,
    progress: Progress,
) -> ImportReport:
    most_bytes = settings.IMPORT_MAX_MEGABYTES * 1024 * 1024
    with disk_full_refused(), opened(source, options.reading, most_bytes=most_bytes) as found:
        return Import(
            table=found.table,
            job=_import_job(owner, options, now),
            mapping=options.mapping,
            rejects=rejects,
            progress=progress,
        ).run()


def can_be_counted(found: RecipientImport) -> bool:
    """True if the file is so small that nobody waits for what an import of it would do."""
    try:
        return bool(found.file) and found.file.size <= MOST_COUNTED
    except OSError:
        return False


def count_rows(
    *,
    found: RecipientImport,
    mapping: Mapping[str, str],
    update: bool,
    now: datetime,
    list_id: int = 0,
    statement: str = "",
) -> ImportReport:
    """What an import of a small file would do: nothing is changed, and nothing is said of it.

    Raises an ImportRefused when it would do nothing.
    """
    options = ImportOptions(
        mapping=mapping,
        reading=ReadOptions.of(found.reading),
        update=update,
        dry_run=True,
        list_id=list_id,
        statement=statement,
    )
    return _report(Path(found.file.path), found.owner, options, None, now, _batched)


def check_lists(*, owner: Actor, mapping: Mapping[str, str], list_id: int, statement: str) -> None:
    """Raises ListsRefused and StatementMissing where an import so could put nobody on a list."""
    options = ImportOptions(mapping=mapping, list_id=list_id, statement=statement)
    if options.speaks_of_lists:
        fields = [field.removeprefix(UNASKED) for field in mapping.values()]
        check_permission(owner=owner, list_id=list_id, statement=statement, fields=fields)


def first_rejected(found: RecipientImport, most: int) -> tuple[Sequence[str], list[RejectedRow]]:
    """The header and the first rows of the file of what was rejected."""
    with found.rejects.open("rb") as file:
        return first_rejects(io.TextIOWrapper(file, "utf-8-sig", newline=""), most)


def _log(owner: Actor, report: ImportReport) -> None:
    log.info(
        "recipients_imported",
        user_id=owner.pk,
        rows=report.rows,
        added=report.added,
        updated=report.updated,
        unchanged=report.unchanged,
        suppressed=report.suppressed,
        kept=report.kept,
        missing=report.missing,
        rejected=report.rejected,
        dry_run=report.dry_run,
        resumed=report.resumed,
    )


def _note(options: ImportOptions, report: ImportReport) -> None:
    """The audit log has one entry for a file, not one for each of its rows."""
    if report.dry_run:
        return
    figures = {
        name: getattr(report, name)
        for name in ("added", "updated", "unchanged", "suppressed", "rejected", "kept")
    }
    about = Object(RecipientImport._meta.label_lower, options.added_by)
    record(Act.IMPORTED, about, details=figures, count=report.rows)


def upsert_recipients(
    *, rows: Sequence[Row], owner: Actor, options: ImportOptions, now: datetime
) -> list[RowResult]:
    """Bring rows of a program into the owner's list: one answer for each, in their order.

    The good ones come in by one transaction. Raises ListChanged, TooManyAttributes.
    """
    placed = upsert_rows(rows, _import_job(owner, options, now))
    forget_figures(owner.pk)
    rejected = sum(one.reject is not None for one in placed)
    ids = [one.recipient_id for one in placed if one.recipient_id is not None]
    facts = {"rows": len(rows), "rejected": rejected, "recipient_ids": ids}
    about = Object(Recipient._meta.label_lower)
    record(Act.IMPORTED, about, details={"rejected": rejected}, count=len(ids))
    log.info("recipients_placed", user_id=owner.pk, **facts)
    return placed


def _import_job(owner: Actor, options: ImportOptions, now: datetime) -> ImportJob:
    return ImportJob(
        owner_id=owner.pk,
        now=now,
        update=options.update,
        dry_run=options.dry_run,
        added_by=options.added_by,
        source=options.source,
        permission=permission_of(owner, options, now) if options.speaks_of_lists else None,
        most_rows=settings.IMPORT_MAX_ROWS,
        tags=_tags_of(options),
        presence=options.presence,
    )


def _tags_of(options: ImportOptions) -> tuple[str, ...]:
    own = [options.presence.tag] if options.presence else []
    return tuple(dict.fromkeys(tag.strip() for tag in [*options.tags, *own] if tag.strip()))


def _batched(rows: int) -> None:
    """Report no progress."""
