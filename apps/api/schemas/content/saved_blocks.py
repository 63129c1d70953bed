"""Saved blocks."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import PARTIAL, Given, Line, PageQuery, Text
from apps.api.schemas.content.shapes import SectionShape
from apps.api.schemas.recipients import Language
from apps.api.schemas.translations import TRANSLATIONS, Translations
from apps.core.content.translation import texts_of
from apps.mailings.models import SavedBlock

Sectional = Annotated[dict[str, Any], SectionShape]


class SavedBlockIn(Given):
    """A section under a name."""

    name: Line = Field(min_length=1, examples=["Contacts"])
    section: Sectional = Field(description="A section as in the `body` of a document.")
    language: Language = Field("", description="Of the words in it.", examples=["en"])
    translations: Translations = Field({}, max_length=20, description=TRANSLATIONS)


class SavedBlockChanges(Given):
    """Only what is to be changed; what is left out stays as it is."""

    model_config = PARTIAL

    name: Line = Field("", min_length=1, examples=["Contacts"])
    section: Sectional = Field({}, description="Shown by every message that is not launched yet.")
    language: Language = Field("", examples=["en"])
    translations: Translations = Field(
        {}, max_length=20, description=f"{TRANSLATIONS} What is left out of it is gone."
    )
    revision: int | None = Field(
        None,
        ge=1,
        le=2_147_483_647,
        description="The revision that you read: a newer one is then a conflict (409).",
        examples=[1],
    )


class SavedBlockOut(Schema):
    """A section that stands in messages as `{"type": "saved", "id": …, "block": <its id>}`."""

    id: int = Field(examples=[4])
    name: str
    section: Sectional
    language: str
    translations: dict[str, dict[str, str]]
    revision: int = Field(examples=[1])
    used: int = Field(description="How many messages have it.", examples=[7])
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_translations(block: SavedBlock) -> dict[str, dict[str, str]]:
        return texts_of(block.translations)

    @staticmethod
    def resolve_section(block: SavedBlock) -> dict[str, Any]:
        section: dict[str, Any] = block.document["body"][0]
        return section


class SavedBlockQuery(PageQuery):
    """Which saved blocks."""

    search: Text = Field("", max_length=200, description="A part of the name.")
