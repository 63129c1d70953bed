from __future__ import annotations

from pathlib import Path

import pytest

from apps.mailings.importing.errors import ImportRefused, NotATable, SourceEmpty, SourceUnreadable
from apps.mailings.importing.files.encoding import known_encoding, survey

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
ENCODINGS += ["mac_cyrillic", "iso-8859-5", "utf-16-le", "utf-16-be"]

WESTERN = {
    "spanish": ("José Müller", "cp1252"),
    "french": ("François Lefèvre, Orléans", "cp1252"),
    "german": ("Jürgen Groß, Überlingen", "cp1252"),
    "portuguese": ("João Gonçalves", "cp1252"),
    "norwegian": ("Bjørn Ås", "cp1252"),
    "polish": ("Łukasz Wałęsa, Gdańsk", "cp1250"),
    "czech": ("Jiří Dvořák", "cp1250"),
    "turkish": ("Yiğit Işık", "cp1254"),
    "spanish of a Mac": ("José Müller, François", "mac_roman"),
    "german of DOS": ("Jürgen Müller, Köln", "cp850"),
}


def write(directory: Path, content: bytes) -> Path:
    path = directory / "source.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("name", SAMPLES)
def test_it_recognises_the_encodings_of_russian_files(
    name: str, encoding: str, tmp_path: Path
) -> None:
    content = SAMPLES[name].encode(encoding, "replace")
    found = survey(write(tmp_path, content)).encoding
    # Capitals alone are the same bytes on a Mac and in DOS.
    assert found == encoding or content.decode(found) == content.decode(encoding)


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
        (b"x" * 3_000_000, NotATable),
    ],
    ids=["empty", "zip", "endless line"],
)
def test_it_refuses_what_is_no_text(
    content: bytes, refusal: type[ImportRefused], tmp_path: Path
) -> None:
    with pytest.raises(refusal):
        survey(write(tmp_path, content))


def test_it_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadable, match="nowhere.csv"):
        survey(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("language", WESTERN)
def test_western_letters_stay_western(language: str, tmp_path: Path) -> None:
    name, encoding = WESTERN[language]
    content = f"email,name\na@example.org,{name}\n".encode(encoding)
    found = survey(write(tmp_path, content)).encoding
    assert content.decode(found).endswith(f"{name}\n")


def test_the_names_of_the_two_samples(tmp_path: Path) -> None:
    western = b"email,name\na@example.org,Jos\xe9 M\xfcller\nb@example.org,Fran\xe7ois Lef\xe8vre\n"
    assert survey(write(tmp_path, western)).encoding == "cp1252"
    mac = "email;имя\na@example.org;Фёдор Щукин\n".encode("mac_cyrillic")
    assert survey(write(tmp_path, mac)).encoding == "mac_cyrillic"


def test_a_russian_list_with_a_foreign_guest_stays_russian(tmp_path: Path) -> None:
    rows = "email;имя\na@example.org;Анна\nb@example.org;Борис\nc@example.org;кафеJazz\n"
    assert survey(write(tmp_path, rows.encode("cp1251"))).encoding == "cp1251"


@pytest.mark.parametrize(
    ("chosen", "content", "found"),
    [
        ("cp1251", b"email\n\xe9\n", "cp1251"),
        ("utf-8", b"\xef\xbb\xbfemail\n", "utf-8-sig"),
        ("utf-16", "email\n".encode("utf-16"), "utf-16"),
        ("utf-16", "имя\n".encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_the_encoding_can_be_chosen(
    chosen: str, content: bytes, found: str, tmp_path: Path
) -> None:
    assert survey(write(tmp_path, content), chosen).encoding == found


@pytest.mark.parametrize("name", ["nothing", "base64", "rot13", "", "utf-8\0"])
def test_what_is_no_encoding_of_text_is_refused(name: str) -> None:
    with pytest.raises(NotATable):
        known_encoding(name)


def test_a_preview_reads_the_first_megabyte_alone(tmp_path: Path) -> None:
    content = b"email;name\n" + b"a@example.org;Anna\n" * 100_000 + b"\0"
    assert survey(write(tmp_path, content), head_only=True).encoding == "utf-8"
