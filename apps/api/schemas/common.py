"""What all routes share: the shape of an error, of a page of a list, and the plain types."""

from typing import Annotated, Any, Generic, TypeVar

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

Item = TypeVar("Item")

#: Any text that a database can hold: PostgreSQL has no NUL.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$", max_length=200)]
#: The largest number a row can have.
Id = Annotated[int, Field(ge=1, le=9_223_372_036_854_775_807)]


class Given(Schema):
    """What a caller sends: a field that is not known is an error, not silence."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


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


_WORDS = {
    400: "The body cannot be read.",
    401: "Without a valid token.",
    403: "Not with this token, or not one's own object.",
    404: "There is no such object, or it is somebody else's.",
    409: "Not in this state, or not now; nothing was changed.",
    413: "The body is too large.",
    422: "Something in it is wrong; `errors` tells what.",
    429: "Too many calls; `Retry-After` tells how many seconds to wait.",
    500: "An error of the server. It has been logged.",
}


def answers(good: dict[int, Any], *problems: int) -> dict[int, Any]:
    """The answers of a route for ``response=``: the good ones, these, and those of every route."""
    return good | {status: Problem for status in sorted({401, 403, 422, 429, 500, *problems})}
