"""UTM in random letters of blocks: in web links, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.document import read
from apps.core.content.program import (
    Condition,
    Program,
    Text,
    asked_by,
    html_steps,
    pieces_of,
    text_steps,
    values_of,
)
from apps.core.content.program.links import Found, Walk
from apps.core.content.program.parts import Part
from apps.core.content.program.utm import tagged
from tests.core.content.blocks.documents import surroundings
from tests.core.content.blocks.strict_html import browser
from tests.core.content.blocks.test_random_documents import VALUES, letters

OWN = "https://own.example/u/"
_ADDED = re.compile(
    r"(?:\?|&amp;|&)utm_source=n%26s(?:&amp;|&)utm_medium=e(?:(?:&amp;|&)utm_content=\w+)?"
)
_WEB = re.compile(r"https?://", re.IGNORECASE)


def kept(found: Found) -> Sequence[Part]:
    return found.parts


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(letters())
def test_nothing_but_web_links_changes(given: dict[str, Any]) -> None:
    letter = compile_letter(read(given), surroundings(), title="", preheader="")
    conditions = [Condition.from_json(one) for one in letter.conditions]
    asked = asked_by(conditions)
    html = Program.from_json(letter.html, conditions, asked)
    text = Program.from_json(letter.text, conditions, asked)
    utm = {"source": "n&s", "medium": "e"}
    blocks = [link.block for link in letter.links]
    walk = Walk()
    changed = walk.html(html, tagged(utm, blocks, in_html=True))
    changed_text = walk.text(text, tagged(utm, blocks, in_html=False))
    own = dict.fromkeys(("unsubscribe_url", "preferences_url", "view_url"), OWN)
    values = values_of({**VALUES, **own}, (1 << 62) - 1)
    before = pieces_of(html_steps(html), Text()).fill(values)
    after = pieces_of(html_steps(changed), Text()).fill(values)
    assert _ADDED.sub("", after) == before
    plain = pieces_of(text_steps(text), Text()).fill(values)
    assert _ADDED.sub("", pieces_of(text_steps(changed_text), Text()).fill(values)) == plain
    for _tag, attributes in browser(after).tags:
        for name, value in attributes.items():
            is_link = name == "href" and _WEB.match(value) and value != OWN
            assert ("utm_source" in value) == bool(is_link), (name, value)
    numbered = Walk()
    numbered.html(html, kept)
    assert [one.number for one in numbered.found] == [*range(1, len(numbered.found) + 1)]
