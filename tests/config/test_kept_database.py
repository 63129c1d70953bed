"""The database that is kept between two sessions of tests (``--reuse-db``)."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.conftest import KeptDatabase

pytestmark = pytest.mark.django_db


@pytest.fixture
def migration(settings: LazySettings, tmp_path: Path) -> Path:
    """The one migration of an installation of its own."""
    settings.BASE_DIR = settings.VAR_DIR = tmp_path
    file = tmp_path / "apps" / "users" / "migrations" / "0001_initial.py"
    file.parent.mkdir(parents=True)
    file.write_text("operations = []", encoding="utf-8")
    return file


def test_a_database_is_used_again_while_the_migrations_stay(migration: Path) -> None:
    assert not KeptDatabase().is_current()
    KeptDatabase().leave()
    assert KeptDatabase().is_current()


def test_one_that_other_migrations_made_is_not(migration: Path) -> None:
    KeptDatabase().leave()
    migration.write_text("operations = [...]", encoding="utf-8")
    assert not KeptDatabase().is_current()


def test_nor_is_one_whose_session_was_killed(migration: Path) -> None:
    KeptDatabase().leave()
    KeptDatabase().take()
    assert not KeptDatabase().is_current()
