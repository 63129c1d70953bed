"""Sizes of text and radii come from the tokens: six of the first, three of the second."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.environment import BASE_DIR

CSS = BASE_DIR / "static" / "css"
SHEETS = sorted(path for path in CSS.glob("*.css") if path.name != "tokens.css")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_sizes_and_radii_are_tokens(sheet: Path) -> None:
    text = sheet.read_text(encoding="utf-8")
    sizes = re.findall(r"font-size: ([^;}]+)", text)
    assert [
        size for size in sizes if not re.fullmatch(r"var\(--t-\d\d\)( !important)?", size.strip())
    ] == []
    radii = re.findall(r"border(?:-\w+-\w+)?-radius: ([^;}]+)", text)
    parts = {part for radius in radii for part in radius.split()}
    assert parts <= {"var(--r-s)", "var(--r-m)", "var(--r-pill)", "50%", "0"}


@pytest.mark.parametrize("sheet", [*SHEETS, CSS / "tokens.css"], ids=lambda path: path.name)
def test_no_sheet_is_longer_than_400_lines(sheet: Path) -> None:
    assert len(sheet.read_text(encoding="utf-8").splitlines()) <= 400


def test_there_are_six_sizes_and_three_radii() -> None:
    tokens = (CSS / "tokens.css").read_text(encoding="utf-8")
    assert len(set(re.findall(r"--t-\d+:", tokens))) == 6
    assert len(set(re.findall(r"--r-\w+:", tokens))) == 3
