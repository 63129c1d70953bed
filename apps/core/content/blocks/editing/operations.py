"""The acts on a document: each one applied gives the act that takes it back.

An act is plain JSON, so that it can be kept and done again:

====== ================================= ===========================================
op     fields                            what it does
====== ================================= ===========================================
insert parent, at, node                  puts a part there
remove id                                takes it out, with all in it
move   id, parent, at                    ``at`` counts without the part itself
set    id, field, value                  one field of a part; ``items.0.title`` inside it
theme  field, value                      one field of the theme; ``light.text`` of a palette
====== ================================= ===========================================

``insert`` with ``type``, ``duplicate`` and ``layout`` are what people ask for; ``plain`` makes acts
of the table of them, with the ids of what is new.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from apps.core.content.blocks.document import SCHEMA
from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.places import Node, Place
from apps.core.content.blocks.editing.storing import stored
from apps.core.errors import ContentRefused, gettext_noop

Act = dict[str, Any]

#: What is asked for as it is kept, and the fields of it.
_FIELDS: Final = {
    "remove": ("id",),
    "move": ("id", "parent", "at"),
    "set": ("id", "field", "value"),
    "theme": ("field", "value"),
}
#: What no act may set: who a part is, and what lies in it.
_FIXED: Final = frozenset({"id", "type", "columns", "blocks"})


class PartGone(ContentRefused):
    """The part of the letter is not there any more."""

    code = "part_gone"


class PlaceUnfit(ContentRefused):
    """A part may not lie there, or has no such field."""

    code = "part_place"


def plain(document: Node, asked: Mapping[str, Any]) -> list[Act]:
    """The acts of the table that do what was asked. Raises PartGone, PlaceUnfit."""
    name = asked.get("op")
    if not isinstance(name, str):
        raise _unfit()
    if name == "insert" and "node" not in asked:
        return [_insertion(document, asked)]
    if name == "insert":
        node = places.with_new_ids(_pasted(asked["node"]))
        return [{**_placed(asked), "op": "insert", "node": node}]
    if name == "duplicate":
        place = _found(document, asked.get("id"))
        node = places.with_new_ids(place.node)
        return [{"op": "insert", "parent": place.parent, "at": place.at + 1, "node": node}]
    if name == "layout":
        return _layout(document, asked)
    if name not in _FIELDS:
        raise _unfit()
    return [{field: asked[field] for field in ("op", *_FIELDS[name]) if field in asked}]


def apply(document: Node, act: Act) -> tuple[Node, Act]:
    """The document after the act, and the act that takes it back. The one given stays as it is.

    Raises PartGone, PlaceUnfit. What comes out has still to be judged by ``storing``.
    """
    after = copy.deepcopy(document)
    back = _ACTS[act["op"]](after, act)
    return after, back


def _insert(document: Node, act: Act) -> Act:
    node = copy.deepcopy(act["node"])
    _put(document, node, act["parent"], act["at"])
    return {"op": "remove", "id": node["id"]}


def _remove(document: Node, act: Act) -> Act:
    place = _found(document, act.get("id"))
    node = place.siblings.pop(place.at)
    return {"op": "insert", "parent": place.parent, "at": place.at, "node": node}


def _move(document: Node, act: Act) -> Act:
    place = _found(document, act.get("id"))
    target = _placed(act)
    node = place.siblings.pop(place.at)
    _put(document, node, target["parent"], target["at"])
    return {"op": "move", "id": node["id"], "parent": place.parent, "at": place.at}


def _set(document: Node, act: Act) -> Act:
    node, field = _found(document, act.get("id")).node, act.get("field")
    layout = field == "columns" and act.get("by") == "layout"
    first, *inner = field.split(".") if isinstance(field, str) else [""]
    if first not in node or (first in _FIXED and not layout):
        raise _unfit()
    holder, key = _inside(node, first, inner)
    before, holder[key] = holder[key], copy.deepcopy(act.get("value"))
    return {**act, "value": before}


def _inside(holder: Any, key: Any, path: list[str]) -> tuple[Any, Any]:
    """The list or dict that a path ends in, and its key there. Raises PlaceUnfit."""
    for name in path:
        holder = holder[key]
        key = int(name) if isinstance(holder, list) and re.fullmatch("[0-9]{1,4}", name) else name
        known = range(len(holder)) if isinstance(holder, list) else holder
        if not isinstance(holder, dict | list) or key not in known:
            raise _unfit()
    return holder, key


def _theme(document: Node, act: Act) -> Act:
    name, _dot, inner = str(act.get("field")).partition(".")
    theme = document["theme"]
    owner, key = (theme.get(name), inner) if inner else (theme, name)
    if not isinstance(owner, dict) or key not in owner:
        raise _unfit()
    before, owner[key] = owner[key], copy.deepcopy(act.get("value"))
    return {**act, "value": before}


_ACTS: Final = {
    "insert": _insert,
    "remove": _remove,
    "move": _move,
    "set": _set,
    "theme": _theme,
}


def _insertion(document: Node, asked: Mapping[str, Any]) -> Act:
    """A new part there; a block between sections comes with a section around it."""
    kind, target = str(asked.get("type")), _placed(asked)
    if kind == "saved":
        return {"op": "insert", **target, "node": _reference(asked.get("layout"))}
    if kind not in places.BLOCKS and kind != "section":
        raise _unfit()
    layout = str(asked.get("layout") or "1")
    if layout not in places.LAYOUTS:
        raise _unfit()
    node = places.new_node(kind, layout=layout)
    if kind in places.BLOCKS and not target["parent"]:
        section = places.new_node("section")
        section["columns"][0]["blocks"] = [node]
        node = section
    return {"op": "insert", **target, "node": node}


def _reference(number: Any) -> Node:
    """A saved block, whose number stands in the place of a layout."""
    text = str(number)
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) < 2**63):
        raise _unfit()
    return places.new_reference(int(text))


def _pasted(given: Any) -> Node:
    """A part that came from elsewhere, of the schema. Raises DocumentInvalid."""
    if not isinstance(given, dict) or "type" not in given:
        raise _unfit()
    is_whole = given["type"] in ("section", "saved")
    section = {"type": "section", "id": "x" * 12, "columns": [{"id": "y" * 12, "blocks": [given]}]}
    kept = stored({"schema": SCHEMA, "body": [given if is_whole else section]})
    part: Node = kept["body"][0]
    return part if is_whole else part["columns"][0]["blocks"][0]


def _layout(document: Node, asked: Mapping[str, Any]) -> list[Act]:
    """The columns of a section in other widths; what lay in columns too many goes to the last."""
    node = _found(document, asked.get("id")).node
    widths = places.LAYOUTS.get(str(asked.get("layout")))
    if widths is None or places.kind_of(node) != "section":
        raise _unfit()
    columns = copy.deepcopy(node["columns"])
    while len(columns) > len(widths):
        columns[-2]["blocks"] += columns.pop()["blocks"]
    columns += [places.new_column(width) for width in widths[len(columns) :]]
    for column, width in zip(columns, widths, strict=True):
        column["width"] = width
    return [{"op": "set", "id": node["id"], "field": "columns", "value": columns, "by": "layout"}]


def _put(document: Node, node: Node, parent: str, at: int) -> None:
    siblings = places.list_of(document, parent)
    if siblings is None:
        raise part_gone()
    if not places.fits(places.kind_of(node), places.parent_kind(document, parent)):
        raise _unfit()
    siblings.insert(max(0, min(at, len(siblings))), node)


def _placed(asked: Mapping[str, Any]) -> Act:
    at = asked.get("at", 0)
    if isinstance(at, bool) or not isinstance(at, int):
        raise _unfit()
    return {"parent": str(asked.get("parent") or ""), "at": at}


def _found(document: Node, node_id: Any) -> Place:
    place = places.find(document, str(node_id))
    if place is None:
        raise part_gone()
    return place


def part_gone() -> PartGone:
    """The refusal of what is asked of a part that is not there."""
    return PartGone(gettext_noop("This block no longer exists."))


def _unfit() -> PlaceUnfit:
    return PlaceUnfit(gettext_noop("This block can’t be put there or changed like this."))
