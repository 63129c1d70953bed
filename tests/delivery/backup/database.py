"""Databases of the tests: emptied, compared, and another one in the place of the usual one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from zipfile import ZipFile

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import ConnectionHandler
from django.test import override_settings

from apps.delivery.backup.schema import current
from apps.delivery.backup.tables import FILLED, tables
from tests.conftest import OPENS_THE_AUDIT_LOG

MIGRATIONS = "django_migrations"
#: What migrations put in.
_GRANTS = (
    ("apps.mailings.migrations.0002_managers_group", "make_managers"),
    ("apps.automations.migrations.0003_step_left", "let_managers_pause"),
)


def empty() -> None:
    """As after ``manage.py migrate``."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    emptied = sorted({*names} - FILLED - {MIGRATIONS})
    flush = connection.ops.sql_flush(no_style(), emptied)
    connection.ops.execute_sql_flush([OPENS_THE_AUDIT_LOG, *flush])


def rows_of(archive: Path) -> dict[str, list[object]]:
    """The rows of every table, as values: one database writes JSON in another order of keys."""
    with ZipFile(archive) as file:
        return {
            name: [json.loads(line) for line in file.read(name).splitlines()]
            for name in sorted(file.namelist())
            if name.startswith("tables/")
        }


def make_tables() -> None:
    """As ``manage.py migrate`` does, in a tenth of the time."""
    known = MigrationLoader(None, ignore_no_migrations=True).graph.nodes
    none = {label: None for label, _name in known}
    with override_settings(MIGRATION_MODULES=none):
        call_command("migrate", run_syncdb=True, verbosity=0)
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    for label, name in known:
        recorder.record_applied(label, name)
    for migration, grant in _GRANTS:
        getattr(import_module(migration), grant)(apps, None)


@contextmanager
def sqlite(file: Path) -> Iterator[None]:
    """Inside, all queries go to a SQLite database in this file."""
    options = {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA synchronous=OFF;"}
    made = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": options}
    usual = connections["default"]
    other = ConnectionHandler({"default": made})["default"]
    connections["default"] = other
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        other.close()
        connections["default"] = usual
        ContentType.objects.clear_cache()


def nothing_is_there(there: Path) -> bool:
    rows = [one.name for one in tables(current().registry) if not one.is_empty()]
    files = [one for one in there.rglob("*") if one.is_file() and one.suffix != ".lock"]
    return set(rows) <= FILLED and not files
