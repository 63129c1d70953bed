"""Feeds of mailings."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from apps.api.schemas.common import Given

Address = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s\x00-\x1f\x7f]+$", max_length=2000)
]


class FeedIn(Given):
    """The address whose new items are the content of a repeated mailing."""

    url: Address = Field(examples=["https://example.com/feed.xml"])
    limit: int = Field(10, ge=1, le=50, description="Items in a message, at most.")
    at_least: int = Field(
        1, ge=1, le=50, description="With fewer new items nothing is sent. Not above `limit`."
    )
    begin_with: int = Field(
        3, ge=0, le=10, description="Items that are older count as sent when the feed begins."
    )
    order: Literal["newest", "oldest"] = "newest"


class FeedItemOut(Schema):
    """One item of a feed. `run`: the number of the run that sent it; null while it waits."""

    id: int = Field(examples=[41])
    title: str
    link: str
    summary: str
    author: str
    published_at: datetime | None
    found_at: datetime
    run: int | None


class FeedFailure(Schema):
    """Why the feed could not be read the last time."""

    code: str = Field(examples=["feed_unreachable"])
    text: str = Field(examples=["The feed's address answers: 503."])


class FeedOut(Schema):
    """The feed of a mailing as it stands."""

    url: str = Field(examples=["https://example.com/feed.xml"])
    moved_to: str = Field(description="Where it has moved for good; empty: nowhere.")
    title: str
    limit: int
    at_least: int
    begin_with: int
    order: str
    read_at: datetime | None = Field(description="Null: it has not been read yet.")
    next_at: datetime | None = Field(description="When it is read next, if that is known.")
    failure: FeedFailure | None
    waiting: int = Field(description="Items that were not sent yet.", examples=[4])
    next_items: list[FeedItemOut] = Field(description="What the next message has, in its order.")


class Offered(Given):
    """Which run's items wait again."""

    run: int = Field(ge=1, le=2_147_483_647, description="Its number.", examples=[3])
