"""The builder of a segment: a form of nested groups, made anew from what was posted.

Every node has a path: ``r`` is the uppermost group, ``r.0`` its first child. ``r.0.kind`` says that
there is such a node. Adding, removing, moving and choosing a field are buttons that post the whole
form, so it works without a script.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.core.paging import row_ids
from apps.mailings.attribute_values import AttributeKind, as_text, distinct_choices
from apps.mailings.segments.fields import ATTRIBUTE, FieldTest, tests_of
from apps.mailings.segments.tree import NOT, VERSION, Node
from apps.mailings.segments.values import Shape

#: How a group joins what it holds, and what that is in a tree: (word, negated).
MODES: Final = {
    "all": ("all", False),
    "any": ("any", False),
    "not_all": ("all", True),
    "none": ("any", True),
}
MODE_LABELS: Final = (
    ("all", _("all of these")),
    ("any", _("at least one of these")),
    ("none", _("none of these")),
    ("not_all", _("not all of these")),
)
#: More nodes than a tree may have are not read from a form.
_MOST_NODES: Final = 200
_DEPTH: Final = 6
_NUMBER: Final = AttributeKind("number")
_DAY: Final = AttributeKind("date")


@dataclass(slots=True)
class Asked:
    """A condition as it stands in the form: texts, whether they fit or not."""

    field: str = "email"
    op: str = "is"
    negated: bool = False
    value: str = ""
    low: str = ""
    high: str = ""
    rows: list[str] = dataclasses.field(default_factory=list)
    run: str = ""
    link: str = ""
    days: str = ""
    machine: bool = False

    @property
    def column(self) -> str:
        return self.field.partition(":")[0]

    @property
    def name(self) -> str:
        """Which custom field is asked for."""
        return self.field.partition(":")[2]

    def test(self, kinds: Mapping[str, str]) -> FieldTest | None:
        """The test that is chosen; the first of the field when it does not have that one."""
        tests = tests_of(self.column, self.name, kinds)
        return tests.get(self.op) or next(iter(tests.values()), None)

    def node(self, kinds: Mapping[str, str]) -> Node:
        """The condition as a tree has it; what cannot be read stays a text, and is refused."""
        test = self.test(kinds)
        made: Node = {"field": self.column, "op": test.op if test else self.op}
        if self.column == ATTRIBUTE:
            made["name"] = self.name
        made |= self._reaction() if test and test.shape is Shape.REACTION else {}
        if test and test.shape not in (Shape.REACTION, Shape.NOTHING):
            made["value"] = self._value(test.shape)
        return {NOT: made} if self.negated else made

    def _reaction(self) -> Node:
        made: Node = {"mailings": row_ids(self.rows)} if self.rows else {}
        numbers = {"run": self.run, "link": self.link, "days": self.days}
        made |= {name: _whole(text) for name, text in numbers.items() if text}
        return made | ({"machine": True} if self.machine else {})

    def _value(self, shape: Shape) -> Any:
        if shape is Shape.ROWS:
            return row_ids(self.rows)
        if shape is Shape.CHOICES:
            return self.rows
        if shape is Shape.TEXTS:
            return list(distinct_choices(self.value))
        if shape is Shape.NUMBERS:
            return [_read(_NUMBER, one) for one in distinct_choices(self.value)]
        if shape is Shape.NUMBER_RANGE:
            return [_read(_NUMBER, self.low), _read(_NUMBER, self.high)]
        if shape is Shape.DAY_RANGE:
            return [_read(_DAY, self.low), _read(_DAY, self.high)]
        if shape is Shape.FLAG:
            return self.value == "true"
        if shape is Shape.DAYS:
            return _whole(self.value)
        kind = {Shape.NUMBER: _NUMBER, Shape.DAY: _DAY}.get(shape)
        return _read(kind, self.value) if kind else self.value.strip()

    @classmethod
    def of(cls, node: Node, negated: bool) -> Asked:
        """The form of a condition of a tree."""
        name = f":{node['name']}" if node["field"] == ATTRIBUTE else ""
        made = cls(field=f"{node['field']}{name}", op=node["op"], negated=negated)
        value = node.get("value")
        if node["field"] == "did":
            made.rows = [str(one) for one in node.get("mailings", ())]
            made.run, made.link = as_text(node.get("run")), as_text(node.get("link"))
            made.days, made.machine = as_text(node.get("days")), node.get("machine", False)
        elif isinstance(value, list):
            texts = [as_text(one) for one in value]
            made.rows, made.value = texts, "\n".join(texts)
            made.low, made.high = texts[0], texts[-1]
        else:
            made.value = as_text(value)
        return made


@dataclass(slots=True)
class Part:
    """A node of the form: a group with its children, or a condition."""

    path: str = "r"
    mode: str = "all"
    children: list[Part] = dataclasses.field(default_factory=list)
    asked: Asked | None = None
    tree_path: str = ""
    error: str = ""

    def find(self, path: str) -> tuple[Part, int] | None:
        """The group that holds this node, and its place there."""
        for at, child in enumerate(self.children):
            if child.path == path:
                return self, at
            if found := child.find(path):
                return found
        return None

    def group(self, path: str) -> Part | None:
        """The group at this path."""
        if self.path == path:
            return None if self.asked else self
        return next((found for child in self.children if (found := child.group(path))), None)

    def numbered(self, path: str = "r") -> Part:
        """The same with paths that follow from where the nodes stand."""
        self.path = path
        for at, child in enumerate(self.children):
            child.numbered(f"{path}.{at}")
        return self


class Builder:
    """The conditions of one segment as a form."""

    def __init__(self, root: Part, kinds: Mapping[str, str]) -> None:
        self.root, self.kinds = root.numbered(), kinds
        self.focus = ""

    @classmethod
    def fresh(cls, kinds: Mapping[str, str]) -> Builder:
        """One empty condition."""
        return cls(Part(children=[Part(asked=Asked())]), kinds)

    @classmethod
    def of_tree(cls, tree: Node, kinds: Mapping[str, str]) -> Builder:
        """The form of a tree that was checked."""
        root = _part_of(tree["root"])
        return cls(root if root.asked is None else Part(children=[root]), kinds)

    @classmethod
    def posted(cls, data: QueryDict, kinds: Mapping[str, str]) -> Builder:
        """The form as it was sent."""
        left = [_MOST_NODES]
        root = _read_part(data, "r", 0, left)
        return cls(root if root and root.asked is None else Part(), kinds)

    def act(self, act: str) -> bool:
        """Carry out what a button says: ``add:r.0``. False when it is no button of the builder."""
        verb, _colon, path = act.partition(":")
        if verb in ("add", "group") and (group := self.root.group(path)) is not None:
            fresh = Part(asked=Asked())
            group.children.append(fresh if verb == "add" else Part(mode="any", children=[fresh]))
            self.focus = f"{path}.{len(group.children) - 1}" + ("" if verb == "add" else ".0")
        elif verb in ("remove", "up", "down") and (found := self.root.find(path)) is not None:
            self._move(verb, *found)
        else:
            return False
        self.root.numbered()
        return True

    def add_conditions(self, node: Node) -> None:
        """Put the conditions of another tree behind these; alone, in the place of an empty one."""
        part = _part_of(node)
        if self.root.children == Builder.fresh(self.kinds).root.children:
            self.root.children = []
            self.root.mode = part.mode
        alike = part.asked is None and part.mode == self.root.mode
        self.root.children += part.children if alike else [part]
        self.root.numbered()
        self.focus = self.root.children[-1].path

    def _move(self, verb: str, group: Part, at: int) -> None:
        if verb == "remove":
            del group.children[at]
            self.focus = group.path
            return
        to = at - 1 if verb == "up" else at + 1
        if 0 <= to < len(group.children):
            group.children.insert(to, group.children.pop(at))
        self.focus = f"{group.path}.{max(0, min(to, len(group.children) - 1))}"

    def tree(self) -> Node:
        """What the form says, as a tree that is still to be checked."""
        return {"version": VERSION, "root": self._node(self.root, "root")}

    def _node(self, part: Part, path: str) -> Node:
        part.tree_path = path
        if part.asked is not None:
            return part.asked.node(self.kinds)
        word, negated = MODES[part.mode]
        path = f"{path}.{NOT}" if negated else path
        inside = [
            self._node(child, f"{path}.{word}[{at}]") for at, child in enumerate(part.children)
        ]
        return {NOT: {word: inside}} if negated else {word: inside}

    def mark(self, path: str, why: str) -> None:
        """Put a refusal beside the node that it is about."""
        best = self.root
        waiting = [self.root]
        while waiting:
            part = waiting.pop()
            if path.startswith(part.tree_path) and len(part.tree_path) >= len(best.tree_path):
                best = part
            waiting += part.children
        best.error = why


def _part_of(node: Node, negated: bool = False) -> Part:
    if NOT in node:
        return _part_of(node[NOT], not negated)
    for mode, (word, denied) in MODES.items():
        if word in node and denied is negated:
            return Part(mode=mode, children=[_part_of(child) for child in node[word]])
    return Part(asked=Asked.of(node, negated))


def _read_part(data: QueryDict, path: str, depth: int, left: list[int]) -> Part | None:
    kind = data.get(f"{path}.kind")
    left[0] -= 1
    if kind is None or depth > _DEPTH or left[0] < 0:
        return None
    if kind == "test":
        return Part(path=path, asked=_read_asked(data, path))
    children, at = [], 0
    while (child := _read_part(data, f"{path}.{at}", depth + 1, left)) is not None:
        children.append(child)
        at += 1
    return Part(path=path, mode=kind if kind in MODES else "all", children=children)


def _read_asked(data: QueryDict, path: str) -> Asked:
    def text(name: str) -> str:
        return data.get(f"{path}.{name}", "")

    return Asked(
        field=text("field")[:60],
        op=text("op")[:20],
        negated=text("not") == "1",
        value=text("value"),
        low=text("low"),
        high=text("high"),
        rows=data.getlist(f"{path}.rows")[:1001],
        run=text("run"),
        link=text("link"),
        days=text("days"),
        machine=text("machine") == "1",
    )


def _read(kind: AttributeKind, text: str) -> Any:
    found = kind.read(text)
    return text if found is None else found


def _whole(text: str) -> Any:
    return int(text) if text.strip().isdecimal() and len(text) < 6 else text
