"""The list of checks, and the table that explains them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.core.content.blocks.contrast import contrast, needed
from apps.core.content.program import from_html, from_text
from apps.delivery.preflight.checks import CHECKS
from apps.delivery.preflight.colours import read_colour
from apps.delivery.preflight.findings import Result, worst_of
from apps.delivery.preflight.letter import written_in
from apps.delivery.preflight.markup import read_markup

PAGE = Path(__file__).resolve().parents[3] / "docs" / "preflight.md"


def test_every_check_has_its_row_in_the_table_and_no_row_is_left_over() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## The checks")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", text, re.M) == [check.name for check in CHECKS]


def test_what_asks_others_comes_after_what_does_not_and_fits_into_the_time_of_all() -> None:
    network = [check.network for check in CHECKS if check.name != "probe"]
    assert network == sorted(network)
    assert sum(check.seconds for check in CHECKS if check.network) <= 65


def test_the_worst_of_nothing_is_a_pass() -> None:
    assert worst_of([]) is Result.PASS
    assert worst_of([Result.WARN, Result.UNCHECKED, Result.PASS]) is Result.WARN
    assert worst_of([Result.UNCHECKED, Result.PASS]) is Result.UNCHECKED


@pytest.mark.parametrize(
    ("written", "colour"),
    [
        ("#fff", (255, 255, 255)),
        ("#0A0b0C", (10, 11, 12)),
        ("rgb(1, 2, 300)", (1, 2, 255)),
        ("White !important", (255, 255, 255)),
        ("rgba(0,0,0,.5)", None),
        ("var(--x)", None),
        ("{{ colour }}", None),
    ],
)
def test_colours_are_read_as_they_are_written(
    written: str, colour: tuple[int, int, int] | None
) -> None:
    assert read_colour(written) == colour


def test_the_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((118, 118, 118), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)
    assert (needed(16, False), needed(24, False), needed(19, True), needed(19, False)) == (
        *(4.5, 3.0),
        *(3.0, 4.5),
    )


def test_a_text_is_seen_in_the_colours_around_it() -> None:
    source = (
        "<table bgcolor='#000000'><tr><td><font color='#111111'>a</font></td>"
        "<td style='background:url(x.png)'>b</td><td style='display:none'>c</td>"
        "<td><h1 style='color:#fff;font-size:2em'>d</h1></td></tr></table>"
    )
    a, b, d = read_markup(source).texts
    assert (a.text, a.ink, a.ground) == ("a", (17, 17, 17), (0, 0, 0))
    assert (b.text, b.ground) == ("b", None)
    assert (d.text, d.ink, d.size, d.bold) == ("d", (255, 255, 255), 32.0, True)


def test_an_empty_alt_is_a_decoration_and_none_is_missing() -> None:
    found = read_markup("<img src='a'><img src='b' alt=''><img src='c' alt='C'>").pictures
    assert [one.alt for one in found] == [None, "", "C"]


@pytest.mark.parametrize("make", [from_text, from_html])
def test_every_branch_of_a_condition_is_read(make: object) -> None:
    source = (
        "{{ a }}{% if b == 'x' %}<p>1 {{ b }} {{ c }}</p>{% elsif d %}<p>2 {{ d }}</p>"
        "{% else %}<p>3</p>{% endif %}{{ e | default: 'E' }}"
        "{% assign own = f %}{{ own }}{% for one in g %}<p>{{ one }}</p>{% endfor %}"
    )
    found = list(written_in(make(source)))  # type: ignore[operator]
    values = {name: one for one in found for name in one.names}
    assert {name: (one.sometimes, one.guarded) for name, one in values.items()} == {
        "a": (False, False),
        "b": (True, True),
        "c": (True, False),
        "d": (True, True),
        "e": (False, True),
    }
    text = "".join(one.text for one in found)
    assert "1 " in text and "2 " in text and "3" in text and "{%" not in text
