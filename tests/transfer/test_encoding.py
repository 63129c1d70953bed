from __future__ import annotations

from pathlib import Path

import pytest

from apps.mailings.transfer.encoding import survey
from apps.mailings.transfer.refusals import ImportRefused, NotATable, SourceEmpty, SourceUnreadable

SAMPLES = {
    "one word": "email;имя\na@example.org;Анна\n",
    "capitals": "email;ФИО\na@example.org;ИВАНОВА АННА ПЕТРОВНА\n",
    "header only": "почта,телефон,часовой пояс\na@example.org,,\n",
    "names": "e-mail;ФИО\na@example.org;Щербакова Юлия\nb@example.org;Фёдоров Пётр Ильич\n",
    "cities": "email,город\na@example.org,Йошкар-Ола\nb@example.org,Южно-Сахалинск\n",
    "prose": "email;примечание\na@example.org;Просил звонить после обеда, лучше в четверг\n",
    "typography": "email;фирма\na@example.org;ООО «Ромашка» — №1\n",
    "rare letters": "email;имя\na@example.org;Эльвира Хуснутдинова-Цой\n",
    "lower case": "email;имя\na@example.org;съёмщик жилья\n",
    "short": "email;имя\na@example.org;Яна\n",
}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r", "cp866"]


def write(directory: Path, content: bytes) -> Path:
    path = directory / "source.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", SAMPLES)
def test_it_tells_the_encodings_of_russian_files_apart(
    name: str, encoding: str, tmp_path: Path
) -> None:
    content = SAMPLES[name].encode(encoding, "replace")
    assert survey(write(tmp_path, content)).encoding == encoding


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_it_reads_utf_16_of_both_orders(mark: bytes, tmp_path: Path) -> None:
    order = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    path = write(tmp_path, mark + "email\nанна@пример.рф\n".encode(order))
    found = survey(path)
    assert path.read_text(encoding=found.encoding) == "email\nанна@пример.рф\n"


def test_plain_ascii_is_utf_8(tmp_path: Path) -> None:
    assert survey(write(tmp_path, b"email\na@example.org\n")).encoding == "utf-8"


def test_one_broken_line_does_not_change_the_encoding(tmp_path: Path) -> None:
    lines = ["email;имя", *(f"a{n}@example.org;Анна" for n in range(5))]
    content = "\n".join(lines).encode() + "\nb@example.org;Борис\n".encode("cp1251")
    assert survey(write(tmp_path, content)).encoding == "utf-8"


def test_letters_may_come_late_in_a_long_file(tmp_path: Path) -> None:
    content = b"email;name\n" + b"a@example.org;Anna\n" * 100_000
    content += "b@example.org;Борис Николаевич\n".encode("cp1251") * 3
    assert survey(write(tmp_path, content)).encoding == "cp1251"


def test_the_fingerprint_follows_the_bytes(tmp_path: Path) -> None:
    first = survey(write(tmp_path, b"email\na@example.org\n")).fingerprint
    assert survey(write(tmp_path, b"email\na@example.org\n")).fingerprint == first
    assert survey(write(tmp_path, b"email\nb@example.org\n")).fingerprint != first


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", SourceEmpty),
        (b"PK\x03\x04\x14\x00\x06\x00", NotATable),
        ("email\na@example.org\n".encode("utf-16-le"), NotATable),
        (b"x" * 3_000_000, NotATable),
    ],
    ids=["empty", "zip", "utf-16 without mark", "endless line"],
)
def test_it_refuses_what_is_no_text(
    content: bytes, refusal: type[ImportRefused], tmp_path: Path
) -> None:
    with pytest.raises(refusal):
        survey(write(tmp_path, content))


def test_it_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="nowhere.csv"):
        survey(tmp_path / "nowhere.csv")
