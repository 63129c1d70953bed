"""A plain text as blocks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.content.blocks.converting.from_text import blocks_of_text
from apps.core.content.blocks.document import read

LETTER = """Summer news
===========
Hello, {{ full_name | default: "friend" }}!
See https://example.org/a?b={{ email }}. Write to a@example.org

- one
- two https://example.org/(x)
1. first

{% if attributes.city == "Tula" %}Tula

Here{% endif %}

* * *

Before --> after <b>

Unsubscribe: {{ unsubscribe_url }}
"""


def blocks(text: str) -> list[dict[str, Any]]:
    body = blocks_of_text(text).document["body"]
    found = [block for section in body for block in section["columns"][0]["blocks"]]
    assert found[-1]["type"] == "footer"
    return found[:-1]


def test_headings_paragraphs_lists_links_and_logic_are_found() -> None:
    heading, text, logic, rule, last = blocks(LETTER)
    assert (heading["type"], heading["level"], heading["text"]) == ("heading", 1, "Summer news")
    assert text["html"] == (
        '<p>Hello, {{ full_name | default: "friend" }}!<br>See'
        ' <a href="https://example.org/a?b={{ email }}">https://example.org/a?b={{ email }}</a>.'
        ' Write to <a href="mailto:a@example.org">a@example.org</a></p>'
        '<ul><li>one</li><li>two <a href="https://example.org/(x">https://example.org/(x</a>)</li>'
        "</ul><ol><li>first</li></ol>"
    )
    source = '<p>{% if attributes.city == "Tula" %}Tula<br><br>Here{% endif %}</p>'
    assert (logic["type"], logic["source"]) == ("html", source)
    assert rule["type"] == "divider"
    assert last["html"] == "<p>Before --&gt; after &lt;b&gt;</p>"
    report = blocks_of_text(LETTER).report
    assert (report.blocks, report.kept) == (5, 1)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("{{ preferences_url }}", []),
        ("Go {{ attributes.page_url }}", ["<p>Go {{ attributes.page_url }}</p>"]),
        ("Go {{ page_url }}", ['<p>Go <a href="{{ page_url }}">{{ page_url }}</a></p>']),
        ("a\r\nb", ["<p>a<br>b</p>"]),
        ("", []),
    ],
)
def test_placeholders_stay_and_own_links_are_the_footers(text: str, html: list[str]) -> None:
    assert [block["html"] for block in blocks(text)] == html


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab \n-*=<>&\"'{}%.:/@1)\ue000\ue001", max_size=80))
def test_any_text_becomes_a_document_that_can_be_stored(text: str) -> None:
    read(blocks_of_text(text).document)
