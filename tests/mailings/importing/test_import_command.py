from __future__ import annotations

import csv
import errno
import io
import sys
import time
from argparse import ArgumentTypeError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_mock import MockerFixture

from apps.mailings.management.commands import import_recipients
from apps.mailings.models import Recipient
from apps.users.models import User
from tests.factories import RecipientFactory
from tests.faults.installation import Installation
from tests.mailings.importing.lists import BAD, KNOWN, ROWS, workbook, write_list


def run(*args: str) -> tuple[int, str]:
    """Exit code and output of the command."""
    out = io.StringIO()
    try:
        call_command("import_recipients", *args, stdout=out)
    except SystemExit as exit:
        return int(exit.code or 0), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_text("email,name,x\na@example.org,Anna,1\nbad,B,2\n", encoding="utf-8")
    return path


@pytest.mark.engine
def test_a_large_list_is_taken_but_for_its_bad_rows(owner: User, tmp_path: Path) -> None:
    assert len(BAD) == 37
    for address in KNOWN:
        RecipientFactory(owner=owner, email=address)
    write_list(tmp_path / "list.csv")
    code, output = run(str(tmp_path / "list.csv"), "--owner", owner.email)
    assert code == 1
    added = f"{ROWS} rows = {ROWS - 37} added + 0 updated + 0 unchanged + 0 suppressed"
    assert f"{added} + 37 rejected" in output
    with (tmp_path / "list.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        rejected = [
            (int(row[0]), row[1], row[2]) for row in list(csv.reader(file, delimiter=";"))[1:]
        ]
    assert [(line, code) for line, code, _text in rejected] == [(n, c) for n, c, _raw in BAD]
    twice = [text for _line, code, text in rejected if code == "duplicate_in_file"]
    assert twice == [f"Duplicate of line {n + 40}." for n in range(8)]
    assert Recipient.objects.filter(owner=owner).count() == ROWS - 37 + len(KNOWN)
    assert Recipient.objects.get(email="person50@example.org").attributes == {
        "город": "Ростов; на-Дону"
    }


def test_a_clean_import_exits_with_0(owner: User, source: Path) -> None:
    source.write_text("email\na@example.org\n", encoding="utf-8")
    code, output = run(str(source), "--owner", owner.email.upper())
    assert code == 0 and "1 rows = 1 added" in output


def test_rejected_rows_exit_with_1_and_are_shown(owner: User, source: Path, tmp_path: Path) -> None:
    code, output = run(str(source), "--owner", owner.email, "--rejects", str(tmp_path / "no.csv"))
    assert code == 1
    assert "bad_email: 1" in output
    assert "line 3: Invalid email: bad" in output
    assert (tmp_path / "no.csv").exists()


def test_a_dry_run_changes_nothing_and_leaves_no_file(owner: User, source: Path) -> None:
    code, output = run(str(source), "--owner", owner.email, "--dry-run")
    assert code == 1 and "Nothing was changed" in output
    assert not Recipient.objects.exists()
    assert list(source.parent.iterdir()) == [source]


def test_columns_can_be_mapped_and_tags_given(owner: User, source: Path) -> None:
    args = ["--map", "x=phone", "name=-", "--tag", "vip", "--tag", "b"]
    source.write_text("email,name,x\na@example.org,Anna,89161234567\n", encoding="utf-8")
    assert run(str(source), "--owner", owner.email, *args)[0] == 0
    anna = Recipient.objects.get()
    assert (anna.phone, anna.full_name, anna.attributes) == ("79161234567", "", {})
    assert {tag.name for tag in anna.tags.all()} == {"vip", "b"}


@pytest.mark.parametrize(
    ("content", "args", "address"),
    [
        ("Email;Email\na@example.org;b@example.org\n", ["--map", "#1=-", "#2=email"], "b"),
        ("Email;Email\na@example.org;b@example.org\n", ["--column", "Email#2=email"], "b"),
        ("x;email\nemail;x\nb@example.org;-\n", ["--header-row", "2"], "b"),
        ("b@example.org|1\n", ["--no-header", "--delimiter", "|"], "b"),
        ("email\tx\nb@example.org\t1\n", ["--delimiter", "tab"], "b"),
    ],
)
def test_how_the_file_is_read_can_be_said(
    content: str, args: list[str], address: str, owner: User, source: Path
) -> None:
    source.write_text(content, encoding="utf-8")
    code, output = run(str(source), "--owner", owner.email, *args)
    assert code == 0, output
    assert Recipient.objects.get().email == f"{address}@example.org"


