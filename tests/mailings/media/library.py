"""A library for tests: where its files lie, and pictures in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.mailings.media import files
from apps.mailings.media.files import CACHE
from apps.mailings.models import MediaFile, MediaRendition
from apps.mailings.models.media import media_storage
from apps.mailings.services.media.uploads import take
from apps.users.models import User
from tests.factories import MediaFileFactory
from tests.mailings.media.pictures import drawing, jpeg


@pytest.fixture
def picture_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Pictures lie in a directory of this test alone."""
    root = tmp_path / "pictures"
    root.mkdir()
    storage: Any = media_storage()
    for name in ("base_location", "location"):
        monkeypatch.setitem(storage.__dict__, name, str(root))
    yield root
    CACHE.clear()


def drawn(owner: User, **fields: Any) -> MediaFile:
    """A row with small files in the widths that pages load; nothing is decoded for it."""
    media: MediaFile = MediaFileFactory.create(owner=owner, kind="png", **fields)
    digest, size = files.write(media, drawing()), len(drawing())
    MediaRendition.objects.bulk_create(
        MediaRendition(media=media, width=width, sha256=digest, size=size) for width in (320, 900)
    )
    return media


def picture_of(owner: User, content: bytes | None = None, name: str = "menu.jpg") -> MediaFile:
    """A picture in the library of this owner."""
    return take(owner=owner, content=content or jpeg(), name=name)
