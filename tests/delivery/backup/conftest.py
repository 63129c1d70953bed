"""Folders of a test's own, as those of an installation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from apps.delivery.backup.taking import take
from tests.delivery.backup.database import empty
from tests.factories import DeliveryFactory, RunFactory

#: A new installation: its folder, the database empty.
Anew = Callable[[str], Path]


@pytest.fixture
def anew(db: None, settings: LazySettings, tmp_path: Path) -> Anew:
    def made(name: str) -> Path:
        folder = tmp_path / name
        settings.VAR_DIR, settings.MEDIA_ROOT = folder, folder / "media"
        settings.PRIVATE_ROOT = folder / "private"
        given: Any = settings.STORAGES["media"]
        pictures = {**given, "OPTIONS": {"location": str(folder / "pictures")}}
        settings.STORAGES = {**settings.STORAGES, "media": pictures}
        folder.mkdir(exist_ok=True)
        empty()
        return folder

    return made


@pytest.fixture
def place(anew: Anew) -> Path:
    """The installation that is backed up."""
    return anew("first")


@pytest.fixture
def saved(place: Path, tmp_path: Path) -> Path:
    """The archive of an installation with a run that is going, and a file."""
    DeliveryFactory.create(
        run=RunFactory.create(
            mailing__status="running", pending=1, frozen_at="2026-01-01T00:00:00Z", rate=3.0
        )
    )
    (place / "private" / "imports").mkdir(parents=True)
    (place / "private" / "imports" / "list.csv").write_bytes(b"email\n")
    take(tmp_path / "x.zip")
    return tmp_path / "x.zip"


@pytest.fixture
def there(saved: Path, anew: Anew) -> Path:
    """An empty installation."""
    return anew("second")
