"""What a document may hold, and how a refusal says where it is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.blocks import document as documents
from apps.core.content.blocks.document import MAX_NODES, Document, dump, read, sections, walk
from apps.core.content.blocks.errors import DocumentInvalid, DocumentNewer, DocumentTooBig
from tests.core.content.blocks.documents import BLOCKS, block, section, stored


@pytest.mark.parametrize("kind", BLOCKS)
def test_what_is_stored_is_read_as_the_same(kind: str) -> None:
    first = read(stored(section(block(kind))))
    assert read(dump(first)) == first
    assert dump(read(dump(first))) == dump(first)


def test_every_kind_of_the_schema_has_an_example() -> None:
    blocks = Document.model_json_schema()["$defs"]
    kinds = {
        model["properties"]["type"]["const"]
        for model in blocks.values()
        if "device" in model["properties"]
    }
    assert kinds == set(BLOCKS)


@pytest.mark.parametrize(
    ("given", "node", "field"),
    [
        (section(block("heading", level=9)), "block0001", "level"),
        (section(block("button", link="javascript:alert(1)")), "block0001", "link"),
        (section(block("image", picture={"media": 0})), "block0001", "picture.media"),
        (section(block("list", items=[{"title": "a\nb"}])), "block0001", "items.0.title"),
        (section(block("text", colour="red")), "block0001", "colour"),
        (section(block("text", onclick="x")), "block0001", "onclick"),
        (section(padding_x=500), "section01", "padding_x"),
        (section({"type": "script", "id": "block0001"}), "block0001", ""),
    ],
)
def test_a_refusal_names_the_node_and_the_field(
    given: dict[str, Any], node: str, field: str
) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        read(stored(given))
    assert (refused.value.node, refused.value.field) == (node, field)
    assert refused.value.code == "document_invalid"
    assert node in str(refused.value)


def test_columns_that_do_not_fill_their_section_are_refused() -> None:
    columns = [{"id": "column001", "width": 50}, {"id": "column002", "width": 40}]
    with pytest.raises(DocumentInvalid) as refused:
        read(stored(section(columns=columns)))
    assert refused.value.reason == "the columns must add up to 100 percent"
    assert refused.value.node == "section01"


def test_an_id_stands_once() -> None:
    with pytest.raises(DocumentInvalid) as refused:
        read(stored(section(block("text"), block("heading"))))
    assert refused.value.reason == "an id stands twice"


def test_a_document_of_a_newer_version_says_so() -> None:
    with pytest.raises(DocumentNewer, match="schema 2"):
        read({"schema": 2, "body": "whatever that will be"})


@pytest.mark.parametrize("schema", [0, None, "1", True])
def test_a_schema_that_never_was_is_not_valid(schema: object) -> None:
    with pytest.raises(DocumentInvalid):
        read({**stored(), "schema": schema})


def test_an_older_document_is_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    def lift(given: dict[str, Any]) -> dict[str, Any]:
        return {"schema": 1, "body": given["parts"]}

    monkeypatch.setitem(documents.UPGRADES, 0, lift)
    assert len(read({"schema": 0, "parts": [section()]}).body) == 1


def test_too_many_parts_are_refused() -> None:
    blocks = [block("spacer", f"block{number:04}") for number in range(MAX_NODES)]
    with pytest.raises(DocumentTooBig, match="at most 300"):
        read(stored(section(*blocks)))


def test_too_many_bytes_are_refused_before_they_are_read() -> None:
    with pytest.raises(DocumentTooBig, match="400 kB"):
        read(stored(section(block("html", source="ж" * 200_000))))


@pytest.mark.parametrize("text", ["\ud800", {1, 2}])
def test_what_no_json_can_hold_is_refused(text: object) -> None:
    with pytest.raises(DocumentInvalid) as refused:
        read(stored(section(block("heading", text=text))))
    assert refused.value.reason == "it is not JSON"


def test_nodes_are_walked_in_the_order_of_reading() -> None:
    letter = read(stored(section(block("repeat")), section(id_="section02")))
    assert [node.id for node in walk(letter)] == [
        "section01", "column01", "block0001", "repeated1", "section02", "column02",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "whole"),
    [
        ({"kind": "tag", "id": 3}, True),
        ({"kind": "tag"}, False),
        ({"kind": "language", "id": 3}, False),
        ({"kind": "field", "name": "city", "value": "Tula"}, True),
        ({"kind": "field"}, False),
        ({"kind": "tag", "id": 3, "op": "is_not"}, True),
        ({"kind": "tag", "id": 3, "op": "contains"}, False),
        ({"kind": "segment", "id": 3, "op": "empty"}, False),
        ({"kind": "language", "op": "empty"}, True),
        ({"kind": "language", "op": "before", "value": "2026-01-01"}, False),
    ],
)
def test_a_condition_asks_for_one_thing(rule: dict[str, Any], whole: bool) -> None:
    given = stored(section(block("text", visibility={"rules": [rule]})))
    if whole:
        assert dump(read(given))["body"][0]["columns"][0]["blocks"][0]["visibility"]["rules"]
    else:
        with pytest.raises(DocumentInvalid):
            read(given)


def test_a_text_is_measured_as_it_is_stored() -> None:
    """An ampersand is written in five characters, and what is stored must be read again."""
    with pytest.raises(DocumentInvalid) as refused:
        read(stored(section(block("text", html="<p>" + "&" * 19_000 + "</p>"))))
    assert (refused.value.node, refused.value.field) == ("block0001", "html")


def test_no_break_spaces_that_an_editor_writes_break_again() -> None:
    given = block("heading", text="three\u00a0words\u00a0here, 10\u00a0%")
    heading: Any = sections(read(stored(section(given))))[0].columns[0].blocks[0]
    assert heading.text == "three words here, 10\u00a0%"


def test_a_table_of_a_list_does_not_stand_in_a_repeat() -> None:
    inner = block("table", "repeated1", source="goods", cells=["{{ item.title }}"])
    with pytest.raises(DocumentInvalid) as refused:
        read(stored(section(block("repeat", blocks=[inner]))))
    assert "repeat" in refused.value.reason
    assert refused.value.node == "block0001"


@pytest.mark.parametrize("schema", [[], {}, None, "1", True])
def test_a_schema_is_a_number(schema: object) -> None:
    with pytest.raises(DocumentInvalid):
        read({"schema": schema, "body": []})
