"""A message of blocks as a tree that can be shown: what each part is, says, lacks and may do."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext

from apps.core.content.blocks.completeness import ContentGap
from apps.core.content.blocks.document import MAX_NODES
from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.changes import Changes
from apps.core.content.blocks.editing.places import Node, Place
from apps.core.content.html_text import html_to_text
from apps.mailings.forms.letters import words
from apps.mailings.models import MessageDraft
from apps.mailings.selectors.letters.saved_blocks import names_of_blocks
from apps.mailings.services.letters.hints import GAPS, gaps_in
from apps.mailings.services.letters.whole import Whole
from apps.mailings.services.media.uses import saved_ids_in

#: Where a part says what it is about, in the order in which it is looked for.
_SAYS: Final = (
    "text", "label", "name", "html", "caption", "company", "author", "value", "source", "title",
)  # fmt: skip
_LONGEST: Final = 70
#: Parts without words of their own, which are named by their numbers.
_NUMBERED: Final = ("section", "column")
#: Behind all that may lie there.
END: Final = MAX_NODES


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
        return insertion(self.id, END)


@dataclass(frozen=True, slots=True)
class Target:
    """A place that a part may go to, in words."""

    act: str
    words: str


def insertion(parent: str, at: int) -> str:
    """Puts there what the select beside the button says."""
    return json.dumps({"op": "insert", "parent": parent, "at": at}, separators=(",", ":"))


def additions_after(
    document: Node, node_id: str, saved: Sequence[tuple[int, str]] = ()
) -> list[Target]:
    """What may be added behind a part, or at the end of one that holds others.

    ``saved``: the blocks that the writer has saved, by number and name.
    """
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
        kind = str(words.KINDS["saved"])
        found += [
            Target(_addition(parent, at, "saved", str(number)), f"{kind}: {name}")
            for number, name in saved
        ]
    return found


def _addition(parent: str, at: int, kind: str, layout: str = "1") -> str:
    act = {"op": "insert", "parent": parent, "at": at, "type": kind, "layout": layout}
    return json.dumps(act, separators=(",", ":"))


def outline_of(
    document: Node, missing: Iterable[ContentGap], names: Mapping[int, str]
) -> tuple[list[Part], list[str]]:
    """The tree with what its parts lack, and what the message as a whole lacks.

    ``names``: of the saved blocks in it.
    """
    gaps = _gaps(missing)
    return list(_parts("", document["body"], gaps, names)), gaps.get("", [])


def names_of(draft: MessageDraft) -> dict[int, str]:
    """What the saved blocks of a draft are called."""
    return names_of_blocks(draft.owner_id, saved_ids_in(draft.document))


@dataclass(frozen=True, slots=True)
class ChangedOutline:
    """``rows`` of parts that were there, whole parts that are ``new``, what the message lacks."""

    rows: list[Part]
    new: list[Part]
    lacks: list[str]


def changed_outline(
    document: Node, made: Whole, changes: Changes, names: Mapping[int, str]
) -> ChangedOutline:
    """What of the tree has changed; ``made`` is the same document as it would be sent."""
    inner = {one for node_id in changes.added for one in _inside(document, node_id)}
    gaps = _gaps(gaps_in(made, {*changes.altered, *inner}))
    counted = {one for ids in changes.lists.values() for one in ids}  # their numbers may be others
    rows: list[Part] = []
    new: list[Part] = []
    for place in places.each(document):
        node_id = place.node["id"]
        if node_id in changes.added:
            new.append(_part(place, gaps, names, deep=True))
        elif node_id in changes.altered or (
            node_id in counted and places.kind_of(place.node) in _NUMBERED
        ):
            rows.append(_part(place, gaps, names))
    return ChangedOutline(rows, new, gaps.get("", []))


def _inside(document: Node, node_id: str) -> set[str]:
    place = places.find(document, node_id)
    return _ids(place.node) if place is not None else set()


def _gaps(missing: Iterable[ContentGap]) -> dict[str, list[str]]:
    gaps: dict[str, list[str]] = defaultdict(list)
    for gap in missing:
        gaps[gap.block].append(str(GAPS.get(gap.code, gap.code)))
    return gaps


def _parts(
    parent: str, nodes: list[Node], gaps: dict[str, list[str]], names: Mapping[int, str]
) -> Iterator[Part]:
    for at in range(len(nodes)):
        yield _part(Place(parent, at, nodes), gaps, names, deep=True)


def _part(
    place: Place, gaps: dict[str, list[str]], names: Mapping[int, str], *, deep: bool = False
) -> Part:
    """A part as it is shown; ``deep``: with those in it."""
    node, kind = place.node, places.kind_of(place.node)
    label, inner = str(words.KINDS[kind]), places.inside(node)
    return Part(
        id=node["id"],
        kind=kind,
        label=f"{label} {place.at + 1}" if kind in _NUMBERED else label,
        summary=names.get(node.get("block", 0)) or summary_of(node),
        parent=place.parent,
        at=place.at,
        last=place.at == len(place.siblings) - 1,
        device=node.get("device", "all"),
        conditional=bool(node.get("visibility")),
        gaps=gaps.get(node["id"], []),
        children=list(_parts(node["id"], inner or [], gaps, names)) if deep else [],
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
