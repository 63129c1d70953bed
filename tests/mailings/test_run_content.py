"""A run's snapshot: sources or parts, what their conditions ask, and the page that shows them."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.program import from_html, from_text
from apps.mailings.run_content import asked_of, bodies_of, has_page, links_to_page

TAGGED = {"match": "all", "rules": [{"kind": "tag", "id": 5, "op": "is"}]}
OF_SEGMENT = {"match": "any", "rules": [{"kind": "segment", "id": 7, "op": "is_not"}]}


def test_sources_of_before_are_read_as_they_were() -> None:
    bodies = bodies_of({"text": "Hi {{ name }}", "html": "<b>{{ name }}</b>"})
    assert (bodies.text, bodies.html) == (
        from_text("Hi {{ name }}"),
        from_html("<b>{{ name }}</b>"),
    )
    assert not bodies.of_blocks


def test_parts_have_the_bits_that_the_run_has_kept() -> None:
    content = {
        "text": ["Hi"],
        "html": [{"if": 1, "parts": ["x"]}],
        "conditions": [TAGGED, OF_SEGMENT],
    }
    assert asked_of(content) == (("tag", 5), ("segment", 7))
    kept = [{"kind": "segment", "id": 7, "tree": {}}, {"kind": "tag", "id": 5}]
    bodies = bodies_of({**content, "asked": kept})
    assert bodies.of_blocks
    assert bodies.html.bits == {("segment", 7): 1, ("tag", 5): 2}


WRITTEN = {"subject": "News", "text": "Words", "html": "<p>Words</p>"}
OF_BLOCKS = {"subject": "News", "text": ["Words"], "html": ["<p>", "Words", "</p>"]}
LINK = [{"href": 1, "parts": [{"placeholder": "{{ view_url }}"}]}]


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (WRITTEN, True),
        ({**WRITTEN, "view_page": False}, False),
        (OF_BLOCKS, False),
        ({**OF_BLOCKS, "view_page": True}, True),
        ({**OF_BLOCKS, "view_page": False}, False),
    ],
)
def test_what_is_shown_to_who_has_the_link(content: dict[str, Any], shown: bool) -> None:
    assert has_page(content) is shown
    assert links_to_page({**content, "html": content["html"]}) is False
    assert links_to_page({**content, "text": "At {{ view_url }}"}) is shown


@pytest.mark.parametrize(
    "content",
    [
        {**WRITTEN, "subject": "{{ view_url }}"},
        {**WRITTEN, "html": "{% if full_name %}{{view_url}}{% endif %}"},
        {**OF_BLOCKS, "view_page": True, "html": [{"if": 0, "parts": LINK}]},
        {**OF_BLOCKS, "view_page": True, "text": LINK},
    ],
)
def test_a_link_is_found_wherever_it_stands(content: dict[str, Any]) -> None:
    assert links_to_page(content)
