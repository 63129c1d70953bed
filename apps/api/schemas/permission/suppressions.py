"""Suppressed addresses and blocked domains."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from apps.api.schemas.common import Given, PageQuery

Channel = Literal["email", "phone", "telegram", "max", "vk"]
Reason = Literal["unsubscribed", "bounced", "complained", "blocked"]
Address = Annotated[str, StringConstraints(min_length=1, max_length=254)]
Note = Annotated[str, StringConstraints(max_length=500)]


class SuppressionQuery(PageQuery):
    """Which suppressions."""

    address: str = Field("", max_length=254, description="How the address begins, or `@domain`.")
    channel: Channel | None = None
    reason: Reason | None = None


class SuppressionIn(Given):
    """An address that is not to be written to."""

    channel: Channel = "email"
    address: Address = Field(examples=["anna@example.org"])
    reason: Reason = "blocked"
    note: Note = ""


class SuppressionOut(Schema):
    """A suppressed address."""

    id: int = Field(examples=[1])
    channel: str = Field(examples=["email"])
    address: str = Field(examples=["anna@example.org"])
    reason: str = Field(examples=["bounced"])
    created_at: datetime


class SuppressionEventOut(Schema):
    """What happened to an address: `before` (suppressed when events began), `added`, `lifted`."""

    id: int = Field(examples=[1])
    channel: str = Field(examples=["email"])
    address: str = Field(examples=["anna@example.org"])
    act: str = Field(examples=["added"])
    reason: str = Field(examples=["bounced"])
    note: str
    actor: str = Field(
        description="An email of a user, a provider, `recipient`, `server` or `import:ID`.",
        examples=["recipient"],
    )
    created_at: datetime


class SuppressionLift(Given):
    """Why the address may be written to again."""

    note: Note = Field("", description="Demanded unless the address was added manually.")


class SuppressionImport(Given):
    """Many addresses at once."""

    items: list[SuppressionIn] = Field(min_length=1, max_length=1000)


class SuppressionImported(Schema):
    """What became of them: `rows = added + known + rejected`."""

    rows: int = Field(examples=[3])
    added: int = Field(examples=[1])
    known: int = Field(examples=[1])
    rejected: int = Field(examples=[1])
    invalid: list[int] = Field(description="The places of those that are no addresses, from 0.")


class BlockedDomainIn(Given):
    """A domain to which nothing is sent."""

    domain: Annotated[str, StringConstraints(min_length=1, max_length=253)] = Field(
        examples=["example.org"]
    )
    subdomains: bool = True
    for_all: bool = Field(False, description="For everybody on this site: managers only.")
    note: Annotated[str, StringConstraints(max_length=200)] = ""


class BlockedDomainOut(Schema):
    """A blocked domain."""

    id: int = Field(examples=[1])
    domain: str = Field(examples=["example.org"])
    subdomains: bool
    for_all: bool
    note: str
    created_at: datetime
