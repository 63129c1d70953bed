"""Saved blocks in a document: put in, twice the same one, gone, and too much of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.core.content.blocks.compile import compile_letter
from apps.core.content.blocks.completeness import complete
from apps.core.content.blocks.document import Document, Section, dump, read, sections, walk
from apps.core.content.blocks.editing import operations, places
from apps.core.content.blocks.editing.operations import PlaceUnfit
from apps.core.content.blocks.errors import DocumentInvalid, DocumentTooBig
from apps.core.content.blocks.reuse.saved import (
    SavedSection,
    references,
    translations_with_saved,
    with_saved,
)
from apps.core.content.blocks.strings import State, state_of, strings
from tests.core.content.blocks.documents import CONDITION, surroundings

BLOCK = 7


def reference(node_id: str = "saved000001", **more: Any) -> dict[str, Any]:
    return {"type": "saved", "id": node_id, "block": BLOCK, **more}


def section_of(*kinds: str) -> Section:
    made = places.new_node("section")
    made["columns"][0]["blocks"] = [places.new_node(kind) for kind in kinds]
    return sections(read({"schema": 1, "body": [made]}))[0]


def document(*body: dict[str, Any]) -> Document:
    return read({"schema": 1, "body": list(body)})


def test_the_section_stands_where_the_reference_was_with_ids_of_the_place() -> None:
    known = {BLOCK: SavedSection(section_of("heading", "repeat", "footer"))}
    twice = document(reference(), reference("saved000002"))
    found = with_saved(twice, known)
    ids = [node.id for node in walk(found.document)]
    assert len(set(ids)) == len(ids) == 10
    assert [part.id for part in found.document.body] == ["saved000001", "saved000002"]
    assert set(found.homes) == set(ids) and set(found.homes.values()) == {
        "saved000001",
        "saved000002",
    }
    assert with_saved(twice, known).document == found.document
    read(dump(found.document))  # it could be stored


def test_who_sees_it_is_said_at_the_reference_or_by_the_block() -> None:
    known = {BLOCK: SavedSection(section_of("text").model_copy(update={"visibility": None}))}
    shown = with_saved(document(reference(visibility=CONDITION)), known).document.body[0]
    assert shown.visibility is not None and shown.visibility.rules[0].id == 5


def test_a_block_that_is_gone_is_a_gap_and_leaves_nothing() -> None:
    left = document(reference())
    assert references(left) == {BLOCK}
    assert with_saved(left, {}).document == left
    assert [(gap.block, gap.code) for gap in complete(left)][0] == (
        "saved000001",
        "saved_block_gone",
    )


def test_what_is_put_in_counts_as_parts() -> None:
    big = {BLOCK: SavedSection(section_of(*["divider"] * 150))}
    assert with_saved(document(reference()), big)
    with pytest.raises(DocumentTooBig):
        with_saved(document(reference(), reference("saved000002")), big)


@pytest.mark.parametrize("block", [0, -1, "7", 2**63, None, True])
def test_only_a_number_of_a_row_is_a_reference(block: Any) -> None:
    with pytest.raises(DocumentInvalid):
        document(reference() | {"block": block})


class TestActs:
    def empty(self) -> dict[str, Any]:
        return {"schema": 1, "theme": {}, "body": []}

    def test_a_saved_block_is_added_between_sections_by_its_number(self) -> None:
        asked = {"op": "insert", "parent": "", "at": 0, "type": "saved", "layout": "7"}
        (act,) = operations.plain(self.empty(), asked)
        after, back = operations.apply(self.empty(), act)
        assert after["body"][0]["block"] == 7 and back["op"] == "remove"

    @pytest.mark.parametrize("number", ["", "x", "0", "-1", "9" * 30, "٧"])
    def test_another_number_is_refused(self, number: str) -> None:
        asked = {"op": "insert", "parent": "", "at": 0, "type": "saved", "layout": number}
        with pytest.raises(PlaceUnfit):
            operations.plain(self.empty(), asked)

    def test_it_lies_in_no_column(self) -> None:
        section = places.new_node("section")
        column = section["columns"][0]["id"]
        act = {"op": "insert", "parent": column, "at": 0, "node": reference()}
        with pytest.raises(PlaceUnfit):
            operations.apply({**self.empty(), "body": [section]}, act)

    def test_a_copy_has_an_id_of_its_own(self) -> None:
        kept = {**self.empty(), "body": [reference()]}
        (act,) = operations.plain(kept, {"op": "duplicate", "id": "saved000001"})
        assert act["node"]["block"] == BLOCK and act["node"]["id"] != "saved000001"


def test_its_bytes_are_those_of_the_section_in_its_place() -> None:
    section = section_of("heading", "button")
    put_in = with_saved(document(reference()), {BLOCK: SavedSection(section)}).document
    letters = [
        compile_letter(one, surroundings(), title="News")
        for one in (put_in, read({"schema": 1, "body": [json.loads(section.model_dump_json())]}))
    ]
    assert letters[0].html == letters[1].html


class TestLanguages:
    """A block in English with a heading, translated into Russian."""

    def saved(self, *, stale: bool = False) -> SavedSection:
        made = places.new_node("section") | {"id": "section00001"}
        heading = places.new_node("heading") | {"id": "heading00001", "text": "Until Friday"}
        made["columns"][0]["blocks"] = [heading]
        section = sections(document(made))[0]
        (base,) = strings(Document(schema=1, body=(section,)))
        entry = {"of": "" if stale else base.hash, "text": "До пятницы"}
        return SavedSection(section, "en", {"ru": {base.key: entry}})

    def said(self, made: Document) -> list[str]:
        return [one.text for one in strings(made)]

    @pytest.mark.parametrize(
        ("language", "text"),
        [("ru", "До пятницы"), ("en", "Until Friday"), ("de", "Until Friday")],
    )
    def test_it_is_put_in_in_the_language_of_the_letter(self, language: str, text: str) -> None:
        made = with_saved(document(reference()), {BLOCK: self.saved()}, language).document
        assert self.said(made) == [text]

    @pytest.mark.parametrize(
        ("base", "further", "state"),
        [
            ("en", "ru", State.DONE),
            ("ru", "en", State.DONE),  # the other way round
            ("de", "ru", State.DONE),
            ("en", "de", State.MISSING),
        ],
    )
    def test_a_letter_has_its_translations(self, base: str, further: str, state: State) -> None:
        written, known = document(reference()), {BLOCK: self.saved()}
        made = with_saved(written, known, base).document
        entries = translations_with_saved(written, known, base, {further: {}})[further]
        (found,) = strings(made)
        assert state_of(found, entries) == state
        assert known[BLOCK].missing_in(base, further) == int(state == State.MISSING)

    def test_what_is_stale_in_the_block_is_stale_in_the_letter(self) -> None:
        written, known = document(reference()), {BLOCK: self.saved(stale=True)}
        entries = translations_with_saved(written, known, "en", {"ru": {}})["ru"]
        (found,) = strings(with_saved(written, known, "en").document)
        assert state_of(found, entries) == State.STALE
