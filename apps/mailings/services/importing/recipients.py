"""What is done to a list of recipients as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from django.conf import settings

from apps.core.cache.dashboard import forget_figures
from apps.core.contracts import Actor
from apps.core.resources import disk_full_refused
from apps.mailings.importing.bulk import Row, RowResult, upsert_rows
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.files.spreadsheets import opened
from apps.mailings.importing.pipeline import Import, ImportReport, Progress
from apps.mailings.importing.staging.tables import ImportJob

__all__ = ["ImportOptions", "ImportReport", "import_recipients", "upsert_recipients"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import.

    ``mapping`` says where columns go when their names do not (apps.mailings.importing.columns);
    ``tags`` are put on every recipient of the file; with ``update`` a row whose address is already
    in the list changes that recipient instead of being rejected; ``dry_run`` checks everything and
    writes nothing to the database. ``added_by`` is the row of the page's import, to be undone by.
    ``reading`` says how the file is to be read where a guess would be wrong.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    reading: ReadOptions = ReadOptions()
    tags: Sequence[str] = ()
    update: bool = False
    dry_run: bool = False
    added_by: int | None = None


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
    most_bytes = settings.IMPORT_MAX_MEGABYTES * 1024 * 1024
    with disk_full_refused(), opened(source, options.reading, most_bytes=most_bytes) as found:
        report = Import(
            table=found.table,
            job=_import_job(owner, options, now),
            mapping=options.mapping,
            rejects=rejects,
            progress=progress or _batched,
        ).run()
    if not report.dry_run:
        forget_figures(owner.pk)
    _log(owner, report)
    return report


def _log(owner: Actor, report: ImportReport) -> None:
    log.info(
        "recipients_imported",
        user_id=owner.pk,
        rows=report.rows,
        added=report.added,
        updated=report.updated,
        rejected=report.rejected,
        dry_run=report.dry_run,
        resumed=report.resumed,
    )


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
    log.info("recipients_placed", user_id=owner.pk, **facts)
    return placed


def _import_job(owner: Actor, options: ImportOptions, now: datetime) -> ImportJob:
    return ImportJob(
        owner_id=owner.pk,
        now=now,
        update=options.update,
        dry_run=options.dry_run,
        added_by=options.added_by,
        most_rows=settings.IMPORT_MAX_ROWS,
        tags=tuple(dict.fromkeys(tag.strip() for tag in options.tags if tag.strip())),
    )


def _batched(rows: int) -> None:
    """Report no progress."""
