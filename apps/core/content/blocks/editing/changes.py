"""What is another between two states of a document, so that a page changes that alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.places import Node

#: The names under which parts hold others.
_HELD: Final = frozenset({"columns", "blocks"})


@dataclass(frozen=True, slots=True)
class Changes:
    """The parts that a page has to show anew.

    ``added`` are those that were not there, the outermost alone; ``altered`` those with other
    fields; ``lists`` the lists with other parts or another order, by their parent, as ids.
    """

    added: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)
    theme: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.altered or self.lists or self.theme)


@dataclass(slots=True)
class _Index:
    """A document by the ids of its parts."""

    nodes: dict[str, Node] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=lambda: {"": []})


def changes_between(before: Node, after: Node) -> Changes:
    """What has to be done to a page that shows ``before``, for it to show ``after``."""
    was, now = _indexed(before), _indexed(after)
    return Changes(
        added=[
            node_id
            for node_id in now.nodes
            if node_id not in was.nodes and now.parents[node_id] in was.lists
        ],
        altered=[
            node_id
            for node_id, node in now.nodes.items()
            if node_id in was.nodes and _own(node) != _own(was.nodes[node_id])
        ],
        lists={
            parent: ids
            for parent, ids in now.lists.items()
            if parent in was.lists and ids != was.lists[parent]
        },
        theme=before.get("theme") != after.get("theme"),
    )


def _indexed(document: Node) -> _Index:
    index = _Index()
    for place in places.each(document):
        node_id = place.node["id"]
        index.nodes[node_id] = place.node
        index.parents[node_id] = place.parent
        index.lists[place.parent].append(node_id)
        if places.inside(place.node) is not None:
            index.lists[node_id] = []
    return index


def _own(node: Node) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name not in _HELD}
