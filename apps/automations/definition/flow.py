"""The steps of a draft as people read them: a list in which branches hold lists of their own.

A definition is a flat list whose steps name the one that follows. Here a step with branches holds
the steps that lead from it to where its branches join again. What cannot be drawn so keeps a jump.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_noop as _

from apps.automations.definition.parts import END
from apps.core.errors import Refused
from apps.core.text.formatting import refusal

#: A step as a draft has it, faults and all.
Raw = dict[str, Any]
KINDS: Final = ("send", "wait", "condition", "split", "act", "exit")
#: The branches of a condition and of a wait until something.
YES, NO = "next", "otherwise"


class FlowUnreadable(Refused):
    """The draft holds something that is no list of steps."""

    code = "automation_unreadable"


@dataclass(slots=True)
class Branch:
    """What follows after one answer of a step. ``jump``: it goes on there instead."""

    name: str
    nodes: list[Node] = field(default_factory=list)
    jump: str | None = None


@dataclass(slots=True)
class Node:
    """A step with its branches. ``jump``: it goes on there, and not with what stands below."""

    step: Raw
    branches: list[Branch] = field(default_factory=list)
    jump: str | None = None

    @property
    def key(self) -> str:
        return str(self.step["key"])

    def all(self) -> Iterator[Node]:
        """It and everything in its branches, in their order."""
        yield self
        for branch in self.branches:
            for node in branch.nodes:
                yield from node.all()


def raw_steps(draft: Mapping[str, Any]) -> list[Raw]:
    """The steps of a draft, each with a key of its own and a known kind. Raises FlowUnreadable."""
    found = draft.get("steps", [])
    if not isinstance(found, list) or not all(_is_step(one) for one in found):
        raise refusal(FlowUnreadable, _("A program has written steps that cannot be shown."))
    if len({one["key"] for one in found}) < len(found):
        raise refusal(FlowUnreadable, _("Two steps have the same key."))
    return found


def shown_steps(draft: Mapping[str, Any]) -> list[Raw]:
    """The steps of a draft; none when they cannot be read."""
    try:
        return raw_steps(draft)
    except FlowUnreadable:
        return []


def _is_step(one: Any) -> bool:
    if not isinstance(one, dict) or one.get("kind") not in KINDS:
        return False
    key = one.get("key")
    return isinstance(key, str) and key != END


def branch_names(step: Raw) -> list[str]:
    """The names of the branches of a step; none for one that just goes on."""
    if step["kind"] == "condition" or (step["kind"] == "wait" and step.get("until") is not None):
        return [YES, NO]
    if step["kind"] == "split":
        return [str(number) for number, _share in enumerate(shares_of(step), 1)]
    return []


def shares_of(step: Raw) -> list[Raw]:
    """The shares of a split."""
    found = step.get("shares")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def tree_of(steps: Sequence[Raw]) -> list[Node]:
    """The steps with their branches."""
    return _Reader(steps).region(0, len(steps), END)


def flat_of(nodes: Sequence[Node]) -> list[Raw]:
    """The steps as a definition has them; what goes on below names nothing."""
    found: list[Raw] = []
    _emit(nodes, END, found)
    for step, below in zip(found, _below(found), strict=True):
        for part, name in _targets(step):
            if part.get(name) == below:
                del part[name]
    return found


def _below(steps: Sequence[Raw]) -> list[str]:
    """The key of the step below each."""
    return [*(str(one["key"]) for one in steps[1:]), END][: len(steps)]


def _targets(step: Raw) -> list[tuple[Raw, str]]:
    """Where a step writes down what follows."""
    if step["kind"] == "split":
        return [(share, YES) for share in shares_of(step)]
    return [(step, name) for name in branch_names(step) or [YES]]


def _emit(nodes: Sequence[Node], after: str, found: list[Raw]) -> None:
    for at, node in enumerate(nodes):
        following = nodes[at + 1].key if at + 1 < len(nodes) else after
        step = copy.deepcopy(node.step)
        for name in (YES, NO):
            step.pop(name, None)
        found.append(step)
        if step["kind"] == "exit":
            continue
        aims = [following if node.jump is None else node.jump]
        if node.branches:
            aims = [_first(branch, following) for branch in node.branches]
        for (part, name), aim in zip(_targets(step), aims, strict=True):
            part[name] = aim
        for branch in node.branches:
            _emit(branch.nodes, following, found)


def _first(branch: Branch, following: str) -> str:
    if branch.jump is not None:
        return branch.jump
    return branch.nodes[0].key if branch.nodes else following


class _Reader:
    """Finds where branches join again."""

    def __init__(self, steps: Sequence[Raw]) -> None:
        self.steps = [copy.deepcopy(one) for one in steps]
        self.place = {one["key"]: at for at, one in enumerate(steps)}
        self.aims = [
            [_aim(part, name, to) for part, name in _targets(step)] if _goes_on(step) else []
            for step, to in zip(self.steps, _below(self.steps), strict=True)
        ]

    def region(self, start: int, end: int, after: str) -> list[Node]:
        """The steps from ``start`` to ``end``, of which the last goes on with ``after``."""
        nodes, at = [], start
        while at < end:
            names = branch_names(self.steps[at])
            if names:
                node, at = self._branching(at, end, after, names)
            else:
                node, at = self._plain(at, end, after), at + 1
            nodes.append(node)
        return nodes

    def _key(self, at: int, end: int, after: str) -> str:
        return str(self.steps[at]["key"]) if at < end else after

    def _plain(self, at: int, end: int, after: str) -> Node:
        aims = self.aims[at]
        jumps = bool(aims) and aims[0] != self._key(at + 1, end, after)
        return Node(self.steps[at], jump=aims[0] if jumps else None)

    def _branching(self, at: int, end: int, after: str, names: Sequence[str]) -> tuple[Node, int]:
        """The step with its branches, and the place of the one after them."""
        spots = [self._spot(aim, at, end, after) for aim in self.aims[at]]
        found = self._join(at, end, after, spots, to_end=False)
        found = found or self._join(at, end, after, spots, to_end=True)
        if found is None:
            jumps = [Branch(n, jump=aim) for n, aim in zip(names, self.aims[at], strict=True)]
            return Node(self.steps[at], jumps), at + 1
        join, spans = found
        key = self._key(join, end, after)
        branches = []
        for name, aim, spot, span in zip(names, self.aims[at], spots, spans, strict=True):
            inside = self.region(*span, key) if span else []
            branches.append(Branch(name, inside, aim if spot is None else None))
        return Node(self.steps[at], branches), join

    def _join(
        self, at: int, end: int, after: str, spots: Sequence[int | None], *, to_end: bool
    ) -> tuple[int, list[tuple[int, int] | None]] | None:
        """Where the branches join, and the span of each. ``to_end``: steps may jump to the end."""
        for join in range(max([at + 1, *(one for one in spots if one is not None)]), end + 1):
            spans = self._spans(at + 1, join, spots)
            aims = {self._key(join, end, after), *([END] if to_end else [])}
            if spans is not None and all(self._closed(span, at, aims) for span in spans if span):
                return join, spans
        return None

    def _spot(self, aim: str, at: int, end: int, after: str) -> int | None:
        """The place of an aim within the region; None for one outside it, or further up."""
        if aim == after:
            return end
        place = self.place.get(aim)
        return place if place is not None and at < place < end else None

    def _spans(
        self, start: int, join: int, spots: Sequence[int | None]
    ) -> list[tuple[int, int] | None] | None:
        """From where to where each branch goes; None: they do not lie one behind the other."""
        spans: list[tuple[int, int] | None] = []
        at = start
        for number, spot in enumerate(spots):
            if spot is None or spot == join:
                spans.append(None)
                continue
            if spot != at:
                return None
            later = [one for one in spots[number + 1 :] if one is not None and one != join]
            at = later[0] if later else join
            if at <= spot:
                return None
            spans.append((spot, at))
        return spans if at == join else None

    def _closed(self, span: tuple[int, int], head: int, aims: Collection[str]) -> bool:
        """No step of the span goes on elsewhere but at one of the aims, or further up."""
        for at in range(*span):
            for aim in self.aims[at]:
                place = self.place.get(aim)
                inside = place is not None and (span[0] <= place < span[1] or place <= head)
                if aim not in aims and not inside:
                    return False
        return True


def _goes_on(step: Raw) -> bool:
    return bool(step["kind"] != "exit")


def _aim(part: Raw, name: str, below: str) -> str:
    found = part.get(name)
    return below if not isinstance(found, str) else found
