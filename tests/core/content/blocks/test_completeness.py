"""What a document lacks before it may be sent."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.blocks.completeness import complete
from tests.core.content.blocks.documents import BLOCKS, block, document, section

FOOTER = section(block("footer", "footer001"), id_="section09")


@pytest.mark.parametrize("kind", [kind for kind in BLOCKS if kind != "footer"])
def test_a_whole_block_lacks_nothing(kind: str) -> None:
    assert complete(document(section(block(kind)), FOOTER)) == []


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("button", {"label": " "}, "button_label_missing"),
        ("button", {"link": ""}, "button_link_missing"),
        ("heading", {"text": ""}, "heading_empty"),
        ("image", {"picture": {}}, "picture_missing"),
        ("image", {"picture": {"media": 3}}, "alt_missing"),
        ("video", {"picture": {}}, "picture_missing"),
        ("video", {"link": ""}, "video_link_missing"),
        ("cards", {"items": [{"picture": {"media": 3}}]}, "alt_missing"),
        ("repeat", {"source": ""}, "repeat_source_missing"),
        ("text", {"html": "<p>{{ name </p>"}, "placeholder_broken"),
        ("text", {"html": "{% if a %}x{% endif %}"}, "placeholder_broken"),
        ("heading", {"text": "{{ a[0] }}"}, "placeholder_broken"),
        ("button", {"link": "https://example.org/{{ a | no_such_filter }}"}, "placeholder_broken"),
        ("table", {"rows": [["{{"]]}, "placeholder_broken"),
        ("list", {"items": [{"title": "}}"}]}, "placeholder_broken"),
        ("html", {"source": "</td>"}, "template_place"),
        ("html", {"source": "{% if %}"}, "template_syntax"),
    ],
)
def test_what_is_missing_is_named_with_its_block(
    kind: str, fields: dict[str, Any], code: str
) -> None:
    gaps = complete(document(section(block(kind, **fields)), FOOTER))
    assert [(gap.block, gap.code) for gap in gaps] == [("block0001", code)]


def test_a_fallback_with_a_mark_in_it_is_no_broken_placeholder() -> None:
    text = '<p>{{ name | default: "a &gt; b" }}</p>'
    assert complete(document(section(block("text", html=text)), FOOTER)) == []


def test_a_letter_needs_a_footer_with_an_address() -> None:
    assert [gap.code for gap in complete(document(section()))] == ["footer_missing"]
    half = section(block("footer", address=""))
    assert [gap.code for gap in complete(document(half))] == ["footer_address_missing"]
