"""Makes a backup while the site works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.core.resources import disk_full_refused
from apps.delivery.backup import places, schema
from apps.delivery.backup.archive import Manifest, TableEntry, entry, new_archive, write_manifest
from apps.delivery.backup.errors import BackupExists
from apps.delivery.backup.sequences import last_ids
from apps.delivery.backup.sums import sums_of
from apps.delivery.backup.tables import Table, tables


def take(path: Path, *, with_files: bool = True) -> Manifest:
    """Write the archive. The file has its name when it is whole. Raises BackupExists,
    BackupUnfit."""
    if path.exists():
        text = _("There is a file %(path)s already: name another one.")
        raise BackupExists(text % {"path": path})
    part = path.with_name(f"{path.name}.part")
    try:
        with disk_full_refused(), _private(part) as file, new_archive(file) as archive:
            manifest = _rows(archive)
            if with_files:
                manifest.files = list(places.write_files(archive))
            write_manifest(archive, manifest)
        os.replace(part, path)
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    return manifest


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    """A new file for its owner alone; it is on the disk when this ends."""
    path.unlink(missing_ok=True)  # of a process that died
    number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "wb") as file:
        yield file
        file.flush()
        os.fsync(number)


@contextmanager
def snapshot() -> Iterator[None]:
    """Inside, everything is read as it was at one moment, and nobody waits for it."""
    if connection.vendor == "sqlite":
        # Django would begin it for writing.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
        return
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


def _rows(archive: ZipFile) -> Manifest:
    connection.ensure_connection()
    with snapshot():
        now = schema.current()
        schema.check_tables(now)
        found = tables(now.registry)
        manifest = Manifest(
            version=settings.VERSION,
            database=connection.vendor,
            made_at=datetime.now(UTC).isoformat(),
            migrations=sorted(now.applied),
            sums=sums_of(now.registry),
        )
        manifest.tables = [_table(archive, one) for one in found]
        manifest.sequences = last_ids(found)
    return manifest


def _table(archive: ZipFile, table: Table) -> TableEntry:
    with entry(archive, name_of(table.name)) as written:
        for line in table.lines():
            written.write(line)
    return TableEntry(
        name=table.name, columns=table.columns, rows=written.lines, sha256=written.sha256
    )


def name_of(table: str) -> str:
    return f"tables/{table}.jsonl"
