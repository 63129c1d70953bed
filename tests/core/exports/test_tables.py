"""What people take away opens in a spreadsheet and runs nothing there."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any
from zipfile import ZipFile

import pytest
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from apps.core.exports.formulas import bare, guarded, is_formula
from apps.core.exports.tables import Form, csv_lines, table_chunks, table_response

#: What Excel, LibreOffice or Google Sheets have been seen to run.
FORMULAS = [
    "=1+1",
    '=HYPERLINK("https://evil.example","here")',
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\ufeff=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    '=DDE("cmd";"/c calc";"x")',
    '=IMPORTXML("https://evil.example","//a")',
    "+7 (916) 123-45-67",
    "-",
]


def read_csv(value: str) -> str:
    text = "".join(csv_lines(["name"], [[value]]))
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))[1][0]


def read_xlsx(value: str) -> Any:
    answer: Any = table_response(form="xlsx", name="x", header=["name"], rows=[[value]], asked=None)
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert sheet is not None
    return sheet["A2"]


#: The same behind what another list separator makes the end of a cell.
BEHIND = ["x;=1+1", "x;\u00a0+1", "x\t=1+1", "x\n@SUM(1)", "a;b;-1", ";=1", "x;＝1+1", 'x";=1']


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula(formula: str) -> None:
    assert read_csv(formula).startswith("'")
    cell = read_xlsx(formula)
    assert cell.data_type == "s" and str(cell.value).startswith("'")


@pytest.mark.parametrize("formula", FORMULAS)
def test_what_an_import_refuses_as_a_formula_an_export_marks(formula: str) -> None:
    begins = formula.strip(" \t\r\n\u00a0\ufeff")[0]
    assert is_formula(formula) == (begins in "=@＝＠")
    assert guarded(formula).startswith("'")
    assert not is_formula(guarded(formula))


@pytest.mark.parametrize("value", FORMULAS + BEHIND)
@pytest.mark.parametrize("separator", ",;\t")
def test_no_cell_is_a_formula_wherever_the_line_is_cut(value: str, separator: str) -> None:
    text = "".join(csv_lines(["name", "x"], [[value, "y"]])).removeprefix("\ufeff")
    cells = [
        cell
        for line in text.split("\r\n")[1:]
        for part in re.split("[\r\n]", line)
        for cell in next(csv.reader([part], delimiter=separator), [])
    ]
    assert not [cell for cell in cells if cell.strip(' \u00a0\ufeff"')[:1] in tuple("=+-@＝＋－＠")]


@settings(max_examples=500)
@given(st.text("ab'=+-@;\t\n ＝\ufeff\"", max_size=12))
def test_what_is_marked_is_read_as_it_was(value: str) -> None:
    assert bare(guarded(value)) == value


@pytest.mark.parametrize("value", ["Анна", "a=b", "2+2", "7 916", "", "'quoted'"])
def test_other_text_is_left_as_it_is(value: str) -> None:
    assert read_csv(value) == value


@pytest.mark.parametrize("value", ["bell \x07 here", "\x0b", "a\x00b", "half \ud800 pair"])
def test_what_a_workbook_cannot_hold_does_not_break_it(value: str) -> None:
    """A server's reply or a comment may hold it; one bad cell must not cost the whole file."""
    assert "\ufffd" in str(read_xlsx(value).value)


def workbook(header: list[str], rows: Iterable[list[Any]]) -> bytes:
    return b"".join(table_chunks(form="xlsx", header=header, rows=rows))


def test_a_workbook_is_read_alike_by_those_who_read_workbooks() -> None:
    rows: list[list[Any]] = [
        ["Анна & <Ко>", 7, 0.5, None],
        [" two\nlines \r\t", "", "x" * 40_000, "й"],
    ]
    file = workbook(["имя", "a", "b", "c"], rows)
    sheet = load_workbook(io.BytesIO(file)).active
    assert sheet is not None
    found = [[cell for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert found == [
        ["имя", "a", "b", "c"],
        ["Анна & <Ко>", 7, 0.5, None],
        [" two\nlines \r\t", None, "x" * 32_767, "й"],
    ]
    quick = CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_index(0).to_python()
    assert quick[0] == ["имя", "a", "b", "c"]
    assert quick[1][:3] == ["Анна & <Ко>", 7, 0.5]
    assert ZipFile(io.BytesIO(file)).testzip() is None


def test_a_full_sheet_is_followed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.core.exports.xlsx.SHEET_ROWS", 4)
    for count, sheets in ((0, [0]), (1, [1]), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])):
        book = load_workbook(io.BytesIO(workbook(["n"], ([n] for n in range(count)))))
        assert [sheet.max_row - 1 for sheet in book.worksheets] == sheets
        assert {sheet["A1"].value for sheet in book.worksheets} == {"n"}


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", 'Имя,0.5,7,"a,b",x;y'), ("ru", 'Имя;0,5;7;a,b;"x;y"')],
)
def test_a_spreadsheet_of_the_language_opens_the_file_as_it_is(language: str, line: str) -> None:
    """Russian Excel ends a cell at a semicolon and reads 0.5 as the fifth of a month."""
    with override(language):
        answer: Any = table_response(
            asked=None, form="csv", name="x", header=["a"], rows=[["Имя", 0.5, 7, "a,b", "x;y"]]
        )
    text = b"".join(answer.streaming_content).decode("utf-8")
    assert text == f"\ufeffa\r\n{line}\r\n"
    assert "".join(csv_lines(["a", "b"], [[0.5, "x"]])) == "\ufeffa,b\r\n0.5,x\r\n"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_file_begins_before_its_last_row_is_known(form: Form) -> None:
    """A proxy gives up when nothing comes for a minute; a million rows are held nowhere."""
    asked = 0

    def rows() -> Iterator[list[str]]:
        nonlocal asked
        for number in range(100_000):
            asked += 1
            yield [f"{hashlib.sha256(str(number).encode()).hexdigest()}"]

    chunks = table_chunks(form=form, header=["x"], rows=rows())
    begun = 0
    while begun < 1000:
        begun += len(next(chunks))
    assert asked < 5_000
