"""Acts on a document: each is taken back by what it returns, and none leaves the schema."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.operations import PartGone, PlaceUnfit, apply, plain
from apps.core.content.blocks.editing.storing import stored
from apps.core.content.blocks.errors import DocumentInvalid
from apps.core.errors import ContentRefused

Doc = dict[str, Any]


def begun() -> Doc:
    return stored(places.blank_document())


def done(document: Doc, **asked: Any) -> Doc:
    for act in plain(document, asked):
        document, _back = apply(document, act)
    return stored(document)


def nodes(document: Doc, kind: str) -> list[Doc]:
    return [place.node for place in places.each(document) if places.kind_of(place.node) == kind]


@pytest.mark.parametrize("kind", list(places.BLOCKS))
def test_a_block_of_every_kind_is_put_in_and_removed(kind: str) -> None:
    document = begun()
    column = nodes(document, "column")[0]["id"]
    (act,) = plain(document, {"op": "insert", "type": kind, "parent": column, "at": 1})
    after, back = apply(document, act)
    assert places.find(stored(after), act["node"]["id"]).at == 1  # type: ignore[union-attr]
    assert stored(apply(after, back)[0]) == document


def test_a_block_between_sections_comes_with_a_section_around_it() -> None:
    document = done(begun(), op="insert", type="quote", parent="", at=1)
    assert document["body"][1]["columns"][0]["blocks"][0]["type"] == "quote"


def test_a_copy_lies_behind_its_original_and_has_ids_of_its_own() -> None:
    document = begun()
    section = document["body"][0]
    after = done(document, op="duplicate", id=section["id"])
    copy = after["body"][1]
    assert len(after["body"]) == 3 and copy["id"] != section["id"]
    ids = [place.node["id"] for place in places.each(after)]
    assert len(set(ids)) == len(ids)


def test_a_part_keeps_its_id_when_it_moves_to_another_column() -> None:
    document = begun()
    heading = nodes(document, "heading")[0]["id"]
    target = nodes(document, "column")[1]["id"]
    after = done(document, op="move", id=heading, parent=target, at=0)
    place = places.find(after, heading)
    assert place is not None and (place.parent, place.at) == (target, 0)


def test_fewer_columns_put_their_blocks_into_the_last_one() -> None:
    document = begun()
    section = document["body"][0]["id"]
    three = done(document, op="layout", id=section, layout="3")
    assert [column["width"] for column in three["body"][0]["columns"]] == [33, 34, 33]
    last = three["body"][0]["columns"][2]["id"]
    filled = done(three, op="insert", type="button", parent=last, at=0)
    one = done(filled, op="layout", id=section, layout="1")
    kinds = [block["type"] for block in one["body"][0]["columns"][0]["blocks"]]
    assert kinds == ["heading", "text", "button"]


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"op": "remove", "id": "nothing0000"}, PartGone),
        ({"op": "set", "id": "HEADING", "field": "id", "value": "x" * 12}, PlaceUnfit),
        ({"op": "set", "id": "HEADING", "field": "type", "value": "html"}, PlaceUnfit),
        ({"op": "set", "id": "COLUMN", "field": "blocks", "value": []}, PlaceUnfit),
        (
            {"op": "set", "id": "SECTION", "field": "columns", "value": [], "by": "layout"},
            PlaceUnfit,
        ),
        ({"op": "set", "id": "HEADING", "field": "nothing", "value": 1}, PlaceUnfit),
        ({"op": "set", "id": "HEADING", "field": "level", "value": 9}, DocumentInvalid),
        ({"op": "set", "id": "HEADING", "field": "text", "value": {"a": 1}}, DocumentInvalid),
        ({"op": "move", "id": "HEADING", "parent": "", "at": 0}, PlaceUnfit),
        ({"op": "move", "id": "SECTION", "parent": "COLUMN", "at": 0}, PartGone),
        ({"op": "move", "id": "COLUMN", "parent": "", "at": 0}, PlaceUnfit),
        ({"op": "move", "id": "HEADING", "parent": "COLUMN", "at": "0"}, PlaceUnfit),
        ({"op": "insert", "type": "script", "parent": "", "at": 0}, PlaceUnfit),
        ({"op": "insert", "type": "column", "parent": "SECTION", "at": 0}, PlaceUnfit),
        ({"op": "insert", "node": {"type": "heading"}, "parent": "", "at": 0}, DocumentInvalid),
        ({"op": "insert", "node": [], "parent": "", "at": 0}, PlaceUnfit),
        ({"op": "theme", "field": "nothing", "value": 1}, PlaceUnfit),
        ({"op": "theme", "field": "light.text", "value": "red"}, DocumentInvalid),
        ({"op": "theme", "field": "light.text.more", "value": "red"}, PlaceUnfit),
        ({"op": "steal"}, PlaceUnfit),
        ({}, PlaceUnfit),
    ],
)
def test_what_cannot_be_is_refused(asked: Doc, refusal: type[ContentRefused]) -> None:
    document = begun()
    ids = {
        kind.upper(): nodes(document, kind)[0]["id"] for kind in ("heading", "column", "section")
    }
    named = {
        key: ids.get(value, value) if isinstance(value, str) else value
        for key, value in asked.items()
    }
    with pytest.raises(refusal):
        done(document, **named)


def test_writing_is_cleaned_and_nothing_else_is_lost() -> None:
    document = begun()
    text = nodes(document, "text")[0]["id"]
    html = "<p onclick='x()'>Hi <b>{{ full_name }}</b><script>x()</script></p>"
    after = done(document, op="set", id=text, field="html", value=html)
    assert nodes(after, "text")[0]["html"] == "<p>Hi <strong>{{ full_name }}</strong></p>"


def test_a_part_from_elsewhere_gets_new_ids() -> None:
    document = begun()
    heading = nodes(document, "heading")[0]
    column = nodes(document, "column")[0]["id"]
    after = done(document, op="insert", node=heading, parent=column, at=0)
    assert len(nodes(after, "heading")) == 2
    section = done(document, op="insert", node=document["body"][0], parent="", at=0)
    assert len(section["body"]) == 3


@given(seed=st.integers(0, 2**32))
def test_all_acts_taken_back_give_the_beginning_and_done_again_the_end(seed: int) -> None:
    chance = random.Random(seed)
    first = document = begun()
    steps: list[tuple[Doc, Doc]] = []
    while len(steps) < 12:
        try:
            for act in plain(document, _asked(document, chance)):
                after, back = apply(document, act)
                document = stored(after)
                steps.append((act, back))
        except ContentRefused:
            continue
    last = document
    for _act, back in reversed(steps):
        document = stored(apply(document, back)[0])
    assert document == first
    for act, _back in steps:
        document = stored(apply(document, act)[0])
    assert document == last


def _asked(document: Doc, chance: random.Random) -> Doc:
    """An act that may be possible in this document."""
    ids = [place.node["id"] for place in places.each(document)] or ["none"]
    layout = chance.choice(list(places.LAYOUTS))
    place = {"parent": chance.choice(["", *ids]), "at": chance.randint(-1, 5)}
    one = {"id": chance.choice(ids)}
    field = chance.choice(["text", "html", "label", "background", "device", "align", "level"])
    value = chance.choice(["left", "phone", "#ffffff", "a\u00a0b <i>&</i>", "", None, 2])
    theme = chance.choice([("width", 520), ("light.text", "#112233"), ("dark", None), ("size", 18)])
    return chance.choice(
        [
            {"op": "insert", "type": chance.choice(["section", *places.BLOCKS]), **place},
            {"op": "insert", "type": "section", "layout": layout, "parent": "", "at": 0},
            {"op": "remove", **one},
            {"op": "duplicate", **one},
            {"op": "move", **one, **place},
            {"op": "set", **one, "field": field, "value": value},
            {"op": "layout", **one, "layout": layout},
            {"op": "theme", "field": theme[0], "value": theme[1]},
        ]
    )
