"""Simple HTML gets a sheet to stand on, and comes back from it as it was."""

from __future__ import annotations

import pytest

from apps.core.content.html_contexts import escape_parts
from apps.core.content.html_text import html_to_text
from apps.core.content.sheet import off_its_sheet, on_a_sheet
from apps.core.content.template_language import parse

SIMPLE = '<h1>Hi, {{ full_name | default: "dear" }}</h1><p>a <a href="{{ view_url }}">b</a></p>'


def test_simple_html_stands_on_a_sheet_of_600_pixels() -> None:
    html = on_a_sheet(SIMPLE)
    assert "max-width:600px" in html and "font-family:" in html
    assert off_its_sheet(html) == SIMPLE
    assert html_to_text(html).strip() == html_to_text(SIMPLE).strip()
    assert "dear" in escape_parts(parse(html).parts({"full_name": "", "view_url": ""}))


def test_a_sheet_is_put_under_it_once() -> None:
    html = on_a_sheet("<p>x</p>")
    assert on_a_sheet(html) == html


@pytest.mark.parametrize(
    "html",
    [
        "",
        "just text",
        "<div>x</div>",
        "<p style='color:red'>x</p>",
        "<p>x</p><img src='https://example.org/a.png' alt=''>",
        "<!-- x --><p>x</p>",
        "<!doctype html><p>x</p>",
        "{% if full_name %}<p>x</p>{% endif %}",
        "<table><tr><td>x</td></tr></table>",
    ],
)
def test_who_writes_a_layout_keeps_it(html: str) -> None:
    assert on_a_sheet(html) == html == off_its_sheet(html)
