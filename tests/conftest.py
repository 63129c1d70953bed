"""What every test gets."""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import hypothesis
import pytest
from django.conf import LazySettings, settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.management.color import no_style
from django.db import connection, connections
from django.test import TransactionTestCase
from django.utils import translation
from pytest_django import DjangoDbBlocker

from apps.core.content import time_budget
from apps.core.http import costly
from apps.delivery.channels.telegram import pacing
from apps.users.models import MANAGERS
from tests.people import cast, dispatched

__all__ = ["cast", "dispatched"]  # fixtures


# No test measures seconds (CONTRIBUTING.md); what runs beside it must not fail it.
hypothesis.settings.register_profile("untimed", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among what stays to the end: that took a fifth of the collecting."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-rounds",
        default=3,
        type=int,
        help="how many random kills each fault test makes (published results: 20)",
    )
    parser.addoption(
        "--signups",
        default=40,
        type=int,
        help="how many sign-ups a played flood of a form has (published results: 10000)",
    )
    parser.addoption(
        "--invoices",
        default=40,
        type=int,
        help="how many recipients get a file of their own (published results: 2000)",
    )


#: They walk over the whole product once more. Which lines they reach is counted by the tests of
#: those lines; counting makes a test twice as slow.
WALKS: Final = ("tests/docs", "tests/core/content/test_cost_of_texts.py")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.hasplugin("_cov"):
        return
    # What a walk would be the first to load is counted as well.
    import_module(settings.ROOT_URLCONF)
    walks = tuple(str(config.rootpath / path) for path in WALKS)
    for item in items:
        if str(item.path).startswith(walks):
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture
def fault_rounds(request: pytest.FixtureRequest) -> int:
    """How many random kills a fault test makes."""
    return int(request.config.getoption("--fault-rounds"))


class KeptDatabase:
    """The note beside a database that is kept for the next session: what made it.

    There is none while a session runs: what a killed one has left in its tables is not used again.
    """

    def __init__(self) -> None:
        made = hashlib.sha256()
        for file in sorted(settings.BASE_DIR.glob("apps/**/migrations/*.py")):
            made.update(file.read_bytes())
        self._made_by = made.hexdigest()
        name = Path(str(connection.settings_dict["TEST"]["NAME"])).name
        self._note = settings.VAR_DIR / f"{connection.vendor}-{name}.made-by"

    def is_current(self) -> bool:
        return self._note.exists() and self._note.read_text(encoding="utf-8") == self._made_by

    def take(self) -> None:
        self._note.unlink(missing_ok=True)

    def leave(self) -> None:
        self._note.write_text(self._made_by, encoding="utf-8")


#: What migrations put in; to make it anew was most of what a test with transactions cost.
FILLED_BY_MIGRATIONS: Final = frozenset(
    {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
)


#: The audit log lets nothing be deleted but by who opens it; its opening is emptied after it.
OPENS_THE_AUDIT_LOG: Final = "INSERT INTO users_auditopening (reason) VALUES ('retention')"


def empty_tables(case: TransactionTestCase) -> None:
    """Leave a test's databases as the migrations have made them."""
    for alias in case._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
        found = connections[alias]
        names = found.introspection.django_table_names(only_existing=True, include_views=False)
        emptied = sorted(set(names) - FILLED_BY_MIGRATIONS)
        flush = found.ops.sql_flush(no_style(), emptied)
        found.ops.execute_sql_flush([OPENS_THE_AUDIT_LOG, *flush])
    Group.objects.exclude(name=MANAGERS).delete()


TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def kept_database(django_db_modify_db_settings: None) -> KeptDatabase:
    """Each of pytest-xdist's workers has a database, and so a note, of its own."""
    return KeptDatabase()


@pytest.fixture(scope="session")
def django_db_createdb(django_db_createdb: bool, kept_database: KeptDatabase) -> bool:
    """``--reuse-db`` (pyproject.toml) keeps no database that other migrations have made."""
    return django_db_createdb or not kept_database.is_current()


@pytest.fixture(scope="session")
def django_db_setup(
    kept_database: KeptDatabase, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    kept_database.take()
    yield
    with django_db_blocker.unblock():
        kept_database.leave()


@pytest.fixture(autouse=True)
def own_directories(settings: LazySettings, tmp_path: Path) -> None:
    """Outbox, journals and uploads of a test go to its own directory."""
    settings.OUTBOX_DIR = tmp_path / "outbox"
    settings.JOURNAL_DIR = tmp_path / "journal"
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    pacing._of_bots.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def own_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that a test has not read keeps its place until its memory is taken back; the next
    test has places, and a user with the same number, of its own."""
    monkeypatch.setattr(costly, "PLACES", costly.half_of_the_threads())


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A request leaves its visitor's language to the thread; the next test starts without one."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def patient_time_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter may take ten times as long: counting covered lines makes it five times slower."""
    monkeypatch.setattr(time_budget, "spent_seconds", lambda: time.thread_time() / 10)
