"""The kinds of values that conditions take, and how each is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError

from apps.core.text.storable import is_storable

#: The most values of one condition, and characters of one value.
MOST_VALUES: Final = 1000
LONGEST_VALUE: Final = 200
_MOST_DAYS: Final = 3660
#: Whole numbers beyond it are no longer exact where they meet fractions.
_LARGEST: Final = 1e15
_LARGEST_ID: Final = 2**63 - 1


class Shape(StrEnum):
    """What stands in ``value``."""

    NOTHING = "nothing"
    TEXT = "text"
    TEXTS = "texts"
    NUMBER = "number"
    NUMBERS = "numbers"
    NUMBER_RANGE = "number_range"
    DAY = "day"
    DAY_RANGE = "day_range"
    DAYS = "days"
    FLAG = "flag"
    ROWS = "rows"  # ids of lists, tags, imports, wordings
    CHOICE = "choice"  # of a closed set
    CHOICES = "choices"
    REACTION = "reaction"  # has no value, but mailings or days


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("not a text")
    return text


def _day(text: str) -> str:
    """A day as it is written in JSON, and in no other way that Python reads."""
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("not a day")
    return text


def _in_order(pair: list[Any]) -> list[Any]:
    if pair[0] > pair[1]:
        raise ValueError("the first is greater than the second")
    return pair


_Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_VALUE),
    AfterValidator(_storable),
]
_Day = Annotated[str, StringConstraints(max_length=10), AfterValidator(_day)]
_Number = (
    Annotated[int, Field(ge=-_LARGEST, le=_LARGEST, strict=True)]
    | Annotated[float, Field(ge=-_LARGEST, le=_LARGEST, strict=True, allow_inf_nan=False)]
)
_Id = Annotated[int, Field(ge=1, le=_LARGEST_ID)]
_some = Field(min_length=1, max_length=MOST_VALUES)
_pair = Field(min_length=2, max_length=2)

_ADAPTERS: Final[Mapping[Shape, TypeAdapter[Any]]] = MappingProxyType(
    {
        Shape.NOTHING: TypeAdapter(None),
        Shape.REACTION: TypeAdapter(None),
        Shape.TEXT: TypeAdapter(_Text),
        Shape.CHOICE: TypeAdapter(_Text),
        Shape.TEXTS: TypeAdapter(Annotated[list[_Text], _some]),
        Shape.CHOICES: TypeAdapter(Annotated[list[_Text], _some]),
        Shape.NUMBER: TypeAdapter(_Number),
        Shape.NUMBERS: TypeAdapter(Annotated[list[_Number], _some]),
        Shape.NUMBER_RANGE: TypeAdapter(Annotated[list[_Number], _pair, AfterValidator(_in_order)]),
        Shape.DAY: TypeAdapter(_Day),
        Shape.DAY_RANGE: TypeAdapter(Annotated[list[_Day], _pair, AfterValidator(_in_order)]),
        Shape.DAYS: TypeAdapter(Annotated[int, Field(ge=0, le=_MOST_DAYS)]),
        Shape.FLAG: TypeAdapter(bool),
        Shape.ROWS: TypeAdapter(Annotated[list[_Id], _some]),
    }
)


def is_of(shape: Shape, value: Any) -> bool:
    """True if the value can stand in a condition of this shape."""
    try:
        _ADAPTERS[shape].validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def each(change: Callable[[str], str | None], value: Any) -> Any:
    """The text, or each of the texts, in another form; None where there is none."""
    if isinstance(value, list):
        changed = [change(one) for one in value]
        return None if None in changed else list(dict.fromkeys(changed))
    return change(value)