def test_the_encoding_can_be_said(owner: User, source: Path) -> None:
    source.write_bytes("email;имя\na@example.org;Анна\n".encode("koi8-r"))
    assert run(str(source), "--owner", owner.email, "--encoding", "cp1251")[0] == 0
    assert Recipient.objects.get().full_name != "Анна"
    assert run(str(source), "--owner", owner.email, "--encoding", "klingon")[0] == 2


def test_the_sheet_and_its_hidden_rows_can_be_said_and_the_report_names_it(
    owner: User, tmp_path: Path
) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(workbook(["email"], ["a@example.org"], Прочие=[["email"], ["b@example.org"]]))
    code, output = run(str(path), "--owner", owner.email)
    assert code == 0 and "sheet “Sheet”" in output
    args = ["--sheet", "Прочие", "--hidden-rows"]
    assert run(str(path), "--owner", owner.email, *args)[0] == 0
    assert run(str(path), "--owner", owner.email, "--sheet", "x")[0] == 2
    assert set(Recipient.objects.values_list("email", flat=True)) == {
        "a@example.org",
        "b@example.org",
    }


def test_more_rows_than_the_site_takes_are_refused_whole(
    owner: User, source: Path, settings: Any
) -> None:
    settings.IMPORT_MAX_ROWS = 1
    code, message = run(str(source), "--owner", owner.email)
    assert code == 2 and "more than 1 rows" in message
    assert list(source.parent.iterdir()) == [source] and not Recipient.objects.exists()


def test_a_full_disk_exits_with_2_and_a_sentence(
    owner: User, source: Path, mocker: MockerFixture
) -> None:
    error = OSError(errno.ENOSPC, "No space left on device")
    mocker.patch("apps.mailings.importing.pipeline.RejectSpool.add", side_effect=error)
    code, message = run(str(source), "--owner", owner.email)
    assert code == 2 and "no room" in message
    assert list(source.parent.iterdir()) == [source]


def test_a_dash_reads_standard_input(
    owner: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = "email\na@example.org\nbad\n".encode("utf-16")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    assert run("-", "--owner", owner.email)[0] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["stdin.rejected.csv"]


@pytest.mark.parametrize(
    ("content", "args"),
    [
        (b"", []),
        (b"\x00\x01\x02", []),
        ("Имя\nАнна\n".encode(), []),
        (b"email\na@example.org\n", ["--map", "phone=email"]),
    ],
    ids=["empty", "binary", "no address", "unknown column"],
)
def test_what_cannot_be_used_exits_with_2_and_one_line(
    content: bytes, args: list[str], owner: User, source: Path
) -> None:
    source.write_bytes(content)
    code, message = run(str(source), "--owner", owner.email, *args)
    assert code == 2
    assert "\n" not in message.strip()
    assert list(source.parent.iterdir()) == [source]


def test_an_unknown_owner_exits_with_2(db: None, source: Path) -> None:
    code, message = run(str(source), "--owner", "nobody@example.org")
    assert (code, message) == (2, "There is no user with the email nobody@example.org.")


def test_a_missing_file_exits_with_2(owner: User, tmp_path: Path) -> None:
    code, message = run(str(tmp_path / "nowhere.csv"), "--owner", owner.email)
    assert code == 2 and "nowhere.csv" in message


def test_progress_is_shown_on_a_terminal(
    owner: User, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    ticks = iter(range(0, 1000))
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks)))
    run(str(source), "--owner", owner.email)
    assert "\r2 rows, 2 rows/s" in terminal.getvalue()


def test_what_a_process_says_and_how_it_ends(tmp_path: Path) -> None:
    """The whole program, from outside: one line on stderr, no traceback."""
    place = Installation(tmp_path / "place", engine="sqlite")
    try:
        place.start(port=1)
        done = place.manage("import_recipients", str(tmp_path / "no.csv"), "--owner", "a@b.cd")
    finally:
        place.close()
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("wrong", ["Mail", "=email"])
def test_what_is_no_pair_is_refused_by_its_words(wrong: str) -> None:
    assert import_recipients._pair("Mail=email") == ("Mail", "email")
    with pytest.raises(ArgumentTypeError, match="is not COLUMN=FIELD"):
        import_recipients._pair(wrong)


def test_a_status_is_suppressed_or_ignored() -> None:
    assert import_recipients._status_pair("State=suppress")[0] == "State"
    with pytest.raises(ArgumentTypeError, match="COLUMN=suppress or COLUMN=ignore"):
        import_recipients._status_pair("State=keep")


def test_somebody_has_to_own_the_people() -> None:
    with pytest.raises(CommandError, match="--owner"):
        import_recipients._owner("")
