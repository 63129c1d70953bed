"""Sign-up forms, what their versions showed, and the sign-ups."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from apps.api.schemas.common import Given, Id, Line, PageQuery, Text

Language = Annotated[str, StringConstraints(pattern=r"^(ru|en)$")]
Origin = Annotated[
    str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.:\[\]-]+$", max_length=200)
]
TextName = Literal["title", "intro", "button", "thanks", "subject", "email"]


class FieldIn(Given):
    """A field besides the address: `full_name`, or an attribute that people may change."""

    name: Line = Field(examples=["full_name"])
    required: bool = Field(False, examples=[False])


class SignupFormIn(Given):
    """What a form is made of. What it shows changes when it is published."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=120)] = Field(
        examples=["Coffee news"]
    )
    lists: list[Id] = Field(max_length=50, description="Public lists of one's own.", examples=[[1]])
    offered: Literal["fixed", "choice"] = Field("fixed", examples=["fixed"])
    fields: list[FieldIn] = Field([], max_length=50)
    texts: dict[Language, dict[TextName, Text]] = Field(
        description="By language; what is left out is said in usual words.", examples=[{"en": {}}]
    )
    consent_texts: list[Line] = Field(
        [], max_length=20, description="Short names of consent texts, a box each.", examples=[[]]
    )
    redirect_url: Annotated[str, StringConstraints(max_length=500)] = Field("", examples=[""])
    account: Line = Field("email", examples=["email"])
    sender_id: Id | None = Field(
        None,
        description="Who the confirmation emails are from: a confirmed sender of one's own, or a"
        " shared one. Null: the sending account.",
        examples=[None],
    )
    expires_hours: int = Field(72, ge=1, le=720, examples=[72])
    proof: Literal["off", "prefer", "require"] = Field("prefer", examples=["prefer"])
    disposable: Literal["refuse", "hold", "allow"] = Field("refuse", examples=["refuse"])
    check_mx: bool = Field(True, examples=[True])
    origins: list[Origin] = Field([], max_length=20, examples=[["https://example.org"]])


class SignupFigures(Schema):
    """`received` is the sum of the others."""

    received: int = Field(examples=[3])
    confirmed: int = Field(examples=[2])
    waiting: int = Field(examples=[1])
    held: int = Field(examples=[0])
    expired: int = Field(examples=[0])
    refused: int = Field(examples=[0])


class SignupFormOut(Schema):
    """A form as it is written, with its figures."""

    id: int = Field(examples=[1])
    url: str = Field(examples=["https://mail.example.org/f/abcdefghijkl/"])
    state: str = Field(examples=["live"])
    version: int | None = Field(description="The newest published one.", examples=[1])
    title: str
    lists: list[int]
    offered: str
    fields: list[dict[str, Any]]
    texts: dict[str, dict[str, str]]
    consent_texts: list[str]
    redirect_url: str
    account: str
    sender_id: int | None = Field(description="Null: emails are from the account.")
    expires_hours: int
    proof: str
    disposable: str
    check_mx: bool
    origins: list[str]
    counts: SignupFigures


class VersionOut(Schema):
    """All that a form showed from this version on. `sha256` is of the sorted compact JSON."""

    number: int = Field(examples=[1])
    shown: dict[str, Any]
    sha256: str
    created_at: datetime


class SignupOut(Schema):
    """A sign-up, and what has become of it."""

    id: int = Field(examples=[1])
    address: str = Field(examples=["anna@example.org"])
    recipient: int | None = Field(examples=[None])
    state: str = Field(examples=["waiting"])
    code: str = Field(description="Why it is held or refused.", examples=[""])
    version: int = Field(examples=[1])
    lists: list[int]
    language: str = Field(examples=["en"])
    page: str = Field(examples=["https://example.org/"])
    repeats: int = Field(examples=[0])
    received_at: datetime
    sent_at: datetime | None
    expires_at: datetime | None
    settled_at: datetime | None


class SignupQuery(PageQuery):
    """Which sign-ups."""

    state: Literal["waiting", "held", "confirmed", "expired", "refused"] | None = None


class SignupIds(Given):
    """Which held sign-ups."""

    ids: list[Id] = Field(min_length=1, max_length=200, examples=[[1]])
