"""What of a document has changed between two states of it."""

from __future__ import annotations

from typing import Any

import pytest

from apps.core.content.blocks.editing import operations, places
from apps.core.content.blocks.editing.changes import Changes, changes_between
from apps.core.content.blocks.editing.operations import PlaceUnfit


def letter() -> dict[str, Any]:
    return places.blank_document()


def id_of(document: dict[str, Any], kind: str) -> str:
    ids = (p.node["id"] for p in places.each(document) if places.kind_of(p.node) == kind)
    return str(next(ids))


def after(document: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    for act in operations.plain(document, asked):
        document, _back = operations.apply(document, act)
    return document


def test_nothing_has_changed_in_the_same_document() -> None:
    document = letter()
    assert changes_between(document, document) == Changes()
    assert not changes_between(document, document)


def test_a_field_alters_its_part_alone() -> None:
    document = letter()
    heading = id_of(document, "heading")
    act = {"op": "set", "id": heading, "field": "text", "value": "News"}
    assert changes_between(document, after(document, act)) == Changes(altered=[heading])


def test_of_what_is_new_the_outermost_is_named() -> None:
    document = letter()
    later = after(document, {"op": "insert", "type": "button", "parent": "", "at": 1})
    found = changes_between(document, later)
    section = later["body"][1]["id"]
    assert (found.added, found.altered) == ([section], [])
    assert found.lists == {"": [one["id"] for one in later["body"]]}


def test_a_move_changes_two_lists_and_no_part() -> None:
    document = letter()
    heading, column = id_of(document, "heading"), document["body"][1]["columns"][0]
    later = after(document, {"op": "move", "id": heading, "parent": column["id"], "at": 0})
    found = changes_between(document, later)
    first = document["body"][0]["columns"][0]
    assert (found.added, found.altered) == ([], [])
    assert found.lists == {
        first["id"]: [first["blocks"][1]["id"]],
        column["id"]: [heading, column["blocks"][0]["id"]],
    }


def test_other_columns_alter_their_widths_and_the_section_holds_more() -> None:
    document = letter()
    section = document["body"][0]
    later = after(document, {"op": "layout", "id": section["id"], "layout": "2"})
    found = changes_between(document, later)
    first, second = (one["id"] for one in later["body"][0]["columns"])
    assert (found.added, found.altered) == ([second], [first])
    assert found.lists == {section["id"]: [first, second]}


def test_the_theme_is_no_part() -> None:
    document = letter()
    later = after(document, {"op": "theme", "field": "size", "value": 18})
    assert changes_between(document, later) == Changes(theme=True)


@pytest.mark.parametrize(
    "path",
    ["items.2.title", "items.-1.title", "items.1", "items.0.title.x", "items.0.none", f"{'9' * 9}"]
    + ["items." + "9" * 5000, "type.x", ".", "items..title"],
)
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    document = letter()
    column = id_of(document, "column")
    document = after(document, {"op": "insert", "type": "list", "parent": column, "at": 0})
    block = id_of(document, "list")
    act = {"op": "set", "id": block, "field": "items", "value": [{"title": "One", "html": ""}]}
    document = after(document, act)
    with pytest.raises(PlaceUnfit):
        after(document, {"op": "set", "id": block, "field": path, "value": "x"})


def test_a_line_of_an_item_is_set_and_taken_back() -> None:
    document = letter()
    column = id_of(document, "column")
    document = after(document, {"op": "insert", "type": "list", "parent": column, "at": 0})
    block = id_of(document, "list")
    act = {"op": "set", "id": block, "field": "items", "value": [{"title": "One"}]}
    document = after(document, act)
    later, back = operations.apply(
        document, {"op": "set", "id": block, "field": "items.0.title", "value": "Two"}
    )
    place = places.find(later, block)
    assert place is not None and place.node["items"] == [{"title": "Two"}]
    assert operations.apply(later, back)[0] == document
