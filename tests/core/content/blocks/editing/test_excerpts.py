"""A section and a block alone look as they do in the whole letter."""

from __future__ import annotations

import re

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.document import sections
from apps.core.content.blocks.editing.excerpts import block_html, section_html
from apps.core.content.blocks.letter.showing import written_html
from tests.core.content.blocks.documents import (
    BLOCKS,
    CONDITION,
    block,
    document,
    section,
    surroundings,
)

LETTER = document(
    section(
        *(block(kind, f"block{number:04}") for number, kind in enumerate(BLOCKS)),
        visibility=CONDITION,
    ),
    section(
        id_="section02",
        columns=[
            {"id": "column0201", "width": 33, "blocks": [block("text", "block0101")]},
            {"id": "column0202", "width": 67, "blocks": [block("list", "block0102")]},
        ],
        background="accent",
        backdrop={"media": 7, "alt": "River"},
    ),
)
MARKED = surroundings(marks=True, scheme="light")
WHOLE = written_html(compile_letter(LETTER, MARKED, title="News").html)


def test_a_section_alone_is_the_one_of_the_whole_letter_with_the_rules_it_needs() -> None:
    rules = ""
    for one in sections(LETTER):
        alone = section_html(LETTER, MARKED, one)
        found = re.search(r"^<div[^>]*><style>(.*?)</style>", alone, re.S)
        assert found is not None
        rules = found[1]
        assert alone.replace(f"<style>{rules}</style>", "") in WHOLE
    assert ".mj-column-per-33" in rules and ".s24{" in rules and "<" not in rules


def test_the_rows_of_a_block_alone_are_those_of_the_whole_letter() -> None:
    for one in sections(LETTER):
        for number, column in enumerate(one.columns):
            for inner in column.blocks:
                rows = block_html(LETTER, MARKED, one, number, inner)
                assert rows.startswith("<tr") and f'data-node="{inner.id}"' in rows
                assert rows in WHOLE, inner.type


def test_every_text_that_can_be_written_in_place_says_where_it_is_kept() -> None:
    lines = set(re.findall(r'data-line="([\w.]+)"', WHOLE))
    assert lines >= {"text", "label", "items.0.title", "items.2.link_label", "caption"}
    assert lines >= {"company", "address", "reason", "mark", "author", "price", "value"}
    assert set(re.findall(r'data-rich="([\w.]+)"', WHOLE)) >= {"html", "items.1.html"}
    plain = "".join(map(str, compile_letter(LETTER, surroundings(), title="News").html))
    assert not re.search("data-(line|rich|empty)", plain)


def test_a_link_keeps_its_address_on_the_canvas() -> None:
    assert 'href="https://example.org/a"' in WHOLE and 'href="{{ unsubscribe_url }}"' in WHOLE
