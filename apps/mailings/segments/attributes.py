"""Tests of attributes: values in a JSON object, in the SQL of either database.

A value of another kind than the attribute's is as good as none. PostgreSQL compares JSON values by
kind first, so ranges are bounded on both sides; SQLite reads true as 1 and has to be asked for the
kind beside the value.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func
from django.db.models.sql.compiler import SQLCompiler

from apps.mailings.segments.ground import Ground
from apps.mailings.segments.tree import Condition

_LITE_TYPES: Final = {
    "text": "('text')",
    "choice": "('text')",
    "date": "('text')",
    "number": "('integer', 'real')",
    "bool": "('true', 'false')",
}
_PG_TYPES: Final = {
    "text": "string",
    "choice": "string",
    "date": "string",
    "number": "number",
    "bool": "boolean",
}
_PG_DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_LITE_DAY: Final = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
#: Less and more than every value of the kind.
_ENDS: Final = {"number": (-1e300, 1e300), "date": ("0000-00-00", "9999-99-99")}


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL in which ``{c}`` is the column, with its parameters."""

    sql: str
    params: tuple[Any, ...] = ()

    def __and__(self, other: Sql) -> Sql:
        return Sql(f"({self.sql} AND {other.sql})", (*self.params, *other.params))


class JsonTest(Func):
    """A test of attributes, in the SQL of each database.

    ``whole``: never NULL; only a negation needs that, and it hides the test from an index.
    ``pairs``: the attributes and the values that they are to have, if that is all of the test.
    """

    output_field = BooleanField()
    conditional = True

    def __init__(
        self,
        pg: Sql,
        lite: Sql,
        *,
        whole: bool = False,
        pairs: tuple[tuple[str, Any], ...] = (),
        column: str = "attributes",
    ) -> None:
        super().__init__(F(column))
        self.pg, self.lite, self.whole, self.pairs = pg, lite, whole, pairs

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_extra: Any
    ) -> tuple[str, list[Any]]:
        column, _params = compiler.compile(self.source_expressions[0])
        on_postgresql = connection.vendor == "postgresql"
        asked = self.pg if on_postgresql else self.lite
        sql = asked.sql
        if self.whole:
            sql = f"COALESCE({sql}, {'false' if on_postgresql else 0})"
        return sql.replace("{c}", column), list(asked.params)


def attribute(asked: Condition, kind: str, ground: Ground, *, whole: bool) -> JsonTest:
    """The test of one attribute of this kind."""
    name, op, value = asked.name, asked.op, asked.value
    if op in ("is", "in"):
        return _equal(name, kind, value if op == "in" else [value], ground, whole)
    if op == "known":
        return _known(name, kind, whole)
    if op == "anniversary":
        return _anniversary(name, _year_ends(ground, value), whole)
    if op == "starts":
        pattern = f"{_escaped(value)}%"
        lite = Sql("substr(json_extract({c}, %s), 1, %s) = %s", (_path(name), len(value), value))
        return _text(name, Sql("({c} ->> %s) LIKE %s", (name, pattern)), lite, whole)
    if op == "contains":
        pattern = f"%{_escaped(value)}%"
        # SQLite's LIKE knows the case of Latin letters only; its REGEXP is Python's.
        found = Sql("json_extract({c}, %s) REGEXP %s", (_path(name), f"(?i){re.escape(value)}"))
        return _text(name, Sql("({c} ->> %s) ILIKE %s", (name, pattern)), found, whole)
    return _range(name, kind, *_bounds(op, value, ground), whole)


def together(tests: list[JsonTest]) -> JsonTest:
    """Several tests of equality as one: the index of all attributes intersects them."""
    pairs = tuple(pair for test in tests for pair in test.pairs)
    lite = tests[0].lite
    for test in tests[1:]:
        lite = lite & test.lite
    return JsonTest(_contains(dict(pairs)), lite, pairs=pairs)


def _equal(name: str, kind: str, values: list[Any], ground: Ground, whole: bool) -> JsonTest:
    plain = [int(one) if isinstance(one, bool) else one for one in values]
    lite = _of_kind(name, kind) & Sql(
        "json_extract({c}, %s) IN (SELECT value FROM json_each(%s))",
        (_path(name), json.dumps(plain)),
    )
    if name in ground.indexed:
        each = Sql("{c} -> %s = ANY(%s::jsonb[])", (name, [_json(one) for one in values]))
        return JsonTest(each, lite, whole=whole)
    if len(values) == 1:
        pairs = ((name, values[0]),)
        return JsonTest(_contains(dict(pairs)), lite, whole=whole, pairs=pairs)
    objects = [_json({name: one}) for one in values]
    return JsonTest(Sql("{c} @> ANY(%s::jsonb[])", (objects,)), lite, whole=whole)


