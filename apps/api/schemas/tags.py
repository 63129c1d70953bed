"""Tags."""

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import Given, Id, TagName


class TagIn(Given):
    """A tag is its name."""

    name: TagName = Field(examples=["vip"])


class TagMerge(Given):
    """The tag that the other one becomes."""

    into: Id = Field(description="The id of a tag of one's own.", examples=[2])


class TagOut(Schema):
    """A tag, and how many recipients have it."""

    id: int = Field(examples=[1])
    name: str = Field(examples=["vip"])
    recipients: int = Field(examples=[120])
