"""Makes an installation of a backup: all of it, or nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from apps.core.files.replacing import alone
from apps.core.resources import disk_full_refused
from apps.core.responses.stored import NOTHING
from apps.delivery.backup import places, schema
from apps.delivery.backup.archive import Manifest, TableEntry, lines, opened
from apps.delivery.backup.errors import (
    BackupDamaged,
    BackupNewer,
    BackupOlder,
    BackupUnfit,
    NotEmpty,
    RestoreRunning,
)
from apps.delivery.backup.sequences import set_last_ids
from apps.delivery.backup.sums import sums_of
from apps.delivery.backup.tables import CHUNK, FILLED, Table, tables
from apps.delivery.backup.taking import name_of
from apps.mailings.models import Run

#: Below it lie the files until the rows are in.
_FOLDER: Final = "restoring"
#: There as soon as files are where they belong while the rows are not committed.
_MOVING: Final = "moving"


def restore(path: Path, *, with_files: bool = True) -> Manifest:
    """Fill this empty installation. Raises Refused, and then it is as empty as before.

    A killed process leaves the database empty as well; what it has unpacked is removed by the next
    restoring.
    """
    folder = Path(settings.VAR_DIR) / _FOLDER
    with alone(folder) as mine, disk_full_refused(), opened(path) as (archive, manifest):
        if not mine:
            raise RestoreRunning(_("Another process is restoring into this installation."))
        check_schema(manifest)
        found = tables(apps)
        _check_empty(found)
        _remove_leftovers(folder)
        if with_files:
            places.check_empty()
        with _undone_on_failure(folder):
            if with_files:
                places.unpack(archive, manifest.files, folder)
            _fill(archive, manifest, found, folder)
    ContentType.objects.clear_cache()
    return manifest


def check_schema(manifest: Manifest) -> None:
    """Raises BackupNewer, BackupOlder or BackupUnfit unless the archive fits the database."""
    here, theirs = schema.current(), set(manifest.migrations)
    schema.check_tables(here)
    if theirs - here.known:
        text = _("The archive was made by a newer version of Vestnik (%(version)s).")
        raise BackupNewer(text % {"version": manifest.version})
    if theirs != here.applied:
        text = _(
            "The archive and the database have not the same migrations. Restore it with version"
            " %(version)s, after its “manage.py migrate”; then upgrade."
        )
        raise BackupOlder(text % {"version": manifest.version})


def _check_empty(found: list[Table]) -> None:
    for one in found:
        if one.name not in FILLED and not one.is_empty():
            text = _("There are rows in %(table)s: restore only into an empty database.")
            raise NotEmpty(text % {"table": one.name})


def _remove_leftovers(folder: Path) -> None:
    """Of a restoring that was killed: the database is empty, so no row names its files."""
    if (folder / _MOVING).exists():
        places.clear()
    if folder.exists():
        shutil.rmtree(folder)


@contextmanager
def _undone_on_failure(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True)
    try:
        yield
    except BaseException:
        _remove_leftovers(folder)
        raise
    shutil.rmtree(folder)


def _fill(archive: ZipFile, manifest: Manifest, found: list[Table], folder: Path) -> None:
    entries = {one.name: one for one in manifest.tables}
    if entries.keys() != {one.name for one in found}:
        raise BackupDamaged(_("The archive has not the tables that it should have."))
    with transaction.atomic(durable=True):
        _check_references_at_once(found)
        for one in reversed(found):
            if one.name in FILLED:
                one.clear()
        for one in found:
            _fill_table(archive, one, entries[one.name])
        if sums_of(apps) != manifest.sums:
            raise BackupDamaged(_("The sums of the archive are not those of its rows."))
        set_last_ids(found, manifest.sequences)
        _pause_runs()
        (folder / _MOVING).touch()
        places.move_in(folder)


def _check_references_at_once(found: list[Table]) -> None:
    """PostgreSQL keeps in memory what it has to check at the end: a few references remain."""
    if connection.vendor != "postgresql":
        return
    order = {one.name: number for number, one in enumerate(found)}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conname, conrelid::regclass::text, confrelid::regclass::text"
            " FROM pg_constraint WHERE contype = 'f' AND condeferrable"
            " AND connamespace = current_schema()::regnamespace"
        )
        late = [
            connection.ops.quote_name(name)
            for name, table, other in cursor.fetchall()
            if order.get(other, -1) >= order.get(table, -1) >= 0
        ]
        if late:
            cursor.execute(f"SET CONSTRAINTS {', '.join(late)} DEFERRED")


def _fill_table(archive: ZipFile, table: Table, entry: TableEntry) -> None:
    if entry.columns != table.columns:
        raise BackupDamaged(_("The columns of %(table)s are other ones.") % {"table": table.name})
    rows, count = lines(archive, name_of(table.name), entry.sha256), 0
    while chunk := list(islice(rows, CHUNK)):
        try:
            table.insert(chunk)
        except DatabaseError as error:
            text = _("The database does not take a row of %(table)s: %(error)s")
            facts = {"table": table.name, "error": str(error).strip()[:200]}
            raise BackupUnfit(text % facts) from error
        count += len(chunk)
    if count != entry.rows:
        raise BackupDamaged(_("%(table)s has not all of its rows.") % {"table": table.name})


def _pause_runs() -> None:
    """What was sent after the backup is not known here: a person decides how it goes on."""
    going = Run.objects.exclude(state__in=(Run.State.DONE, Run.State.PAUSED))
    going.update(
        state=Run.State.PAUSED,
        reason=Run.Reason.RESTORED,
        reason_detail=NOTHING,
        deferred_until=None,
        rate=0.0,
    )
