"""Imports that people start on a page: looked at, carried out in the background, undone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog
from django.core.cache import cache
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import close_old_connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.errors import Refused
from apps.core.outbound import download
from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services.audience import Removed, remove
from apps.mailings.services.recipients import ImportOptions, import_recipients
from apps.mailings.transfer.columns import arrange
from apps.mailings.transfer.readers import DelimitedTable
from apps.mailings.transfer.refusals import ImportRefused
from apps.mailings.transfer.sheets import as_delimited
from apps.users.models import User

log = structlog.get_logger(__name__)

MAX_BYTES: Final = 200 * 1024 * 1024
SHOWN: Final = 10
_KEPT_SECONDS: Final = 3600
_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import-page")

State = RecipientImport.State


class ImportTooLarge(Refused):
    """The file is larger than the site takes."""

    code = "import_too_large"


class ImportBusy(Refused):
    """The import is not in a state in which this can be done."""

    code = "import_busy"


@dataclass(frozen=True, slots=True)
class Look:
    """What a file holds: its columns, where each would go, and the first values in it."""

    form: str
    columns: Sequence[tuple[str, str, Sequence[str]]]


def receive(*, owner: User, upload: UploadedFile[Any]) -> RecipientImport:
    """Keep an uploaded file. Raises ImportTooLarge."""
    if (upload.size or 0) > MAX_BYTES:
        raise ImportTooLarge(_("The file is larger than 200 MB."))
    name = Path(upload.name or "list").name
    found = RecipientImport(owner=owner, source=name[:500])
    found.file.save(f"{owner.pk}", upload, save=False)
    found.save()
    return found


def fetch(*, owner: User, url: str) -> RecipientImport:
    """Read a list from an address. Raises AddressRefused or FetchFailed."""
    with tempfile.TemporaryDirectory(prefix="vestnik-fetch-") as directory:
        path = Path(directory) / "list"
        download(url, path, max_bytes=MAX_BYTES)
        found = RecipientImport(owner=owner, source=url[:500])
        with path.open("rb") as file:
            found.file.save(f"{owner.pk}", File(file), save=False)
        found.save()
    return found


def look_into(found: RecipientImport) -> Look:
    """Read the head of the file. Raises ImportRefused when it is no list, ImportBusy when done."""
    if not found.file or found.state not in (State.UPLOADED, State.FAILED):
        raise ImportBusy(_("This import has been started already."))
    with as_delimited(Path(found.file.path)) as path:
        table = DelimitedTable(path)
        block = next(table.blocks(), None)
        rows = [block.row(at) for at in range(min(SHOWN, len(block.lines)))] if block else []
        guessed = _guess(table.header)
    return Look(
        form=table.form,
        columns=[
            (name, guessed.get(name, ""), [row[at] for row in rows])
            for at, name in enumerate(table.header)
        ],
    )


def check_columns(look: Look, mapping: Mapping[str, str]) -> None:
    """Raises NoAddressColumn or UnknownColumn when the columns cannot be used so."""
    arrange([name for name, _guessed, _values in look.columns], mapping)


def _guess(header: Sequence[str]) -> dict[str, str]:
    try:
        columns = arrange(header, {})
    except ImportRefused:
        return {}
    guessed = {header[at]: str(field) for field, places in columns.fields.items() for at in places}
    return guessed | {header[at]: name for name, at in columns.attributes.items()}


def start(
    *, found: RecipientImport, mapping: Mapping[str, str], options: Mapping[str, Any], now: datetime
) -> None:
    """Put the import into the queue and have it carried out. Raises ImportBusy when it has run."""
    waiting = RecipientImport.objects.filter(
        pk=found.pk, state__in=(State.UPLOADED, State.FAILED, State.QUEUED)
    )
    if not waiting.update(
        state=State.QUEUED,
        mapping=dict(mapping),
        options=dict(options),
        dry_run=bool(options.get("dry_run")),
        error="",
        updated_at=now,
    ):
        raise ImportBusy(_("This import has been started already."))
    transaction.on_commit(lambda: in_background(carry_out, found.pk))


def drop(*, found: RecipientImport) -> None:
    """Forget a file that turned out to be no list."""
    found.file.delete(save=False)
    found.delete()


def in_background(act: Callable[[int], None], number: int) -> None:
    """Do it in a thread of its own, with a database connection of its own."""

    def whole() -> None:
        close_old_connections()
        try:
            act(number)
        finally:
            close_old_connections()

    _pool.submit(whole)


def carry_out(number: int) -> None:
    """Carry out one queued import. Whatever happens, it is said in the row."""
    mine = RecipientImport.objects.filter(pk=number, state=State.QUEUED)
    if not mine.update(state=State.RUNNING, started_at=timezone.now()):
        return
    found = RecipientImport.objects.select_related("owner").get(pk=number)
    try:
        with override(found.options.get("language", "ru")):
            _import(found)
    except Refused as refusal:
        found.state, found.error = State.FAILED, str(refusal)[:500]
    except Exception as error:  # the row must not say "running" for ever
        log.exception("import_broke", import_id=number)
        found.state, found.error = State.FAILED, type(error).__name__
    found.finished_at = timezone.now()
    found.save()


def _import(found: RecipientImport) -> None:
    options = found.options
    with tempfile.TemporaryDirectory(prefix="vestnik-import-") as directory:
        rejects = Path(directory) / "rejected.csv"
        report = import_recipients(
            source=Path(found.file.path),
            owner=found.owner,
            options=ImportOptions(
                mapping=found.mapping,
                tags=options.get("tags", ()),
                update=bool(options.get("update")),
                dry_run=found.dry_run,
                added_by=found.pk,
            ),
            rejects=rejects,
            now=timezone.now(),
            progress=lambda rows: cache.set(_key(found.pk), rows, _KEPT_SECONDS),
        )
        if rejects.exists():
            with rejects.open("rb") as file:
                found.rejects.save(f"{found.owner_id}.csv", File(file), save=False)
    found.total_rows = found.done_rows = report.rows
    found.added, found.updated, found.rejected = report.added, report.updated, report.rejected
    found.state = State.DONE


def rows_read(found: RecipientImport) -> int:
    """How far a running import is, as far as this process knows."""
    return int(cache.get(_key(found.pk)) or found.done_rows)


def _key(number: int) -> str:
    return f"import-rows:{number}"


def undo(*, found: RecipientImport, now: datetime) -> Removed:
    """Take out again whom this import added; whoever was written to goes to the archive.

    Raises ImportBusy when it has not been carried out. What it changed of others stays.
    """
    mine = RecipientImport.objects.filter(pk=found.pk, state=State.DONE, dry_run=False)
    if not mine.update(state=State.UNDONE, updated_at=now):
        raise ImportBusy(_("Only an import that has been carried out can be undone."))
    rows = Recipient.objects.filter(added_by=found, owner_id=found.owner_id)
    return remove(recipients=rows, owner_id=found.owner_id, now=now)
