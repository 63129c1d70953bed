"""What the editor does to the steps of a draft: add, move, duplicate, delete."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.utils.translation import gettext_noop as _

from apps.automations.definition.flow import (
    Branch,
    Node,
    Raw,
    branch_names,
    flat_of,
    raw_steps,
    tree_of,
)
from apps.automations.definition.parts import MOST_STEPS
from apps.core.errors import Refused
from apps.core.text.formatting import refusal

#: What each kind of step begins with.
FRESH: Final[Mapping[str, Raw]] = {
    "send": {},
    "wait": {"seconds": 86_400},
    "condition": {},
    "split": {"shares": [{"share": 50}, {"share": 50}]},
    "act": {"act": "add_tag"},
    "exit": {},
}
#: How keys of new steps begin.
_STEMS: Final = {"send": "letter"}
#: Where a step is added: at the top, behind a step, or at the top of a branch.
START, AFTER, INSIDE = "start", "after", "in"


class BranchInUse(Refused):
    """A branch that would go still holds steps."""

    code = "automation_branch_in_use"


class Outline:
    """The steps of one draft. Raises FlowUnreadable for a draft that holds no list of steps."""

    def __init__(self, draft: Mapping[str, Any]) -> None:
        self.nodes = tree_of(raw_steps(draft))

    def __iter__(self) -> Iterator[Node]:
        for node in self.nodes:
            yield from node.all()

    def steps(self) -> list[Raw]:
        """The steps as the draft keeps them."""
        return flat_of(self.nodes)

    def find(self, key: str) -> Node | None:
        """The step with this key."""
        return next((node for node in self if node.key == key), None)

    @property
    def is_full(self) -> bool:
        """True if no more steps fit in."""
        return sum(1 for _node in self) >= MOST_STEPS

    def add(self, kind: str, place: str) -> Node | None:
        """Add a step of this kind at a place: ``start``, ``after:KEY`` or ``in:KEY:BRANCH``."""
        if kind not in FRESH or self.is_full:
            return None
        step = {"key": self._free_key(kind), "kind": kind, **copy.deepcopy(FRESH[kind])}
        node = Node(step, [Branch(name) for name in branch_names(step)])
        word, _colon, rest = place.partition(":")
        if word == START:
            self.nodes.insert(0, node)
        elif word == AFTER and (found := self._place(rest)) is not None:
            beside, at = found
            beside.insert(at + 1, node)
            self._take_jump(beside[at], node)
        elif word == INSIDE and (branch := self._branch(rest)) is not None:
            _put(branch, node, at=0)
        else:
            return None
        return node

    def change(self, node: Node, step: Raw) -> None:
        """Put other fields into a step. Raises BranchInUse."""
        names = branch_names(step)
        if any(one.nodes for one in node.branches[len(names) :]):
            text = _("Move or delete the steps of a branch before you remove it.")
            raise refusal(BranchInUse, text)
        kept = node.branches[: len(names)]
        node.branches = [*kept, *(Branch(name) for name in names[len(kept) :])]
        node.jump = None if node.branches else node.jump
        node.step = step

    def duplicate(self, key: str) -> Node | None:
        """Put a copy behind a step, with all that is in its branches."""
        found = self._place(key)
        if found is None or self.is_full:
            return None
        beside, at = found
        made = copy.deepcopy(beside[at])
        renamed: dict[str, str] = {}
        for node in made.all():
            fresh = self._free_key(node.step["kind"], renamed.values())
            renamed[node.key] = fresh
            node.step["key"] = fresh
        for node in made.all():
            _rename(node, renamed)
        beside.insert(at + 1, made)
        return made

    def delete(self, key: str) -> bool:
        """Delete a step with all that is in its branches; who jumped to it just goes on."""
        found = self._place(key)
        if found is None:
            return False
        beside, at = found
        gone = {node.key for node in beside.pop(at).all()}
        for node in self:
            node.jump = None if node.jump in gone else node.jump
            for branch in node.branches:
                branch.jump = None if branch.jump in gone else branch.jump
        return True

    def up(self, key: str) -> bool:
        """Move a step one place up, into a branch or out of it."""
        return self._move(key, -1)

    def down(self, key: str) -> bool:
        """Move a step one place down, into a branch or out of it."""
        return self._move(key, 1)

    def _move(self, key: str, by: int) -> bool:
        found = self._place(key)
        if found is None:
            return False
        beside, at = found
        to = at + by
        if 0 <= to < len(beside):
            node, other = beside.pop(at), beside[to] if by < 0 else beside[at]
            if other.branches:  # into its nearest branch
                nearest = other.branches[-1 if by < 0 else 0]
                _put(nearest, node, at=len(nearest.nodes) if by < 0 else 0)
            else:
                beside.insert(to, node)
            return True
        holder = self._holder(beside)
        if holder is None:
            return False
        head, number = holder
        node = beside.pop(at)
        if 0 <= number + by < len(head.branches):
            beside_it = head.branches[number + by]
            _put(beside_it, node, at=len(beside_it.nodes) if by < 0 else 0)
        else:
            outer, place = self._place_of(head)
            outer.insert(place if by < 0 else place + 1, node)
        return True

    def _place(self, key: str) -> tuple[list[Node], int] | None:
        node = self.find(key)
        return None if node is None else self._place_of(node)

    def _place_of(self, node: Node) -> tuple[list[Node], int]:
        """The list that holds this node, and its number there."""
        for beside in self._lists():
            for at, one in enumerate(beside):
                if one is node:
                    return beside, at
        raise LookupError(node.key)

    def _lists(self) -> Iterator[list[Node]]:
        yield self.nodes
        for node in self:
            for branch in node.branches:
                yield branch.nodes

    def _holder(self, nodes: list[Node]) -> tuple[Node, int] | None:
        """The step whose branch this is, and the number of the branch."""
        for node in self:
            for number, branch in enumerate(node.branches):
                if branch.nodes is nodes:
                    return node, number
        return None

    def _branch(self, place: str) -> Branch | None:
        key, _colon, name = place.partition(":")
        node = self.find(key)
        branches = node.branches if node is not None else []
        return next((one for one in branches if one.name == name), None)

    def _take_jump(self, node: Node, below: Node) -> None:
        """What is added behind a step that jumped away goes there in its stead."""
        if node.jump is not None and not below.branches and below.step["kind"] != "exit":
            below.jump = node.jump
        node.jump = None

    def _free_key(self, kind: str, taken: Iterable[str] = ()) -> str:
        known = {node.key for node in self} | set(taken)
        stem = _STEMS.get(kind, kind)
        number = 1
        while f"{stem}-{number}" in known:
            number += 1
        return f"{stem}-{number}"


def _put(branch: Branch, node: Node, *, at: int) -> None:
    """Put a step into a branch; one that jumped away goes on there behind it."""
    branch.nodes.insert(at, node)
    if branch.jump is not None and not node.branches:
        node.jump = branch.jump
    branch.jump = None


def _rename(node: Node, renamed: Mapping[str, str]) -> None:
    """Let what a copy names within itself be the copies."""
    if node.jump is not None:
        node.jump = renamed.get(node.jump, node.jump)
    for branch in node.branches:
        if branch.jump is not None:
            branch.jump = renamed.get(branch.jump, branch.jump)
    until = node.step.get("until")
    for part in (node.step, until if isinstance(until, dict) else {}):
        if part.get("letter") in renamed:
            part["letter"] = renamed[part["letter"]]