def _contains(pairs: dict[str, Any]) -> Sql:
    return Sql("{c} @> %s::jsonb", (_json(pairs),))


def _known(name: str, kind: str, whole: bool) -> JsonTest:
    if kind == "date":
        return _range(name, kind, *_ENDS["date"], whole)
    pg = Sql("jsonb_typeof({c} -> %s) = %s", (name, _PG_TYPES[kind]))
    lite = _of_kind(name, kind)
    if kind in ("text", "choice"):
        pg &= Sql("{c} ->> %s <> ''", (name,))
        lite &= Sql("json_extract({c}, %s) <> ''", (_path(name),))
    return JsonTest(pg, lite, whole=whole)


def _text(name: str, pg: Sql, lite: Sql, whole: bool) -> JsonTest:
    return JsonTest(
        Sql("jsonb_typeof({c} -> %s) = 'string'", (name,)) & pg,
        _of_kind(name, "text") & lite,
        whole=whole,
    )


def _range(name: str, kind: str, low: Any, high: Any, whole: bool) -> JsonTest:
    ends = (_json(low), _json(high))
    pg = Sql("{c} -> %s >= %s::jsonb", (name, ends[0])) & Sql(
        "{c} -> %s <= %s::jsonb", (name, ends[1])
    )
    lite = _of_kind(name, kind) & Sql(
        "json_extract({c}, %s) BETWEEN json_extract(%s, '$') AND json_extract(%s, '$')",
        (_path(name), *ends),
    )
    if kind == "date":
        pg, lite = pg & _pg_day(name), lite & _lite_day(name)
    return JsonTest(pg, lite, whole=whole)


def _anniversary(name: str, ends: list[str], whole: bool) -> JsonTest:
    pg = Sql("right({c} ->> %s, 6) = ANY(%s)", (name, ends)) & _pg_day(name)
    found = "substr(json_extract({c}, %s), -6) IN (SELECT value FROM json_each(%s))"
    lite = _of_kind(name, "date") & Sql(found, (_path(name), _json(ends)))
    return JsonTest(pg, lite & _lite_day(name), whole=whole)


def _of_kind(name: str, kind: str) -> Sql:
    return Sql(f"json_type({{c}}, %s) IN {_LITE_TYPES[kind]}", (_path(name),))


def _pg_day(name: str) -> Sql:
    return Sql("({c} ->> %s) ~ %s", (name, _PG_DAY))


def _lite_day(name: str) -> Sql:
    return Sql("json_extract({c}, %s) GLOB %s", (_path(name), _LITE_DAY))


def _bounds(op: str, value: Any, ground: Ground) -> tuple[Any, Any]:
    """The smallest and the largest value that pass; days are written so that they compare."""
    if op == "between":
        return value[0], value[1]
    if op in ("last", "next"):
        today = ground.today
        days = timedelta(days=value)
        ends = (today - days, today) if op == "last" else (today, today + days)
        return ends[0].isoformat(), ends[1].isoformat()
    if op == "before":  # "2026-11-30" with less than a day at its end comes before every such day
        return _ENDS["date"][0], f"{value[:8]}{int(value[8:]) - 1:02}"
    if op == "after":
        return value, _ENDS["date"][1]
    low, high = _ENDS["number"]
    return (value, high) if op == "at_least" else (low, value)


def _year_ends(ground: Ground, days: int) -> list[str]:
    return [f"-{month:02}-{day:02}" for month, day in anniversaries(ground, days)]


def anniversaries(ground: Ground, days: int) -> list[tuple[int, int]]:
    """The months and days that are celebrated in so many days.

    29 February is kept on the 28th in other years.
    """
    day = ground.today + timedelta(days=days)
    found = [(day.month, day.day)]
    if found == [(2, 28)] and not _is_leap(day.year):
        found.append((2, 29))
    return found


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _path(name: str) -> str:
    # SQLite compares keys as they are written, and Django writes them in ASCII.
    return f"$.{json.dumps(name)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
