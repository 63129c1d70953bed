"""Segments and custom fields."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import Given, Line, Text

_TREE = {
    "version": 1,
    "root": {"all": [{"field": "list", "op": "subscribed", "value": [5]}]},
}


class SegmentIn(Given):
    """A name, and the conditions as a tree: see docs/segments.md."""

    name: Annotated[Line, Field(min_length=1, max_length=120)] = Field(examples=["From Kazan"])
    tree: dict[str, Any] = Field(examples=[_TREE])


class SegmentChanges(Given):
    """Only what is to be changed."""

    name: Annotated[Line, Field(min_length=1, max_length=120)] | None = None
    tree: dict[str, Any] | None = None


class SegmentOut(Schema):
    """A segment; ``counted`` is how many there were at ``counted_at``."""

    id: int = Field(examples=[3])
    name: str
    tree: dict[str, Any]
    sentence: str = Field(examples=["subscribed to “News”"])
    counted: int | None
    counted_at: datetime | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SegmentCount(Schema):
    """How many meet the conditions."""

    count: int = Field(examples=[412300])
    exact: bool = Field(description="False: estimated from a sample.")
    as_of: datetime = Field(description="Up to when messages and reactions are known.")
    cannot_know: int | None = Field(
        description="Those of whom nobody can know whether they opened or clicked. Null: the"
        " segment asks nobody for not having opened or clicked, or the count is an estimate."
    )


class ExplainQuery(Schema):
    """About whom."""

    address: Text = Field(min_length=1, max_length=254, examples=["anna@example.org"])


class SegmentAnswer(Schema):
    """One node of the tree and its answer for the person."""

    path: str = Field(examples=["root.all[0]"])
    sentence: str
    answer: bool


class SegmentExplained(Schema):
    """Is the person a member, and why."""

    recipient: int
    member: bool
    answers: list[SegmentAnswer]


class AttributeIn(Given):
    """A custom field: its name in templates and its kind."""

    name: str = Field(pattern=r"^[^\W\d]\w{0,49}$", examples=["age"])
    label: Line = ""
    kind: Literal["text", "number", "date", "bool", "choice"] = "text"
    choices: list[Annotated[Line, Field(min_length=1)]] = Field([], max_length=1000)
    public: bool = False
    position: int = Field(0, ge=0, le=10_000)


class AttributeOut(Schema):
    """A custom field. ``reading``: a change of kind is under way."""

    id: int = Field(examples=[1])
    name: str
    label: str
    kind: str
    choices: list[str]
    public: bool
    position: int
    misfits: int
    reading: bool
    archived_at: datetime | None
