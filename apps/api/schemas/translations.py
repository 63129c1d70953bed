"""Translations of messages."""

from typing import Annotated, Final, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from apps.api.schemas.common import Given, Text
from apps.api.schemas.recipients import Language

Key = Annotated[Text, StringConstraints(min_length=1, max_length=80)]
Translated = Annotated[Text, StringConstraints(max_length=500_000)]


#: The texts of further languages, by their codes.
Translations = dict[Annotated[Language, Field(min_length=2)], dict[Key, Translated]]
TRANSLATIONS: Final = (
    "Texts by language and key; keys are `subject`, `preheader`, or `block.field` of a document."
)


class TranslationIn(Given):
    """Texts by key: `subject`, `preheader`, `text`, `html`, or `block.field` of a letter of blocks.

    The keys, and what stands there in the message, are in the answer of GET.
    """

    strings: dict[Key, Translated] = Field(
        max_length=2_000,
        description="An empty text is missing.",
        examples=[{"subject": "News for {{ full_name }}"}],
    )
    revision: int | None = Field(
        None,
        ge=1,
        le=2_147_483_647,
        description="The revision of the message that you read: a newer one is a conflict (409).",
        examples=[1],
    )


class TranslationHead(Schema):
    """A language of a message, and how complete it is."""

    language: str = Field(examples=["en"])
    total: int = Field(description="Texts of the message.", examples=[12])
    missing: int = Field(description="Somebody would read them in the message's own language.")
    stale: int = Field(description="The message has changed since they were translated.")


class StringOut(Schema):
    """One text of the message, and what there is of it in the language."""

    key: str = Field(examples=["subject"])
    kind: str = Field(
        description="`line`, `rich` (tags of a text block), `source` (a text or HTML), `html`,"
        " `link`, or `picture` (an id).",
        examples=["line"],
    )
    base: str = Field(description="As it stands in the message.")
    text: str
    state: Literal["missing", "stale", "done"]


class TranslationOut(TranslationHead):
    """The same with every text, in the order of reading."""

    revision: int = Field(description="Of the message.", examples=[1])
    strings: list[StringOut]
