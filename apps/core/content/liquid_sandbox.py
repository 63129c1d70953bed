"""Liquid for strangers: few tags, few filters, plain strings only, and an end to everything.

Every rendering has a budget. It is counted in steps, so that the same template is refused on
every machine; the processor's time is only the last fence, for what steps do not see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache, partial
from io import StringIO
from typing import Any, TextIO

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.echo_tag import EchoNode, EchoTag
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.exceptions import FilterArgumentError, LoopIterationLimitError
from liquid.stringify import to_liquid_string
from liquid.token import Token
from liquid.undefined import UNDEFINED, Undefined
from liquid.utils import ReadOnlyChainMap

from apps.core.content.template_dates import date_of
from apps.core.content.time_budget import OverLimit, look_at_the_clock, time_budget

MAX_ITERATIONS = 2_000  # of all loops of one rendering together
MAX_STEPS = 20_000
MAX_OUTPUT = 500_000  # characters
MAX_LOCALS = 200_000  # characters in all assigned variables
MAX_VALUE = 20_000  # characters that a filter takes
MAX_RESULT = 200_000  # characters that a filter gives
MAX_DATE = 64  # characters of a date or of its format

ALLOWED_FILTERS = frozenset(
    "upcase downcase capitalize default date escape strip truncate plus minus size first last"
    " round replace".split()
)
_ALLOWED_TAGS = frozenset(
    "if unless case for assign comment break continue echo # content output illegal".split()
)
_DATE_FORMAT = re.compile(r"(?:[^%]|%[-_]?[A-Za-z%])*")
_DIRECTIVE = re.compile(r"%([-_]?)([A-Za-z%])")


class _Budget(list[str]):
    """What one rendering may still spend.

    It poses as the context's list of disabled tags, which Liquid reads before it renders any
    node: that is the one place which every step passes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.steps = 0
        self._next_look = 0

    def __len__(self) -> int:
        self.spend(1)
        return 0

    def spend(self, steps: int) -> None:
        self.steps += steps
        if self.steps < self._next_look:
            return
        self._next_look = self.steps + 250
        if self.steps > MAX_STEPS:
            raise OverLimit("too many steps")
        look_at_the_clock()


class _Falsy(str):
    """An empty value in a condition: false, and equal to "", nil, blank and empty."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return other is None or str.__eq__(self, other) is True


Undefined.register(_Falsy)


class _Empty(str):
    """A value that is missing or empty. Plain Liquid would call an empty string true."""

    def __liquid__(self) -> str:
        return _FALSY


_FALSY = _Falsy("")
_EMPTY = _Empty("")


class _Context(RenderContext):
    """Sees the fields, its own variables and nothing else, and keeps the budget."""

    def __init__(self, template: BoundTemplate, fields: Mapping[str, str]) -> None:
        super().__init__(template, globals=fields)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self.budget = _Budget()
        self.disabled_tags = self.budget
        self.fields = fields
        self._iterations = 0
        self._sizes: dict[str, int] = {}

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        self.budget.spend(1)
        if len(path) == 2:
            return self.fields.get(f"{path[0]}.{path[1]}") or _EMPTY
        value = self.scope.get(str(path[0]))
        return _EMPTY if value is None or value == "" else value

    def assign(self, key: str, val: Any) -> None:
        self._sizes[key] = len(val) if isinstance(val, str) else 1
        self.locals[key] = val
        self.budget.spend(1 + len(self._sizes) // 50)
        if sum(self._sizes.values()) > MAX_LOCALS:
            raise OverLimit("too much assigned")

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Count all rounds of all loops: Liquid itself counts only those nested in each other."""
        self._iterations += length
        if self._iterations > MAX_ITERATIONS:
            raise LoopIterationLimitError("loop iteration limit reached", token=None)


class _Parts(StringIO):
    """Where a rendering is written: values apart from the text around them."""

    def __init__(self) -> None:
        super().__init__()
        self._done: list[str] = []
        self._text: list[str] = []
        self._left = MAX_OUTPUT

    def write(self, text: str, /) -> int:
        self._take(len(text))
        self._text.append(text)
        return len(text)

    def write_value(self, value: str) -> int:
        self._take(len(value))
        self._done += ("".join(self._text), value)
        self._text.clear()
        return len(value)

    def parts(self) -> list[str]:
        return [*self._done, "".join(self._text)]

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise OverLimit("too much text")


