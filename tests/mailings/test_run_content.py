"""A run's snapshot: sources of before, or parts with what their conditions ask."""

from __future__ import annotations

from apps.core.content.program import from_html, from_text
from apps.mailings.run_content import asked_of, bodies_of

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
