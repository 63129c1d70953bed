"""The brand: what letters take where they say nothing themselves."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import PARTIAL, Given, Id, Text
from apps.api.schemas.content.shapes import NetworkShape, ThemeShape

Theming = Annotated[dict[str, Any], ThemeShape]
Networking = Annotated[dict[str, Any], NetworkShape]


class BrandWordsShape(Given):
    """What the brand says in one more language; what is empty is said as in its own."""

    name: Text = Field("", max_length=200)
    company: Text = Field("", max_length=300)
    address: Text = Field("", max_length=300)
    reason: Text = Field("", max_length=300)
    unsubscribe: Text = Field("", max_length=120, description="In languages beside en and ru.")
    preferences: Text = Field("", max_length=120)
    view: Text = Field("", max_length=120)


class BrandChanges(Given):
    """Only what is to be changed; what is left out stays as it is."""

    model_config = PARTIAL

    name: Text = Field("", max_length=200, description="In the header.", examples=["Kofein"])
    logo: Id | None = Field(None, description="A picture of yours.", examples=[8])
    website: Text = Field("", max_length=2_000, examples=["https://example.com/"])
    company: Text = Field("", max_length=300, description="In the footer.", examples=["Kofein LLC"])
    address: Text = Field("", max_length=300, examples=["1 Garden Street, Tula"])
    reason: Text = Field("", max_length=300, description="Why recipients get messages.")
    networks: list[Networking] = Field([], max_length=10, description="Links of social networks.")
    theme: Theming = Field({}, description="Colors and fonts. What is left out is the default.")
    translations: dict[str, BrandWordsShape] = Field(
        {}, max_length=20, description="By language. What is left out of it is gone."
    )
    revision: int | None = Field(
        None,
        ge=0,
        le=2_147_483_647,
        description="The revision that you read: a newer one is then a conflict (409).",
        examples=[0],
    )


class BrandOut(Schema):
    """Your brand; `revision` is 0 before anything was saved."""

    name: str
    logo: int | None = Field(description="The picture's id.", alias="logo_id", examples=[8])
    website: str
    company: str
    address: str
    reason: str
    networks: list[Networking]
    theme: Theming
    translations: dict[str, BrandWordsShape]
    revision: int = Field(examples=[1])
    updated_at: datetime | None
