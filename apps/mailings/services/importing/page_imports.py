"""Imports of a page: queued, carried out in the background, undone."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.files import File
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.errors import Refused
from apps.mailings.importing.errors import StatusUndecided
from apps.mailings.importing.files.read_options import ReadOptions
from apps.mailings.importing.pipeline import ImportReport
from apps.mailings.importing.staging.presence import Presence
from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services.importing.imports import ImportOptions, import_recipients
from apps.mailings.services.importing.outcome import say_outcome
from apps.mailings.services.importing.permission import take_back
from apps.mailings.services.recipients import Removed, remove

log = structlog.get_logger(__name__)

_KEPT_SECONDS: Final = 3600
#: Seconds between two signs of life of a running import.
_BEAT: Final = 20.0
#: After such a silence its process has ended: longer than SQLite lets a writer wait.
SILENCE_ENDS: Final = timedelta(minutes=15)
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
    now = timezone.now()
    if not mine.update(state=State.RUNNING, started_at=now, beat_at=now):
        return None
    found = RecipientImport.objects.select_related("owner").get(pk=number)
    try:
        with override(found.options.get("language", "ru")), _signs_of_life(number):
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


@contextmanager
def _signs_of_life(number: int) -> Iterator[None]:
    """Say in the row again and again that somebody is at work on it, over a connection beside."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(_BEAT):
            with suppress(DatabaseError):  # SQLite has one writer, and the import is it
                RecipientImport.objects.filter(pk=number).update(beat_at=timezone.now())
        connection.close()

    thread = threading.Thread(target=beat, name=f"import-{number}-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


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
