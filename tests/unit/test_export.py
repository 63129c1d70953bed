"""What people take away opens in a spreadsheet and runs nothing there."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from apps.core.export import csv_lines, table_response
from apps.core.formulas import bare, guarded

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
    answer: Any = table_response(form="xlsx", name="x", header=["name"], rows=[[value]])
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


@settings(max_examples=500, deadline=None)
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
