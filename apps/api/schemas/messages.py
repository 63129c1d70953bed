"""Messages."""

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from apps.api.schemas.common import PARTIAL, Given, PageQuery, Text

Body = Annotated[Text, StringConstraints(max_length=500_000)]


class MessageIn(Given):
    """Content in the template language; `{{ full_name }}` becomes the recipient's name."""

    model_config = ConfigDict(str_strip_whitespace=False)

    subject: Text = Field(max_length=255, examples=["News for {{ full_name }}"])
    text: Body = Field("", examples=["Hello, {{ full_name }}!"])
    html: Body = Field("", examples=["<p>Hello, {{ full_name }}!</p>"])


class MessageReplacement(MessageIn):
    """The whole new content."""

    revision: int | None = Field(
        None,
        ge=1,
        le=2_147_483_647,
        description="The revision that you read: a newer one is then a conflict (409).",
        examples=[1],
    )


class MessageChanges(MessageReplacement):
    """Only what is to be changed; what is left out stays as it is."""

    model_config = PARTIAL

    subject: Text = Field("", max_length=255, examples=["News for {{ full_name }}"])


class AttachmentOut(Schema):
    """A file that goes out with the message."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["price.pdf"])
    content_type: str = Field(examples=["application/pdf"])
    size: int = Field(description="In bytes.", examples=[81_920])


class MessageOut(Schema):
    """A message as it is kept; every save of the content makes the next revision."""

    id: int = Field(examples=[5])
    subject: str
    text: str
    html: str
    revision: int = Field(examples=[1])
    attachments: list[AttachmentOut]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class MessageFilter(PageQuery):
    """Which messages."""

    search: Text = Field("", max_length=200, description="A part of the subject.")
