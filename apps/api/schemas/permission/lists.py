"""Lists, subscriptions and consents."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from apps.api.schemas.common import PARTIAL, Given, Id, Line, Moment, Text
from apps.api.schemas.recipients import EmailAddress

Title = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]*$")]
Status = Literal["unconfirmed", "subscribed", "unsubscribed", "sunset"]


class ListIn(Given):
    """A list as its subscribers see it."""

    title: Title = Field(examples=["Product updates"])
    description: Annotated[Text, StringConstraints(max_length=500)] = ""
    visibility: Literal["public", "private"] = "public"
    optin: Literal["double", "single"] = "double"
    language: Literal["", "ru", "en"] = ""
    position: int = Field(0, ge=0, le=32_767)


class ListChanges(ListIn):
    """Only what is to be changed; what is left out stays as it is."""

    model_config = PARTIAL


class ListOut(Schema):
    """A list, and how many are on it."""

    id: int = Field(examples=[5])
    title: str
    slug: str = Field(examples=["product-updates"])
    description: str
    visibility: str
    optin: str
    language: str
    position: int
    subscribed: int = Field(examples=[1200])
    unconfirmed: int = Field(examples=[3])
    unsubscribed: int = Field(examples=[40])
    growth: int = Field(description="In the last 30 days.", examples=[12])
    archived_at: datetime | None
    created_at: datetime


class ListQuery(Schema):
    """Which lists."""

    state: Literal["in_use", "archived"] = "in_use"


class SubscriptionQuery(Schema):
    """Which subscriptions."""

    status: Status | None = None


class SubscriptionIn(Given):
    """Whom to subscribe, and what proves that the person agreed.

    Either `confirm`, and the person confirms by an email, or evidence: `said_at` and where it was
    said (`page`, `ip`), or the `statement` of the owner.
    """

    recipient: Id | None = Field(None, description="The id of a recipient.", examples=[17])
    email: EmailAddress | None = Field(
        None, description="Instead of the id; a new one becomes a recipient.", examples=[None]
    )
    confirm: bool = Field(
        False, description="Ask the person by an email; needs a live sign-up form with the list."
    )
    said_at: Moment | None = Field(None, examples=["2026-05-12T10:00:00+03:00"])
    ip: Annotated[str, StringConstraints(max_length=45)] | None = Field(
        None, examples=["192.0.2.7"]
    )
    user_agent: Annotated[Text, StringConstraints(max_length=200)] = ""
    page: Annotated[Line, StringConstraints(max_length=500)] = Field(
        "", examples=["https://shop.example.org/checkout/"]
    )
    statement: Annotated[Text, StringConstraints(max_length=500)] = ""


class SubscriptionOut(Schema):
    """A person on a list."""

    id: int = Field(examples=[31])
    list: int = Field(validation_alias="list_id", examples=[5])
    recipient: int = Field(validation_alias="recipient_id", examples=[17])
    status: str = Field(examples=["subscribed"])
    since: datetime
    ended_at: datetime | None
    by: str = Field(examples=["form"])
    consent: int | None = Field(
        validation_alias="consent_id", description="By what right.", examples=[77]
    )


class ConsentOut(Schema):
    """One act by which a person permitted or forbade to be written to."""

    id: int = Field(examples=[77])
    act: str = Field(examples=["confirmed"])
    list: int | None = Field(
        validation_alias="list_id", description="Null: everything.", examples=[5]
    )
    channel: str
    source: str = Field(examples=["form"])
    said_at: datetime
    recorded_at: datetime
    form_version: int | None = Field(validation_alias="form_version_id")
    texts: Any = Field(description="The wordings that were shown: id and sha256.")
    language: str
    ip: str | None = Field(description="Null for a token that only reads.")
    user_agent: str
    page: str
    delivery: int | None = Field(validation_alias="delivery_id")
    actor: str
    statement: str
