"""The edge of a field is seen with low vision: 3:1 on card and ground (WCAG 1.4.11)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SHEETS = Path(__file__).resolve().parents[3] / "static/css"
TOKENS = (SHEETS / "tokens.css").read_text(encoding="utf-8")
FIELDS = (SHEETS / "site.css").read_text(encoding="utf-8")


def tokens(theme: str) -> dict[str, str]:
    block = re.search(rf'\[data-bs-theme="{theme}"\] {{(.*?)}}', TOKENS, re.DOTALL)
    assert block is not None
    return dict(re.findall(r"--v-([\w-]+): (#[0-9a-f]{3,6});", block[1]))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("behind", ["card", "ground"])
def test_a_field_has_an_edge_that_is_seen(theme: str, behind: str) -> None:
    found = tokens(theme)
    assert contrast(found["field"], found[behind]) >= 3


@pytest.mark.parametrize("kind", ["form-control", "form-select", "form-check-input"])
def test_every_kind_of_field_has_this_edge(kind: str) -> None:
    rules = [line for line in FIELDS.splitlines() if "{ border-color: var(--v-field)" in line]
    assert any(f".{kind}" in rule for rule in rules)
