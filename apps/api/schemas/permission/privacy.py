"""Erasures and copies of what is kept of a person."""

from datetime import datetime

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import Given, Line


class ErasureRefusal(Given):
    """Why somebody is not erased."""

    reason: Line = Field(description="It is shown to the person.", examples=["An invoice is open."])


class ErasureOut(Schema):
    """An erasure: when it was asked for, and what became of it."""

    id: int = Field(examples=[12])
    recipient: int | None = Field(alias="recipient_id", examples=[345])
    state: str = Field(description="waiting, done or refused.", examples=["waiting"])
    by: str = Field(description="person, owner, manager, api or command.", examples=["api"])
    asked_at: datetime = Field(alias="created_at")
    confirmed_at: datetime | None
    erase_at: datetime = Field(description="It is carried out from then on.")
    due_at: datetime = Field(description="The law's own limit.")
    ended_at: datetime | None
    refusal: str = Field(examples=[""])
    certificate: list[str] = Field(description="What was erased, a line each.", examples=[[]])
    seal: str = Field(description="The keyed sum under the certificate.", examples=[""])


class CopyOut(Schema):
    """A copy of what is kept of a person."""

    id: int = Field(examples=[7])
    state: str = Field(description="making, ready, failed or expired.", examples=["making"])
    asked_at: datetime = Field(alias="created_at")
    expires_at: datetime | None = Field(description="Until then its file is there.")
