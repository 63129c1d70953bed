"""Messages."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import (
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    TypeAdapter,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue

from apps.api.schemas.common import PARTIAL, Given, Line, PageQuery, Text
from apps.core.content.blocks.document import Document

#: A field, as it stands in a placeholder; `-` or nothing.
TagTarget = Annotated[str, StringConstraints(pattern=r"^(?:-|[^\W\d_][\w.-]{0,119})?$")]
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


class ConversionIn(Given):
    """What is asked of a conversion."""

    dry_run: bool = Field(False, description="Save nothing: show what would become of it.")
    revision: int | None = Field(
        None,
        ge=1,
        le=2_147_483_647,
        description="The revision that you read: a newer one is then a conflict (409).",
    )


class ConversionOut(Schema):
    """What became of a message. For HTML made of blocks the counts are 0."""

    blocks: int = Field(description="Blocks that were made.", examples=[12])
    kept_as_html: int = Field(description="Those of them that are HTML as it was.", examples=[2])
    left_out: dict[str, int] = Field(
        description="What was left out: `hidden` parts, `pixel` (images that nobody sees),"
        " `picture` (images without a web address).",
        examples=[{"pixel": 1}],
    )
    message: MessageOut


class LetterIn(Schema):
    """How a letter of another tool is read. Sent as fields of a form, beside the file."""

    form: Literal["blocks", "html"] = "blocks"
    fetch_pictures: bool = Field(False, description="Fetch pictures of other sites, too.")
    tags: Text = Field(
        "",
        max_length=50_000,
        description="A JSON object: the name of one of your fields for a tag of the other tool; `-`"
        " removes the tag, an empty name leaves it as it is.",
        examples=['{"*|FNAME|*": "full_name"}'],
    )

    @field_validator("tags")
    @classmethod
    def _names(cls, value: str) -> str:
        if value:
            try:
                TypeAdapter(dict[str, TagTarget]).validate_json(value)
            except ValueError as error:
                raise ValueError("write a JSON object of names") from error
        return value

    def choices(self) -> dict[str, str]:
        """The names by their tags."""
        return TypeAdapter(dict[str, str]).validate_json(self.tags) if self.tags else {}


class MergeTagOut(Schema):
    """A tag of the other tool, and what it is proposed to become, as `tags` takes it."""

    source: str = Field(examples=["*|FNAME|*"])
    count: int = Field(examples=[2])
    proposal: str = Field(examples=["full_name"])


class ImportedOut(Schema):
    """Content for a message, and what is said of the letter that it was."""

    subject: str
    preheader: str
    language: str
    form: Literal["html", "blocks"]
    text: str
    html: str
    document: Blocks | None
    blocks: int = Field(examples=[12])
    kept_as_html: int = Field(examples=[2])
    left_out: dict[str, int] = Field(examples=[{"scripts": 1, "styles": 2}])
    tags: list[MergeTagOut]
    remote_pictures: list[str] = Field(description="Pictures of other sites.")
    missing_pictures: list[str] = Field(description="Pictures that did not come with it.")
    refused_pictures: dict[str, str] = Field(description="Why a picture was not taken.")


class MessageFilter(PageQuery):
    """Which messages."""

    search: Text = Field("", max_length=200, description="A part of the subject.")
