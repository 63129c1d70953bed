"""Code between elements: from where it begins to where it ends is one piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from apps.core.content.blocks.converting.tree import Code, Element, Node
from apps.core.content.program.liquid_blocks import BEGINNINGS, ENDS

_BEGIN: Final = BEGINNINGS | {"comment", "raw"}
_END: Final = ENDS | {"endcomment", "endraw"}
_BRANCHES: Final = frozenset("else elsif when".split())


@dataclass(frozen=True, slots=True)
class Kept:
    """Neighbours that only make sense together."""

    nodes: list[Node]


def codes_in(nodes: Iterable[Node]) -> Iterator[Code]:
    """All code between elements, at any depth, in the order of reading."""
    for node in nodes:
        if isinstance(node, Code):
            yield node
        elif isinstance(node, Element):
            yield from codes_in(node.children)


def is_divisible(nodes: list[Node]) -> bool:
    """True if each of these can go its own way: no code begins in one and ends in another."""
    elements = (node for node in nodes if isinstance(node, Element))
    here = [node for node in nodes if isinstance(node, Code)]
    return _is_closed(here) and all(_is_closed(codes_in([one])) for one in elements)


def groups_of(nodes: list[Node]) -> Iterator[Node | Kept]:
    """The nodes in their order; those between the beginning and the end of code together."""
    group: list[Node] = []
    depth = 0
    for node in nodes:
        if isinstance(node, Code):
            depth += (node.name in _BEGIN) - (node.name in _END)
            group.append(node)
            if depth <= 0:
                yield Kept([*group])
                group.clear()
        elif depth > 0:
            group.append(node)
        else:
            yield node
    if group:
        yield Kept(group)


def _is_closed(codes: Iterable[Code]) -> bool:
    depth = 0
    for code in codes:
        depth += (code.name in _BEGIN) - (code.name in _END)
        if depth < 0 or (code.name in _BRANCHES and not depth):
            return False
    return depth == 0
