"""Messages."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue

from apps.api.schemas.common import PARTIAL, Given, Line, PageQuery, Text
from apps.core.content.blocks.document import Document

Body = Annotated[Text, StringConstraints(max_length=500_000)]


class _DocumentShape:
    """Describes a document in OpenAPI. It is judged by the message, which may lift an older one."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: Any, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(Document.__pydantic_core_schema__)


Blocks = Annotated[dict[str, Any], _DocumentShape]


class MessageIn(Given):
    """Content in the template language; `{{ full_name }}` becomes the recipient's name."""

    model_config = ConfigDict(str_strip_whitespace=False)

    subject: Text = Field(max_length=255, examples=["News for {{ full_name }}"])
    text: Body = Field("", examples=["Hello, {{ full_name }}!"])
    html: Body = Field("", examples=["<p>Hello, {{ full_name }}!</p>"])
    name: Line = Field("", description="For you alone; the subject when it is empty.")
    preheader: Text = Field("", max_length=255, description="Shown beside the subject.")
    language: Line = Field("", max_length=40, description="Of the words in it.", examples=["ru"])
    document: Blocks | None = Field(
        None, description="The blocks of a letter, instead of HTML; unknown fields are refused."
    )


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
    name: str
    subject: str
    preheader: str
    language: str
    form: Literal["text", "html", "blocks"] = Field(
        description="Follows from what is there: blocks with a document, html with HTML."
    )
    text: str
    html: str
    document: Blocks | None
    revision: int = Field(examples=[1])
    attachments: list[AttachmentOut]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime


class MessageFilter(PageQuery):
    """Which messages."""

    search: Text = Field("", max_length=200, description="A part of the subject.")
