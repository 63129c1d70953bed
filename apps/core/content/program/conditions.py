"""Conditions on one recipient, compiled once: fields and language by value, the rest by bits.

Two-valued, as in segments: a test of a value that is not there, or of another kind, is false, and
its negation true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from apps.core.content.program.values import Values
from apps.core.content.template_dates import date_of
from apps.core.content.template_language import TemplateRefused, TemplateSyntax
from apps.core.content.template_numbers import number_of
from apps.core.errors import gettext_noop

Test = Callable[[Values], bool]
#: A tag or a segment: its kind and its id.
Asked = tuple[str, int]

#: A bigint has 63 bits beside its sign; one stays free.
MOST_ASKED: Final = 62
MOST_RULES: Final = 10
FIELD, TAG, SEGMENT, LANGUAGE = "field", "tag", "segment", "language"
_OF_ROWS: Final = (TAG, SEGMENT)


class ConditionsTooMany(TemplateRefused):
    """The conditions of one letter ask for more tags and segments than a delivery can keep."""

    code = "conditions_too_many"


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition. ``name``: of a field; ``id``: of a tag or a segment."""

    kind: str
    op: str
    name: str = ""
    id: int = 0
    value: str = ""

    @property
    def asked(self) -> Asked | None:
        """The tag or segment that is asked about."""
        return (self.kind, self.id) if self.kind in _OF_ROWS else None


@dataclass(frozen=True, slots=True)
class Condition:
    """All of its rules, or any of them."""

    rules: tuple[Rule, ...]
    any: bool = False

    @classmethod
    def from_json(cls, kept: Any) -> Condition:
        """Read what a document or a run keeps. Raises TemplateSyntax."""
        try:
            rules = tuple(_rule(one) for one in kept["rules"])
            match = kept.get("match", "all")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise unreadable() from error
        if not 0 < len(rules) <= MOST_RULES or match not in ("all", "any"):
            raise unreadable()
        return cls(rules, match == "any")

    def test(self, bits: Mapping[Asked, int]) -> Test:
        """The condition as a function. ``bits``: which bit is which tag or segment."""
        tests = [_test(rule, bits) for rule in self.rules]
        if len(tests) == 1:
            return tests[0]
        if self.any:
            return lambda values: any(test(values) for test in tests)
        return lambda values: all(test(values) for test in tests)


def unreadable() -> TemplateSyntax:
    """What is said of a stored program that nothing of ours has written."""
    return TemplateSyntax(gettext_noop("it cannot be understood."))


def asked_by(conditions: Iterable[Condition]) -> tuple[Asked, ...]:
    """The tags and segments that these ask about, in the order of their bits.

    Raises ConditionsTooMany.
    """
    found = (rule.asked for condition in conditions for rule in condition.rules)
    asked = tuple(dict.fromkeys(one for one in found if one is not None))
    if len(asked) > MOST_ASKED:
        text = gettext_noop(
            "its conditions ask for %(count)d tags and segments; %(limit)d is the most."
        )
        raise ConditionsTooMany(text, count=len(asked), limit=MOST_ASKED)
    return asked


def bits_of(asked: Sequence[Asked]) -> dict[Asked, int]:
    """The value of each one's bit."""
    return {one: 1 << at for at, one in enumerate(asked)}


def can_ask(kind: str, op: str) -> bool:
    """True if a condition of this kind has this comparison."""
    return op in _OPS.get(kind, ())


def _rule(kept: Mapping[str, Any]) -> Rule:
    kind, op, row = kept["kind"], kept.get("op", "is"), kept.get("id")
    if not can_ask(kind, op) or (kind in _OF_ROWS) != (type(row) is int):
        raise ValueError
    name, value = kept.get("name", ""), kept.get("value", "")
    if not isinstance(name, str) or not isinstance(value, str) or (kind == FIELD and not name):
        raise ValueError
    return Rule(kind, op, name, row or 0, value)


def _test(rule: Rule, bits: Mapping[Asked, int]) -> Test:
    if rule.asked is not None:
        bit = bits.get(rule.asked, 0)
        if rule.op == "is":
            return lambda values: values.bits & bit != 0
        return lambda values: values.bits & bit == 0
    if rule.kind == LANGUAGE:
        if rule.op in ("is", "is_not"):
            return _language(rule.value, negated=rule.op == "is_not")
        return _FIELD[rule.op](LANGUAGE, "")
    return _FIELD[rule.op](rule.name, rule.value)


def _language(wanted: str, *, negated: bool) -> Test:
    """``ru`` is also ``ru-RU``."""
    wanted = wanted.strip().lower()

    def test(values: Values) -> bool:
        found = values.get("language", "").lower()
        return (found == wanted or found.partition("-")[0] == wanted) is not negated

    return test


def _is(name: str, wanted: str) -> Test:
    number = _amount(wanted)
    if number is None:
        return lambda values: values.get(name, "") == wanted

    def test(values: Values) -> bool:
        found = values.get(name, "")
        return found == wanted or _amount(found) == number

    return test


def _amount(text: str) -> Decimal | None:
    """The number, unless it is a code that begins with a nought."""
    code = text[:1] == "0" and text[1:2].isdigit()
    return None if code else number_of(text)


def _is_not(name: str, wanted: str) -> Test:
    test = _is(name, wanted)
    return lambda values: not test(values)


def _contains(name: str, wanted: str) -> Test:
    wanted = wanted.casefold()
    return lambda values: bool(values.get(name)) and wanted in values[name].casefold()


def _empty(name: str, _wanted: str) -> Test:
    return lambda values: not values.get(name)


def _not_empty(name: str, _wanted: str) -> Test:
    return lambda values: bool(values.get(name))


def _more(name: str, wanted: str) -> Test:
    limit = number_of(wanted)

    def test(values: Values) -> bool:
        found = number_of(values.get(name, ""))
        return found is not None and limit is not None and found > limit

    return test


def _less(name: str, wanted: str) -> Test:
    limit = number_of(wanted)

    def test(values: Values) -> bool:
        found = number_of(values.get(name, ""))
        return found is not None and limit is not None and found < limit

    return test


def _before(name: str, wanted: str) -> Test:
    limit = _day(wanted)

    def test(values: Values) -> bool:
        found = _day(values.get(name, ""))
        return found is not None and limit is not None and found < limit

    return test


def _after(name: str, wanted: str) -> Test:
    """On that day or after, as in segments."""
    limit = _day(wanted)

    def test(values: Values) -> bool:
        found = _day(values.get(name, ""))
        return found is not None and limit is not None and found >= limit

    return test


def _day(text: str) -> date | None:
    found = date_of(text)
    return found.date() if found is not None else None


_FIELD: Final[Mapping[str, Callable[[str, str], Test]]] = {
    "is": _is,
    "is_not": _is_not,
    "contains": _contains,
    "empty": _empty,
    "not_empty": _not_empty,
    "more": _more,
    "less": _less,
    "before": _before,
    "after": _after,
}
#: What each kind can be asked by.
_OPS: Final[Mapping[str, tuple[str, ...]]] = {
    FIELD: tuple(_FIELD),
    TAG: ("is", "is_not"),
    SEGMENT: ("is", "is_not"),
    LANGUAGE: ("is", "is_not", "empty", "not_empty"),
}
