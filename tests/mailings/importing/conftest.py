"""An owner, and a short way to import a text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.utils import timezone

from apps.mailings.importing.pipeline import ImportReport
from apps.mailings.services.importing.imports import (
    ImportOptions,
    import_recipients,
)
from apps.users.models import User

ImportRows = Callable[..., ImportReport]


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_user("boss@example.org", "x")


@pytest.fixture
def import_rows(owner: User, tmp_path: Path) -> ImportRows:
    """Imports a text (or bytes) for the owner; rejected rows go to ``rejected.csv``."""

    def import_rows(source: str | bytes, **options: object) -> ImportReport:
        path = tmp_path / "source.csv"
        path.write_bytes(source.encode() if isinstance(source, str) else source)
        return import_recipients(
            source=path,
            owner=owner,
            options=ImportOptions(**options),  # type: ignore[arg-type]
            rejects=tmp_path / "rejected.csv",
            now=timezone.now(),
        )

    return import_rows
