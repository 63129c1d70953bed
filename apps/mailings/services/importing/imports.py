"""Imports of recipients: from a file or a program; those of a page in the background, undone."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.files import File
from django.db import close_old_connections, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.cache.dashboard import forget_figures
from apps.core.contracts import Actor
from apps.core.errors import Refused
from apps.core.resources import disk_full_refused
from apps.mailings.fields import LISTINGS
from apps.mailings.importing.bulk import Row, RowResult, upsert_rows
from apps.mailings.importing.columns import UNASKED
from apps.mailings.importing.errors import StatusUndecided
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.files.spreadsheets import opened
from apps.mailings.importing.pipeline import Import, ImportReport, Progress
from apps.mailings.importing.profiles import mapping_of, named, recognised
from apps.mailings.importing.rejects import RejectedRow, first_rejects
from apps.mailings.importing.staging.presence import Presence
from apps.mailings.importing.staging.tables import ImportJob
from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services.importing.outcome import say_outcome
from apps.mailings.services.importing.permission import check_permission, permission_of, take_back
from apps.mailings.services.recipients import Removed, remove

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


log = structlog.get_logger(__name__)

_KEPT_SECONDS: Final = 3600
#: A file of up to so many bytes (some ten thousand rows) is counted while its page is made.
MOST_COUNTED: Final = 1024 * 1024
#: One import at a time; a look into another file does not wait for it.
_importers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-page")
_readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="import-look")

State = RecipientImport.State


class ImportBusy(Refused):
    """The import is not in a state in which this can be done."""

    code = "import_busy"


def start(
    *, found: RecipientImport, mapping: Mapping[str, str], options: Mapping[str, Any], now: datetime
) -> None:
    """Put the import into the queue and have it carried out. Raises ImportBusy when it has run.

    What was only tried is imported from the same file, or tried once more.
    """
    waiting = Q(state__in=(State.UPLOADED, State.FAILED, State.QUEUED)) | tried()
    if not RecipientImport.objects.filter(waiting, pk=found.pk).update(
        state=State.QUEUED,
        mapping=dict(mapping),
        options=dict(options),
        dry_run=bool(options.get("dry_run")),
        error="",
        error_code="",
        updated_at=now,
    ):
        raise ImportBusy(_("This import has been started already."))
    transaction.on_commit(lambda: in_background(carry_out, found.pk))


def tried() -> Q:
    """Imports that were only tried, and whose file is still there."""
    return Q(state=State.DONE, dry_run=True) & ~Q(file="")


def in_background(act: Callable[[int], None], number: int) -> None:
    """Do it in a thread of its own, with a database connection of its own."""

    def whole() -> None:
        close_old_connections()
        try:
            act(number)
        finally:
            close_old_connections()

    (_importers if act is carry_out else _readers).submit(whole)


def carry_out(number: int) -> None:
    """Carry out one queued import. Whatever happens, it is said in the row."""
    with suppress(Exception):
        carry_out_now(number)


def carry_out_now(number: int) -> ImportReport | None:
    """The same for who waits for it: raises what is said in the row. None: it is not queued."""
    mine = RecipientImport.objects.filter(pk=number, state=State.QUEUED)
    if not mine.update(state=State.RUNNING, started_at=timezone.now()):
        return None
    found = RecipientImport.objects.select_related("owner").get(pk=number)
    try:
        with override(found.options.get("language", "ru")):
            return _import(found)
    except StatusUndecided as question:
        leaving = [*found.preview.get("leaving", ()), (question.at, question.value)]
        found.preview = {**found.preview, "leaving": leaving}
        found.state, found.error, found.error_code = State.FAILED, str(question), question.code
        raise
    except Refused as refusal:
        found.state, found.error, found.error_code = State.FAILED, str(refusal)[:500], refusal.code
        raise
    except Exception as error:  # the row must not say "running" for ever
        log.exception("import_broke", import_id=number)
        found.state, found.error = State.FAILED, type(error).__name__
        raise
    finally:
        say_outcome(found)


def _import(found: RecipientImport) -> ImportReport:
    options = found.options
    if found.rejects:  # of a try before
        found.rejects.delete(save=False)
    with tempfile.TemporaryDirectory(prefix="vestnik-import-") as directory:
        rejects = Path(directory) / "rejected.csv"
        report = import_recipients(
            source=Path(found.file.path),
            owner=found.owner,
            options=ImportOptions(
                mapping=found.mapping,
                reading=ReadOptions.of(found.reading),
                tags=options.get("tags", ()),
                update=bool(options.get("update")),
                dry_run=found.dry_run,
                added_by=found.pk,
                list_id=int(options.get("list") or 0),
                statement=str(options.get("statement", "")),
                presence=_presence_of(found),
            ),
            rejects=rejects,
            now=found.started_at or timezone.now(),  # by it its people are found again
            progress=lambda rows: cache.set(_key(found.pk), rows, _KEPT_SECONDS),
        )
        if rejects.exists():
            with rejects.open("rb") as file:
                found.rejects.save(f"{found.owner_id}.csv", File(file), save=False)
    found.total_rows = found.done_rows = report.rows
    found.added, found.updated, found.rejected = report.added, report.updated, report.rejected
    found.unchanged, found.kept = report.unchanged, report.kept
    found.warned, found.suppressed = report.warned, report.suppressed
    figures = {"reasons": report.reasons, "warnings": report.warnings, "missing": report.missing}
    found.options = {**options, **figures}
    found.state = State.DONE
    if found.dry_run:
        found.preview = {**found.preview, "form": report.form}
    else:
        found.preview = {"form": report.form}
        found.file.delete(save=False)
    return report


def _presence_of(found: RecipientImport) -> Presence | None:
    """The tags of a source. Without updates a row of somebody known is a duplicate, so that
    nobody could say who is missing."""
    declaration = settings.SOURCES.get(found.pulled_from)
    if declaration is None or not declaration.tag:
        return None
    missing = declaration.missing_tag if found.options.get("update") else ""
    return Presence(declaration.tag, missing)


def rows_read(found: RecipientImport) -> int:
    """How far a running import is, as far as this process knows."""
    return int(cache.get(_key(found.pk)) or found.done_rows)


def _key(number: int) -> str:
    return f"import-rows:{number}"


def undo(*, found: RecipientImport, now: datetime) -> Removed:
    """Remove the recipients this import added; those with a history go to the archive.

    What it suppressed may be written to again, and who it put on lists or took off them stands as
    before. Raises ImportBusy when it has not been carried out. What it changed of others stays.
    """
    mine = RecipientImport.objects.filter(pk=found.pk, state=State.DONE, dry_run=False)
    if not mine.update(state=State.UNDONE, updated_at=now):
        raise ImportBusy(_("Only an import that has been carried out can be undone."))
    take_back(found, now=now)
    rows = Recipient.objects.filter(added_by=found, owner_id=found.owner_id)
    return remove(recipients=rows, owner_id=found.owner_id, now=now)
