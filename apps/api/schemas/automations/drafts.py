"""Starting points, and one recipient played through a draft."""

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import Given, Moment, Text


class StartingPointOut(Schema):
    """A draft that can be begun with."""

    slug: str = Field(examples=["welcome"])
    title: str = Field(examples=["Welcome series"])
    description: str


class StartingPointIn(Given):
    """In which language its messages are."""

    language: Literal["en", "ru"] = Field("en", examples=["en"])


class TrialQuery(Schema):
    """Whom to play through the draft, from when on, and what is assumed of them."""

    address: Text = Field(min_length=1, max_length=254, examples=["anna@example.org"])
    start: Moment = Field(examples=["2030-01-31T18:00:00+03:00"])
    reaction: Literal["nothing", "opens", "clicks"] = Field(
        "nothing", description="What the recipient does with each message."
    )


class PlayedOut(Schema):
    """What would happen at one step."""

    at: datetime
    step: str = Field(
        description="Its key; empty: the end.", examples=["welcome"], validation_alias="key"
    )
    reason: str = Field(description="What happens, in words.", examples=["Would be sent"])
    until: datetime | None = Field(description="It waits until then.")
    message: int | None = Field(description="What would be sent.")
    over: bool = Field(description="It ends here.")
    fails: bool
