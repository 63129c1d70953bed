"""What all routes share: the shape of an error, of a page of a list, and the plain types."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

from ninja import Schema
from pydantic import (
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

Item = TypeVar("Item")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}")

#: Any text that a database can hold: PostgreSQL has no NUL.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
#: The largest number a row can have.
Id = Annotated[int, Field(ge=1, le=9_223_372_036_854_775_807)]


def _read_moment(given: Any) -> Any:
    """Text alone: seconds since 1970 are no moment that a person would recognise in a log.

    The ends of the calendar are refused, for they have no neighbours in other time zones.
    """
    if not isinstance(given, str) or not _MOMENT.match(given):
        raise ValueError("write a moment such as 2030-01-31T18:00:00+03:00")
    moment = datetime.fromisoformat(given.upper())
    if not 1970 <= moment.year <= 2999:
        raise ValueError("write a moment between 1970 and 2999")
    return moment


#: With its offset or Z: a moment without one means nothing to a program in another zone.
Moment = Annotated[AwareDatetime, BeforeValidator(_read_moment)]
TagName = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f,|]+$")
]
OperatorCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")]


def _without_defaults(schema: dict[str, Any]) -> None:
    for described in schema.get("properties", {}).values():
        described.pop("default", None)


#: For what PATCH takes: nothing has a default, for what is left out stays as it is.
PARTIAL: Final = ConfigDict(json_schema_extra=_without_defaults)


class Given(Schema):
    """What a caller sends. JSON has types: a field of another one, or not known, is an error."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=True)


class FieldProblem(Schema):
    """One field that is wrong. ``field`` is its path, such as ``items.3.email``."""

    field: str = Field(examples=["email"])
    code: str = Field(examples=["invalid"])
    detail: str = Field(examples=["Enter a valid email address."])


class Problem(Schema):
    """Every answer that is no success. ``code`` is stable (docs/errors.md), the words are not."""

    code: str = Field(examples=["not_found"])
    detail: str = Field(examples=["There is no such object."])
    errors: list[FieldProblem] = Field(
        default=[], description="The fields that are wrong; only with 422."
    )


class Page(Schema, Generic[Item]):
    """A part of a list, and the way to the next one."""

    items: list[Item]
    count: int = Field(description="How many there are in all.", examples=[1])
    count_is_estimate: bool = Field(
        description="True above 10 000, when the database only estimates.", examples=[False]
    )
    next: str | None = Field(
        description="Give it as `cursor` to get the next page; null on the last one.",
        examples=[None],
    )


class PageQuery(Schema):
    """Which part of a list."""

    limit: int = Field(100, ge=1, le=500, description="How many items a page has.")
    cursor: str | None = Field(
        None, max_length=100, description="`next` of the page before; none for the first page."
    )


class Removed(Schema):
    """What became of what was to be removed: gone, or kept in the archive with its history."""

    deleted: int = Field(examples=[1])
    archived: int = Field(examples=[0])


class Counted(Schema):
    """How many it concerned."""

    count: int = Field(examples=[3])


def answers(good: dict[int, Any], *problems: int) -> dict[int, Any]:
    """The answers of a route for ``response=``: the good ones, these, and those of every route.

    A problem is an exception's answer, never a value that a route returns: what it looks like is
    said once for all of them (docs.complete), or every route would have eight classes of its own.
    """
    return good | dict.fromkeys(sorted({401, 403, 422, 429, 500, *problems}))
