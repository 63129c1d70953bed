"""``export_recipients`` and ``export_attempts``: the tables of the pages, from the command line."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from openpyxl import load_workbook

from apps.core.exports.tables import Cell, Form, write_table
from apps.mailings.models import Recipient
from tests.factories import (
    AttemptFactory,
    RecipientFactory,
    SuppressionFactory,
    TagFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def export(command: str, file: Path, *args: object) -> list[dict[str, str]]:
    call_command(command, "--out", str(file), *map(str, args), stderr=io.StringIO())
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))


def refused(command: str, *args: object) -> str:
    err = io.StringIO()
    with pytest.raises(SystemExit) as left:
        call_command(command, *map(str, args), stderr=err)
    assert left.value.code == 2
    return err.getvalue()


def test_recipients_go_into_a_file_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    RecipientFactory.create(full_name="=cmd|'/c calc'!A1", email="anna@example.org")
    (row,) = export("export_recipients", tmp_path / "list.csv")
    assert row["full_name"] == "'=cmd|'/c calc'!A1"
    assert (tmp_path / "list.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert list(tmp_path.iterdir()) == [tmp_path / "list.csv"]


def test_the_ending_or_a_word_chooses_the_format(tmp_path: Path) -> None:
    RecipientFactory.create(full_name="=1+1")
    for name, text in (("a.xlsx", []), ("b.bin", ["--form", "xlsx"])):
        call_command("export_recipients", "--out", str(tmp_path / name), *text)
        with (tmp_path / name).open("rb") as file:
            sheet = load_workbook(file).active
        assert sheet is not None
        names, values = sheet.iter_rows(values_only=True)
        assert dict(zip(names, values, strict=True))["full_name"] == "'=1+1"
    assert "[export_unwritable]" in refused("export_recipients", "--out", tmp_path / "c.doc")


def test_without_a_file_it_goes_to_standard_output_as_bytes(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    RecipientFactory.create(full_name="Жанна")
    call_command("export_recipients")
    captured = capsysbinary.readouterr()
    text = captured.out.decode("utf-8-sig")
    assert "Жанна" in text
    assert text.splitlines(keepends=True)[0].endswith("tags,status,source\r\n")
    assert captured.err.strip().endswith(b"1 row")


def test_the_filters_of_the_page_hold(tmp_path: Path) -> None:
    owner, file = UserFactory.create(), tmp_path / "list.csv"
    tag = TagFactory.create(owner=owner, name="vip")
    one = RecipientFactory.create(owner=owner, full_name="Анна Каренина", phone="79161234567")
    one.tags.add(tag)
    RecipientFactory.create(full_name="Анна Чужая")
    gone = RecipientFactory.create(owner=owner)
    SuppressionFactory.create(owner=owner, address=gone.email)
    archived = RecipientFactory.create(owner=owner, archived_at=timezone.now())

    def ids(*args: str) -> set[int]:
        return {int(row["id"]) for row in export("export_recipients", file, *args)}

    assert ids("--owner", owner.email.upper()) == {one.pk, gone.pk}
    assert ids("--owner", owner.email, "--tag", "vip") == {one.pk}
    assert ids("--owner", owner.email, "--search", "каренин") == {one.pk}
    assert ids("--operator", "916") == {one.pk}
    assert ids("--state", "suppressed") == {gone.pk}
    assert ids("--state", "archived") == {archived.pk}
    assert "[user_unknown]" in refused("export_recipients", "--owner", "nobody@example.org")
    assert "[tag_refused]" in refused("export_recipients", "--tag", "vip")
    text = ("--owner", owner.email, "--tag", "nothing")
    assert "[tag_refused]" in refused("export_recipients", *text)


def test_attempts_are_reported_with_the_servers_words(tmp_path: Path) -> None:
    file = tmp_path / "attempts.csv"
    old = AttemptFactory.create(created_at=timezone.now() - timedelta(days=3))
    bad = AttemptFactory.create(status="failure", trigger="command", code=550, response="=no")

    def ids(*text: object) -> set[int]:
        return {int(row["id"]) for row in export("export_attempts", file, *text)}

    assert ids() == {old.pk, bad.pk}
    (row,) = export("export_attempts", file, "--status", "failure", "--trigger", "command")
    assert (row["code"], row["reply"]) == ("550", "'=no")
    assert ids("--mailing", old.mailing_id) == {old.pk}
    assert ids("--owner", bad.mailing.owner.email) == {bad.pk}
    day = timezone.localdate()
    assert ids("--since", day - timedelta(days=1)) == {bad.pk}
    assert ids("--until", day - timedelta(days=1)) == {old.pk}


def test_nothing_half_done_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = tmp_path / "list.csv"
    good.write_text("as it was", encoding="utf-8")
    RecipientFactory.create()
    monkeypatch.setattr(Recipient, "__getattribute__", _fails_at_the_comment)
    with pytest.raises(RuntimeError):
        call_command("export_recipients", "--out", str(good))
    assert good.read_text(encoding="utf-8") == "as it was"
    assert list(tmp_path.iterdir()) == [good]
    assert "[export_unwritable]" in refused("export_attempts", "--out", tmp_path / "no" / "a.csv")


def _fails_at_the_comment(row: Recipient, name: str) -> object:
    if name == "comment":
        raise RuntimeError("the line broke")
    return object.__getattribute__(row, name)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_long_table_takes_no_more_memory_than_a_short_one(form: Form, tmp_path: Path) -> None:
    def peak(count: int) -> int:
        rows: list[Cell] = ["x" * 100, 1, None]
        tracemalloc.start()
        with (tmp_path / "table").open("w+b") as file:
            lines = (rows for _ in range(count))
            write_table(file, form=form, header=["a", "b", "c"], rows=lines)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(10)
    assert peak(4000) < peak(500) + 200_000
