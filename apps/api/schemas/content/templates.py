"""Templates of messages."""

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import PARTIAL, Given, Line, PageQuery, Text
from apps.api.schemas.messages import Blocks
from apps.api.schemas.translations import TRANSLATIONS, Translations
from apps.core.content.translation import texts_of
from apps.mailings.models import MessageTemplate

Category = Literal["", "news", "shop", "relations", "notices"]


class TemplateIn(Given):
    """Content to begin messages with."""

    name: Line = Field(min_length=1, examples=["Our newsletter"])
    description: Line = Field("", examples=["Every Friday"])
    category: Category = Field("", examples=["news"])
    subject: Text = Field("", max_length=255)
    preheader: Text = Field("", max_length=255)
    language: Line = Field("", max_length=10, examples=["en"])
    document: Blocks = Field(description="The blocks, as in a message.")
    translations: Translations = Field({}, max_length=20, description=TRANSLATIONS)
    for_everybody: bool = Field(
        False, description="For all users; needs the right `mailings.publish_templates`."
    )


class TemplateChanges(Given):
    """Only what is to be changed; the content of a template stays as it is."""

    model_config = PARTIAL

    name: Line = Field("", min_length=1)
    description: Line = Field("")
    category: Category = Field("")


class TemplateOut(Schema):
    """A template: messages are begun with a copy of it, and do not follow it."""

    id: int = Field(examples=[3])
    name: str
    description: str
    category: str
    subject: str
    preheader: str
    language: str
    document: Blocks
    translations: dict[str, dict[str, str]]
    for_everybody: bool
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_translations(template: MessageTemplate) -> dict[str, dict[str, str]]:
        return texts_of(template.translations)

    @staticmethod
    def resolve_for_everybody(template: MessageTemplate) -> bool:
        return template.owner_id is None


class TemplateQuery(PageQuery):
    """Which templates."""

    search: Text = Field("", max_length=200, description="A part of the name or description.")
