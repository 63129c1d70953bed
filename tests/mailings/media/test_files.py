"""The files of pictures: whole or not there, the small ones in memory, leavings swept up."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from apps.mailings.media import files
from apps.mailings.media.files import FileCache
from apps.mailings.models import MediaFile
from tests.factories import UserFactory
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import drawing

__all__ = ["picture_files"]  # a fixture

pytestmark = pytest.mark.django_db


def paths(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def grow_old(root: Path) -> None:
    """As if everything had been there for two days."""
    then = time.time() - 2 * 24 * 3600
    for path in root.rglob("*"):
        os.utime(path, (then, then))


class TestTheMemory:
    def test_never_holds_more_than_it_may(self) -> None:
        cache = FileCache(10)
        for number in range(20):
            cache.put(f"{number}", b"1234")
            assert cache.size <= 10
        assert cache.get("19") == b"1234"
        assert cache.get("0") is None

    def test_keeps_what_was_asked_for_last(self) -> None:
        cache = FileCache(8)
        cache.put("a", b"1234")
        cache.put("b", b"1234")
        cache.get("a")
        cache.put("c", b"1234")
        assert (cache.get("a"), cache.get("b")) == (b"1234", None)

    def test_the_same_name_twice_is_counted_once_and_what_is_forgotten_no_more(self) -> None:
        cache = FileCache(100)
        cache.put("a", b"1234")
        cache.put("a", b"12")
        assert cache.size == 2
        cache.forget(["a", "b"])
        assert (cache.size, cache.get("a")) == (0, None)


def test_a_file_is_read_once_and_then_comes_from_memory(picture_files: Path) -> None:
    media = picture_of(UserFactory.create(), drawing())
    (row,) = media.renditions.all()
    content = files.content_of(row)
    for path in paths(picture_files):
        path.unlink()
    assert files.content_of(row) == content != None  # noqa: E711


def test_half_a_file_is_none(picture_files: Path) -> None:
    media = picture_of(UserFactory.create(), drawing())
    (path,) = paths(picture_files)
    path.write_bytes(path.read_bytes()[:-1])
    assert files.content_of(media.renditions.get()) is None


def test_half_a_file_of_a_killed_process_is_written_anew(picture_files: Path) -> None:
    owner = UserFactory.create()
    media = picture_of(owner, drawing())
    content = files.content_of(media.renditions.get())
    assert content is not None
    (path,) = paths(picture_files)
    path.write_bytes(b"half")
    files.write(media, content)
    assert paths(picture_files) == [path]
    assert path.read_bytes() == content


class TestSweeping:
    def test_what_no_row_names_goes_when_it_is_old(self, picture_files: Path) -> None:
        media = picture_of(UserFactory.create())
        mine = paths(picture_files)
        left = mine[0].with_name("0123456789abcdef.jpg")
        left.write_bytes(b"left")
        assert files.sweep() == 0  # its row may not be committed yet
        grow_old(picture_files)
        assert files.sweep(remove=False) == 1
        assert files.sweep() == 1
        assert paths(picture_files) == mine
        assert len(mine) == media.renditions.count() == 2

    def test_of_a_deleted_owner_nothing_stays(self, picture_files: Path) -> None:
        owner = UserFactory.create()
        picture_of(owner)
        owner.delete()
        assert not MediaFile.objects.exists()
        grow_old(picture_files)
        assert files.sweep() == 2
        grow_old(picture_files)
        files.sweep()
        assert [path for path in picture_files.glob("*/*")] == []
