"""Files that are locked, cut off or made to cost time: each is refused in words, and at once."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from apps.mailings.importing.errors import NotATable
from apps.mailings.importing.files import spreadsheets
from apps.mailings.importing.files.spreadsheets import opened
from tests.mailings.importing.files.test_formats import LIST, XLS
from tests.mailings.importing.lists import workbook


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "list"


def locked(content: str) -> bytes:
    """An archive whose one file is marked as encrypted, in both of its headers."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("list.csv", content)
    raw = bytearray(made.getvalue())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def refused(source: Path, content: bytes, text: str) -> None:
    source.write_bytes(content)
    with pytest.raises(NotATable, match=text), opened(source):
        pass


def test_an_archive_with_a_password_says_so(source: Path) -> None:
    refused(source, locked(LIST), "protected by a password")


def test_an_archive_that_was_cut_off_says_so(source: Path) -> None:
    refused(source, workbook(["email"])[:-40], "broken")


def test_an_old_workbook_that_ends_as_an_archive_is_no_archive(source: Path) -> None:
    """The end of an archive alone makes none; who looks for its sizes must not break."""
    end = b"PK\x05\x06" + b"\0" * 4 + b"\x01\0\x01\0" + b"\x30\0\0\0" + b"\0\0\0\0" + b"\0\0"
    refused(source, XLS + end, "The spreadsheet is broken")


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_UNPACKED", 100)
    refused(source, workbook(["email"]), "The spreadsheet is too big")


def test_a_workbook_that_takes_too_long_is_left(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "MAX_SECONDS", 0.001)
    refused(source, workbook(["email"]), "takes too long to read")


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16"])
def test_a_list_in_wide_characters_is_known_by_its_mark(source: Path, encoding: str) -> None:
    source.write_bytes(LIST.encode(encoding))
    with opened(source) as found:
        assert found.table.encoding == encoding
        assert list(found.table.header) == ["email", "имя"]
