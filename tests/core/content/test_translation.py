"""What of a message is translated, and where a language stands with it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.blocks.errors import DocumentInvalid, DocumentTooBig
from apps.core.content.blocks.strings import State
from apps.core.content.translation import (
    MOST,
    base_strings,
    check_size,
    entries_of,
    in_language,
    living,
    progress_of,
    standings,
)


def content(**values: Any) -> dict[str, Any]:
    plain = {"subject": "", "preheader": "", "text": "", "html": "", "language": "ru"}
    return {**plain, "document": None, **values}


def letter(*blocks: dict[str, Any]) -> dict[str, Any]:
    column = {"id": "column001", "width": 100, "blocks": list(blocks)}
    section = {"type": "section", "id": "section01", "columns": [column]}
    return content(subject="Весна", document={"schema": 1, "body": [section]})


HEADING = {"type": "heading", "id": "heading01", "text": "Новости"}
TEXT = {"type": "text", "id": "text00001", "html": "<p>Привет</p>"}
BUTTON = {"type": "button", "id": "button001", "label": "Далее", "link": "https://x.org/ru"}


def test_a_source_has_a_string_for_each_part_that_is_sent() -> None:
    found = base_strings(content(subject="S", preheader="P", html="<p>H</p>"))
    assert [one.key for one in found] == ["subject", "preheader", "html"]
    found = base_strings(content(subject="S", preheader="never sent", text="T"))
    assert [(one.key, one.kind) for one in found] == [("subject", "line"), ("text", "source")]


def test_words_and_links_of_blocks_are_strings() -> None:
    keys = [one.key for one in base_strings(letter(HEADING, BUTTON))]
    assert keys == ["subject", "heading01.text", "button001.label", "button001.link"]


def test_a_string_is_missing_done_or_stale() -> None:
    before = letter(HEADING, TEXT)
    entries = entries_of(before, {"heading01.text": "News", "subject": "Spring"})
    after = letter({**HEADING, "text": "Другие новости"}, TEXT)
    states = {one.base.key: one.state for one in standings(after, entries)}
    assert states == {
        "subject": State.DONE,
        "heading01.text": State.STALE,
        "text00001.html": State.MISSING,
    }
    progress = progress_of(after, entries)
    assert (progress.total, progress.missing, progress.stale, progress.done) == (3, 1, 1, 2)
    assert not progress.is_whole


def test_texts_are_kept_as_their_blocks_keep_them() -> None:
    found = entries_of(
        letter(HEADING, TEXT),
        {
            "text00001.html": "<p onclick='x()'>Hi</p><script>1</script>",
            "subject": "Two\nlines",
            "nobody01.text": "?",
            "heading01.text": "  ",
        },
    )
    assert {key: entry["text"] for key, entry in found.items()} == {
        "text00001.html": "<p>Hi</p>",
        "subject": "Two lines",
    }


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"button001.link": "javascript:alert(1)"}, "link"),
        ({"button001.label": "x" * 200}, "label"),
        ({"subject": "x" * 300}, "subject"),
        ({"subject": "\ud800"}, ""),
    ],
)
def test_what_a_block_cannot_hold_is_refused(texts: dict[str, str], field: str) -> None:
    with pytest.raises(DocumentInvalid) as caught:
        entries_of(letter(BUTTON), texts)
    assert caught.value.field == field


def test_the_structure_exists_once() -> None:
    base = letter(HEADING, BUTTON)
    entries = entries_of(base, {"subject": "Spring", "heading01.text": "News"})
    found = in_language(base, entries, "en")
    assert (found["subject"], found["language"]) == ("Spring", "en")
    blocks = found["document"]["body"][0]["columns"][0]["blocks"]
    assert (blocks[0]["text"], blocks[1]["label"]) == ("News", "Далее")
    assert base["document"]["body"][0]["columns"][0]["blocks"][0]["text"] == "Новости"


def test_what_the_base_does_not_have_is_not_put_in() -> None:
    entries = {"text": {"of": "1", "text": "Hello"}, "subject": {"of": "1", "text": "S"}}
    found = in_language(content(subject="Т", html="<p>x</p>"), entries, "en")
    assert (found["text"], found["subject"]) == ("", "S")


def test_entries_of_parts_that_are_gone_are_dropped() -> None:
    entries = entries_of(
        letter(HEADING, TEXT), {"heading01.text": "N", "text00001.html": "<p>H</p>"}
    )
    assert set(living(letter({**HEADING, "text": ""}), entries)) == {"heading01.text"}


def test_there_is_an_end_to_languages_and_to_their_length() -> None:
    check_size({f"a{at}": {} for at in range(MOST)})
    with pytest.raises(DocumentTooBig):
        check_size({f"a{at}": {} for at in range(MOST + 1)})
    with pytest.raises(DocumentTooBig):
        check_size({"en": {"text": {"of": "1", "text": "x" * 1_300_000}}})
