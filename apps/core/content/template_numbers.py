"""Comparing in conditions: what stands in a recipient's field is text, and may be a number.

``age > 18`` compares numbers when both sides are, also where a number was stored as text. What is
no number is neither above nor below one: the condition is false, and the letter is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from liquid import BoundTemplate, RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import logical
from liquid.builtin.tags import case_tag
from liquid.expression import Expression

_NUMBER: Final = re.compile(
    r"[+-]?(?:\d{1,3}(?:[ \u00a0\u202f]\d{3}){1,5}|\d{1,18})(?:[.,]\d{1,18})?"
)
_Number = int | float | Decimal


def number_of(text: str) -> Decimal | None:
    """The number that is written here, with a point or a comma, or None."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    return Decimal(re.sub(r"\s", "", text).replace(",", "."))


def _plain(value: object) -> object:
    return value.__liquid__() if hasattr(value, "__liquid__") else value


def _as_number(value: object) -> _Number | None:
    if isinstance(value, str):
        return number_of(value)
    return value if isinstance(value, _Number) and not isinstance(value, bool) else None


def _less(left: object, right: object, *, or_equal: bool = False) -> bool:
    left, right = _plain(left), _plain(right)
    one, other = _as_number(left), _as_number(right)
    if one is not None and other is not None:
        return one < other or (or_equal and one == other)
    if isinstance(left, str) and isinstance(right, str):
        return left < right or (or_equal and left == right)
    return False


def _equal(left: object, right: object) -> bool:
    if logical._eq(left, right):
        return True
    left, right = _plain(left), _plain(right)
    if isinstance(left, str) == isinstance(right, str):
        return False
    one, other = _as_number(left), _as_number(right)
    return one is not None and one == other


class _Eq(logical.EqExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return _equal(self.left.evaluate(context), self.right.evaluate(context))


class _Ne(logical.NeExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return not _equal(self.left.evaluate(context), self.right.evaluate(context))


class _Lt(logical.LtExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return _less(self.left.evaluate(context), self.right.evaluate(context))


class _Gt(logical.GtExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return _less(self.right.evaluate(context), self.left.evaluate(context))


class _Le(logical.LeExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return _less(self.left.evaluate(context), self.right.evaluate(context), or_equal=True)


class _Ge(logical.GeExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return _less(self.right.evaluate(context), self.left.evaluate(context), or_equal=True)


class _Any(case_tag._AnyExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> list[bool]:
        left = self.left.evaluate(context)
        return [_equal(left, right.evaluate(context)) for right in self.expressions]


_OURS: Final[dict[type[Expression], type[Expression]]] = {
    logical.EqExpression: _Eq,
    logical.NeExpression: _Ne,
    logical.LtExpression: _Lt,
    logical.GtExpression: _Gt,
    logical.LeExpression: _Le,
    logical.GeExpression: _Ge,
    case_tag._AnyExpression: _Any,
}


def compare_numbers(template: BoundTemplate) -> None:
    """Have every comparison in this parsed template compare as described above.

    Liquid's parser names its classes and offers no other place to choose them.
    """
    context = RenderContext(template)
    nodes: list[Node] = [*template.nodes]
    while nodes:
        node = nodes.pop()
        nodes += node.children(context, include_partials=False)
        _replace(node.expressions())


def _replace(expressions: Iterable[Expression]) -> None:
    waiting = [*expressions]
    while waiting:
        expression = waiting.pop()
        waiting += expression.children()
        expression.__class__ = _OURS.get(type(expression), type(expression))