def _write_value(node: OutputNode, context: RenderContext, buffer: TextIO) -> int:
    text = to_liquid_string(node.expression.evaluate(context), autoescape=False)
    return buffer.write_value(text) if isinstance(buffer, _Parts) else 0


class _ValueNode(OutputNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return _write_value(self, context, buffer)


class _EchoedNode(EchoNode):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return _write_value(self, context, buffer)


class _LimitedForNode(ForNode):
    """Liquid walks through a whole range for ``reversed`` and ``offset`` before it counts."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        rounds = self.expression.iterable.evaluate(context)
        if isinstance(rounds, range) and rounds.stop - rounds.start > MAX_ITERATIONS:
            raise OverLimit("too long a range")
        return super().render_to_output(context, buffer)


class _Output(Output):
    node_class = _ValueNode


class _Echo(EchoTag):
    node_class = _EchoedNode


class _For(ForTag):
    node_class = _LimitedForNode


class _LimitedEnvironment(Environment):
    context_depth_limit = 10
    block_nesting_limit = 10
    string_first_and_last = True


@lru_cache(maxsize=1)
def limited_environment() -> Environment:
    """The one environment in which users' templates are parsed."""
    environment = _LimitedEnvironment(autoescape=False)
    for tag in (_Output, _Echo, _For):
        environment.add_tag(tag)
    for name in set(environment.tags) - _ALLOWED_TAGS:
        del environment.tags[name]
    own = {"escape": _escape, "replace": _replace, "date": _date}
    environment.filters = {
        name: _limited(own.get(name, environment.filters[name])) for name in ALLOWED_FILTERS
    }
    return environment


def render_parts(template: BoundTemplate, fields: Mapping[str, str], seconds: float) -> list[str]:
    """Render to literal, value, literal, … Raises OverLimit, or Liquid's own errors."""
    parts = _Parts()
    with time_budget(seconds):
        template.render_with_context(_Context(template, fields), parts)
    return parts.parts()


def _limited(function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, with a fence around what goes in and what comes out."""
    wants_environment = getattr(function, "with_environment", False)

    def limited(left: object, *args: object, context: _Context, **kwargs: object) -> object:
        size = sum(map(_size, (left, *args, *kwargs.values())))
        if size > MAX_VALUE:
            raise OverLimit("too long for a filter")
        if wants_environment:
            kwargs["environment"] = context.env
        result = function(left, *args, **kwargs)
        size += _size(result)
        context.budget.spend(1 + size // 50)
        if size > MAX_RESULT:
            raise OverLimit("a filter's result is too long")
        return result

    limited.with_context = True  # type: ignore[attr-defined]
    return limited


def _size(value: object) -> int:
    if isinstance(value, str):
        return len(value)
    return value.bit_length() // 3 if isinstance(value, int) else 1


def _escape(value: object) -> object:
    """Changes nothing: every value is escaped for its place when it is written."""
    return value


def _replace(value: object, old: object = "", new: object = "") -> str:
    text, before, after = (str(item) if item is not None else "" for item in (value, old, new))
    grown = text.count(before) * len(after)
    if grown > MAX_RESULT:
        raise OverLimit("a replacement is too long")
    return text.replace(before, after)


def _date(value: object, layout: object = "%d.%m.%Y") -> str:
    """The date in this layout; what is no date as it stands."""
    if not isinstance(value, (str, int)) or not isinstance(layout, str):
        raise FilterArgumentError("date expects a date and a format", token=None)
    if len(str(value)) > MAX_DATE or len(layout) > MAX_DATE:
        raise FilterArgumentError("the date or its format is too long", token=None)
    if not _DATE_FORMAT.fullmatch(layout):
        raise FilterArgumentError("the date's format is unknown", token=None)
    now = value in ("now", "today")
    day = datetime.now() if now else date_of(value) if isinstance(value, str) else None
    return str(value) if day is None else _written(day, layout)


def _written(day: datetime, layout: str) -> str:
    """``%-d`` is a day without its zero on every system; Windows alone does not know it."""
    return _DIRECTIVE.sub(partial(_directive, day), layout)


def _directive(day: datetime, found: re.Match[str]) -> str:
    flag, letter = found.groups()
    try:
        text = day.strftime(f"%{letter}")
    except ValueError as error:
        raise FilterArgumentError("the date's format is unknown", token=None) from error
    if flag:
        text = text.lstrip("0") or "0"
    return text.rjust(2) if flag == "_" else text
