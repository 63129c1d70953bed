"""What of a document is translated, and what has become of it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.blocks.document import sections
from apps.core.content.blocks.errors import DocumentInvalid
from apps.core.content.blocks.strings import State, put_in, states, strings, with_texts
from tests.core.content.blocks.documents import BLOCKS, block, document, section


def test_every_word_of_every_block_is_a_string() -> None:
    blocks = [{**BLOCKS[kind], "type": kind, "id": f"node{kind}"} for kind in BLOCKS]
    keys = {base.key for base in strings(document(section(*blocks)))}
    assert {
        "nodeheading.text",
        "nodetext.html",
        "nodeimage.picture.alt",
        "nodeimage.picture.media",
        "nodeimage.link",
        "nodebutton.label",
        "nodelist.items.1.title",
        "nodefooter.mark",
        "nodetable.head.0",
        "nodetable.rows.0.1",
        "nodemenu.entries.0.label",
        "nodehtml.source",
        "nodesocial.networks.0.link",
        "repeated1.html",
        "noderepeat.empty",
    } <= keys
    assert not keys & {"nodelist.mark", "noderepeat.source", "nodetable.source", "nodetext.align"}


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_string_can_be_put_back(kind: str) -> None:
    letter = document(section(block(kind)))
    texts = {base.key: base.text for base in strings(letter)}
    assert with_texts(letter, texts) == letter


def test_a_language_says_what_is_missing_stale_and_done() -> None:
    letter = document(
        section(block("heading"), block("text", "block0002"), block("code", "block0003"))
    )
    hashes = {base.key: base.hash for base in strings(letter)}
    translated = {
        "block0001.text": {"of": hashes["block0001.text"], "text": "Заголовок"},
        "block0002.html": {"of": "of another text", "text": "Слова"},
        "block0003.note": {"of": hashes["block0003.note"], "text": ""},
    }
    assert states(letter, translated) == {
        "block0001.text": State.DONE,
        "block0002.html": State.STALE,
        "block0003.value": State.MISSING,
        "block0003.note": State.MISSING,
    }


def test_what_is_missing_stays_in_the_base_language() -> None:
    letter = document(section(block("heading"), block("code", "block0002")))
    there = put_in(letter, {"block0001.text": {"of": "", "text": "Заголовок"}})
    parts: Any = sections(there)[0].columns[0].blocks
    heading, code = parts
    assert (heading.text, code.note) == ("Заголовок", "Until Sunday")


def test_a_translation_is_cleaned_and_checked_like_any_text() -> None:
    letter = document(section(block("text"), block("button", "block0002")))
    there = with_texts(letter, {"block0001.html": "<script>x</script><b>a</b>"})
    text: Any = sections(there)[0].columns[0].blocks[0]
    assert text.html == "<strong>a</strong>"
    with pytest.raises(DocumentInvalid):
        with_texts(letter, {"block0002.link": "javascript:alert(1)"})


def test_a_picture_of_another_language_is_another_picture() -> None:
    letter = document(section(block("image")))
    there = with_texts(letter, {"block0001.picture.media": "12"})
    image: Any = sections(there)[0].columns[0].blocks[0]
    assert image.picture.media == 12


def test_a_key_that_leads_nowhere_changes_nothing() -> None:
    letter = document(section(block("image")))
    assert with_texts(letter, {"block0001.type": "html", "nobody001.text": "x"}) == letter
