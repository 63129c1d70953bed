"""Archives of files: what is read, how names are found, and what is refused."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from apps.mailings.personal_files.archives import (
    MAX_FILE,
    ArchiveRefused,
    judged,
    key_of,
    listed,
    opened,
    unpacked,
)


def packed(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_name_is_found_however_it_is_composed_and_in_any_case() -> None:
    composed, decomposed = "Счёт Й.PDF", unicodedata.normalize("NFD", "счёт й.pdf")
    assert composed != decomposed
    assert key_of(composed) == key_of(decomposed)
    assert key_of("STRASSE.pdf") == key_of("Straße.pdf")


def test_the_folder_that_holds_all_is_not_a_part_of_the_names(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "a.zip",
        {
            **{"Ноябрь/а/1.pdf": b"%PDF-1", "Ноябрь/б/1.pdf": b"%PDF-2"},
            **{"__MACOSX/Ноябрь/._1.pdf": b"x", "Ноябрь/.DS_Store": b"x"},
        },
    )
    assert [row.name for row in listed(path)] == ["а/1.pdf", "б/1.pdf"]


def test_names_of_an_old_windows_packer_are_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"XXXX.pdf": b"%PDF-1"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"XXXX", "Счёт".encode("cp866")))
    assert [row.name for row in listed(path)] == ["Счёт.pdf"]


def test_two_files_of_one_name_are_refused_by_name(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"A.pdf": b"%PDF-1", "a.PDF": b"%PDF-2"})
    with pytest.raises(ArchiveRefused, match="A.pdf, a.PDF"):
        listed(path)


def test_what_is_no_archive_or_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 not really")
    for path in (tmp_path / "a.zip", packed(tmp_path / "b.zip", {})):
        with pytest.raises(ArchiveRefused):
            listed(path)


def test_a_bomb_is_refused_before_anything_is_unpacked(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {f"{n}.txt": bytes(MAX_FILE) for n in range(12)})
    assert path.stat().st_size < 200_000
    with pytest.raises(ArchiveRefused, match="too large"):
        listed(path)


def test_files_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.pdf": b"%PDF-1", "b.pdf": b"%PDF-2"})
    whole = bytearray(path.read_bytes())
    second = whole.rindex(b"PK\x01\x02")
    whole[second + 42 : second + 46] = struct.pack("<I", 0)  # both begin at the first
    path.write_bytes(bytes(whole))
    with pytest.raises(ArchiveRefused, match="too large"):
        listed(path)


def test_a_password_and_a_rare_method_are_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.pdf": b"%PDF-1"}, zipfile.ZIP_STORED)
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(whole))
    with pytest.raises(ArchiveRefused, match="password"):
        listed(path)
    with pytest.raises(ArchiveRefused, match="ordinary ZIP"):
        listed(packed(tmp_path / "b.zip", {"a.pdf": b"%PDF-1"}, zipfile.ZIP_LZMA))


def test_more_files_than_are_taken_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.mailings.personal_files.archives.MOST_ENTRIES", 2)
    with pytest.raises(ArchiveRefused, match="more than 2"):
        listed(packed(tmp_path / "a.zip", {f"{n}.txt": b"x" for n in range(3)}))


def crowded(path: Path, count: int, *, says: int, zip64: bool = False) -> Path:
    """An archive with a directory of so many empty files, whose end says how many there are."""
    record = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", *[0] * 18)
    directory = record * count
    end = b""
    size, few = len(directory), says
    if zip64:
        end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, says, says, size, 0)
        end += struct.pack("<4sLQL", b"PK\6\7", 0, size, 1)
        size, few = 0xFFFFFFFF, 0xFFFF
    end += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, few, few, size, 0, 0)
    path.write_bytes(directory + end)
    return path


@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize("says", [3, 60_001])
def test_a_long_directory_is_refused_before_rows_are_built_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: int, zip64: bool
) -> None:
    def built(*_args: object) -> None:
        raise AssertionError("a row was built")

    path = crowded(tmp_path / "a.zip", 60_001, says=says, zip64=zip64)
    monkeypatch.setattr(zipfile, "ZipInfo", built)
    with pytest.raises(ArchiveRefused, match="more than 20 000"):
        listed(path)


@pytest.mark.parametrize("zip64", [False, True])
def test_of_a_directory_that_is_said_to_be_huge_nothing_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zip64: bool
) -> None:
    path = crowded(tmp_path / "a.zip", 100, says=100, zip64=zip64)
    monkeypatch.setattr("apps.mailings.personal_files.archives._MOST_DIRECTORY", 4_000)
    with pytest.raises(ArchiveRefused, match="more than 20 000"):
        listed(path)


@pytest.mark.parametrize("zip64", [False, True])
def test_a_short_directory_is_read_whatever_kind_it_is(tmp_path: Path, zip64: bool) -> None:
    with opened(crowded(tmp_path / "a.zip", 3, says=3, zip64=zip64)) as archive:
        assert len(archive.infolist()) == 3


def test_a_file_that_lies_about_its_size_is_damaged_and_no_more_is_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.txt": b"x" * 50_000})
    whole = bytearray(path.read_bytes())
    at = whole.index(b"PK\x01\x02") + 24
    whole[at : at + 4] = struct.pack("<I", 10)
    path.write_bytes(bytes(whole))
    with opened(path) as archive:
        assert unpacked(archive, 0) is None


def test_of_a_large_file_no_more_is_read_than_shows_that_it_is(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.txt": b"x" * (MAX_FILE + 1_000_000)})
    with opened(path) as archive:
        data = unpacked(archive, 0)
    assert data is not None
    assert len(data) == MAX_FILE + 1
    assert judged(data, "a.txt").code == "file_too_large"


def test_a_damaged_file_spoils_no_other(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.txt": b"first" * 99, "b.txt": b"second" * 99})
    whole = bytearray(path.read_bytes())
    whole[45] ^= 0xFF
    path.write_bytes(bytes(whole))
    with opened(path) as archive:
        assert unpacked(archive, 0) is None
        assert unpacked(archive, 1) == b"second" * 99


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.pdf", b"%PDF-1.7 x", ""),
        ("a.pdf", b"<html>Please sign in</html>", "file_refused"),
        ("a.exe", b"MZ\x90\x00", "file_refused"),
        ("a.txt", "Счёт".encode(), ""),
        ("a.pdf", b"", "file_refused"),
        ("a", b"%PDF-1.7 x", "file_refused"),
    ],
)
def test_a_file_is_judged_by_its_first_bytes(name: str, data: bytes, code: str) -> None:
    assert judged(data, name).code == code


def test_a_thousand_random_archives_never_break_the_reader(tmp_path: Path) -> None:
    import random

    dice = random.Random(7)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(5):
            archive.writestr(f"{n}.txt", dice.randbytes(200))
    whole = buffer.getvalue()
    path = tmp_path / "a.zip"
    for _ in range(1000):
        spoilt = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
        path.write_bytes(bytes(spoilt))
        try:
            rows = listed(path)
        except ArchiveRefused:
            continue
        with opened(path) as archive:
            for row in rows:
                unpacked(archive, row.number)
