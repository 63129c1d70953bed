"""A message of blocks as a tree that can be shown: what each part is, says, lacks and may do."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext

from apps.core.content.blocks.completeness import complete
from apps.core.content.blocks.document import read
from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.places import Node
from apps.core.content.html_text import html_to_text
from apps.mailings.forms.letters import words
from apps.mailings.services.letters.hints import GAPS

#: Where a part says what it is about, in the order in which it is looked for.
_SAYS: Final = (
    "text", "label", "name", "html", "caption", "company", "author", "value", "source", "title",
)  # fmt: skip
_LONGEST: Final = 70


@dataclass
class Part:
    """A part of the message in the outline."""

    id: str
    kind: str
    label: str
    summary: str
    parent: str
    at: int
    last: bool
    device: str
    conditional: bool
    gaps: list[str] = field(default_factory=list)
    children: list[Part] = field(default_factory=list)
    holds: bool = False

    @property
    def spoken(self) -> str:
        """What a screen reader says of it: what it is, what it says, who sees it, what it lacks."""
        condition = gettext("By condition") if self.conditional else ""
        marks = [self.device_label, condition, *self.gaps]
        said = f"{self.label}: {self.summary}" if self.summary else self.label
        return ". ".join(filter(None, (said, *marks)))

    @property
    def movable(self) -> bool:
        """True if it can go somewhere else; a column cannot."""
        return self.kind != "column"

    def act(self, name: str, **more: Any) -> str:
        return json.dumps({"op": name, "id": self.id, **more}, separators=(",", ":"))

    @property
    def up(self) -> str:
        return self.act("move", parent=self.parent, at=self.at - 1)

    @property
    def down(self) -> str:
        return self.act("move", parent=self.parent, at=self.at + 1)

    @property
    def duplicate(self) -> str:
        return self.act("duplicate")

    @property
    def remove(self) -> str:
        return self.act("remove")

    @property
    def has_device(self) -> bool:
        return self.kind in places.BLOCKS

    @property
    def hide(self) -> list[tuple[str, str]]:
        """The acts that show it on some devices alone, with their words."""
        choices = words.CHOICES["device"].items()
        return [
            (self.act("set", field="device", value=value), str(label))
            for value, label in choices
            if value != self.device
        ]

    @property
    def device_label(self) -> str:
        return "" if self.device == "all" else str(words.CHOICES["device"][self.device])

    @property
    def add_at_end(self) -> str:
        """Puts a new part behind those in it."""
        return insertion(self.id, len(self.children))


@dataclass(frozen=True, slots=True)
class Target:
    """A place that a part may go to, in words."""

    act: str
    words: str


def insertion(parent: str, at: int) -> str:
    """Puts there what the select beside the button says."""
    return json.dumps({"op": "insert", "parent": parent, "at": at}, separators=(",", ":"))


def additions_after(document: Node, node_id: str) -> list[Target]:
    """What may be added behind a part, or at the end of one that holds others."""
    place = places.find(document, node_id)
    if place is None:
        return []
    kind, inner = places.kind_of(place.node), places.inside(place.node)
    if kind == "column" and inner is not None:
        parent, at = place.node["id"], len(inner)
    else:
        parent, at = place.parent, place.at + 1
    above = places.parent_kind(document, parent)
    found = [
        Target(_addition(parent, at, one), str(words.KINDS[one]))
        for one in places.BLOCKS
        if above == "letter" or places.fits(one, above)
    ]
    if above == "letter":
        sections = words.LAYOUTS.items()
        section = str(words.KINDS["section"])
        found = [
            Target(_addition(parent, at, "section", layout), f"{section}: {label}")
            for layout, label in sections
        ] + found
    return found


def _addition(parent: str, at: int, kind: str, layout: str = "1") -> str:
    act = {"op": "insert", "parent": parent, "at": at, "type": kind, "layout": layout}
    return json.dumps(act, separators=(",", ":"))


def outline_of(document: Node) -> tuple[list[Part], list[str]]:
    """The tree, and what the message as a whole lacks."""
    gaps: dict[str, list[str]] = defaultdict(list)
    for gap in complete(read(document)):
        gaps[gap.block].append(str(GAPS.get(gap.code, gap.code)))
    return list(_parts("", document["body"], gaps)), gaps.get("", [])


def _parts(parent: str, nodes: list[Node], gaps: dict[str, list[str]]) -> Iterator[Part]:
    for at, node in enumerate(nodes):
        kind, inner = places.kind_of(node), places.inside(node)
        label = str(words.KINDS[kind])
        yield Part(
            id=node["id"],
            kind=kind,
            label=f"{label} {at + 1}" if kind in ("section", "column") else label,
            summary=summary_of(node),
            parent=parent,
            at=at,
            last=at == len(nodes) - 1,
            device=node.get("device", "all"),
            conditional=bool(node.get("visibility")),
            gaps=gaps.get(node["id"], []),
            children=list(_parts(node["id"], inner or [], gaps)),
            holds=kind in ("column", "repeat"),
        )


def summary_of(node: Node) -> str:
    """The first words of what a part says."""
    if places.inside(node) is not None and node.get("type") != "repeat":
        return ""
    picture = node.get("picture") or node.get("logo") or {}
    items = node.get("items") or node.get("entries") or [{}]
    for one in (node, picture, items[0]):
        for name in (*_SAYS, "alt"):
            said = one.get(name)
            if isinstance(said, str) and said.strip():
                text = html_to_text(said) if name == "html" else said
                line = " ".join(text.split())
                return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rstrip()}…"
    return ""


def targets_of(document: Node, node_id: str) -> list[Target]:
    """Every place that a part may move to, in words, in the order of reading."""
    found = places.find(document, node_id)
    if found is None:
        return []
    kind, inside = places.kind_of(found.node), _ids(found.node)
    lists = [("", "letter", document["body"])]
    lists += [
        (place.node["id"], places.kind_of(place.node), inner)
        for place in places.each(document)
        if (inner := places.inside(place.node)) is not None and place.node["id"] not in inside
    ]
    targets: list[Target] = []
    for parent, above, nodes in lists:
        if places.fits(kind, above):
            others = [node for node in nodes if node["id"] != node_id]
            here = found.at if parent == found.parent else -1
            targets += _targets(document, node_id, parent, others, here)
    return targets


def _targets(
    document: Node, node_id: str, parent: str, others: list[Node], here: int
) -> Iterator[Target]:
    above = words_of_way(document, parent)
    for at in range(len(others) + 1):
        if at == here:
            continue
        act = json.dumps({"op": "move", "id": node_id, "parent": parent, "at": at})
        yield Target(act, _place_of(above, others, at))


def _place_of(above: str, others: list[Node], at: int) -> str:
    if not others:
        place = str(words.PLACES["alone"])
    elif at == 0:
        place = str(words.PLACES["first"])
    else:
        before = others[at - 1]
        name = " ".join(filter(None, (str(words.KINDS[places.kind_of(before)]), _quoted(before))))
        place = str(words.PLACES["after"]) % {"part": name}
    return f"{above}: {place}" if above else place


def _quoted(node: Node) -> str:
    summary = summary_of(node)
    return f"“{summary}”" if summary else ""


def words_of_way(document: Node, node_id: str) -> str:
    """Where a part lies, from the outermost in: “Section 2, column 1”."""
    steps: list[str] = []
    while node_id:
        place = places.find(document, node_id)
        if place is None:
            break
        name = str(words.KINDS[places.kind_of(place.node)])
        steps.insert(0, f"{name} {place.at + 1}")
        node_id = place.parent
    return ", ".join(steps)


def _ids(node: Node) -> set[str]:
    inner = places.inside(node) or []
    return {node["id"]}.union(*(_ids(part) for part in inner))
