"""Recipients."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AfterValidator, Field, StringConstraints

from apps.api.schemas.common import Given, Line, Text
from apps.mailings.forms.recipients import ZONES
from apps.mailings.models import Recipient


def _known_zone(zone: str) -> str:
    if zone and zone not in ZONES:
        raise ValueError("write a time zone such as Europe/Moscow")
    return zone


Zone = Annotated[Line, AfterValidator(_known_zone)]
TagName = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f,]+$")
]
AttributeName = Annotated[str, StringConstraints(pattern=r"^[^\W\d]\w{0,49}$")]
AttributeValue = Annotated[Text, StringConstraints(max_length=1000)]


class RecipientIn(Given):
    """A recipient has at least one address: `email`, `phone` or `telegram_chat_id`."""

    email: Annotated[Line, StringConstraints(max_length=254, to_lower=True)] | None = Field(
        None, examples=["anna@example.org"]
    )
    phone: str | None = Field(
        None, pattern=r"^7[0-9]{10}$", description="7XXXXXXXXXX", examples=["79161234567"]
    )
    telegram_chat_id: int | None = Field(
        None, ge=-9_223_372_036_854_775_808, le=9_223_372_036_854_775_807, examples=[None]
    )
    full_name: Line = Field("", examples=["Anna Example"])
    comment: Annotated[Text, StringConstraints(max_length=10_000)] = ""
    operator_code: str = Field(
        "", pattern=r"^([0-9]{3})?$", description="Empty: taken from the phone.", examples=["916"]
    )
    time_zone: Zone = Field("", description="A name of the IANA database.", examples=["Asia/Omsk"])
    attributes: dict[AttributeName, AttributeValue] = Field(
        {}, max_length=100, examples=[{"city": "Omsk"}], description="For `{{ city }}` in messages."
    )
    tags: list[TagName] = Field(
        [], max_length=100, description="Names; new ones are made.", examples=[["vip"]]
    )


class RecipientChanges(RecipientIn):
    """Only what is to be changed."""


class RecipientOut(Schema):
    """A recipient as it is kept."""

    id: int = Field(examples=[17])
    email: str | None
    phone: str | None
    telegram_chat_id: int | None
    full_name: str
    comment: str
    operator_code: str
    time_zone: str
    attributes: dict[str, str]
    tags: list[str]
    is_suppressed: bool = Field(description="The e-mail address must not be written to any more.")
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @staticmethod
    def resolve_tags(row: Recipient) -> list[str]:
        return sorted(tag.name for tag in row.tags.all())


class RecipientFilter(Schema):
    """Which recipients."""

    search: Text = Field("", max_length=200, description="The beginning of an address, or a name.")
    tag: Line = Field("", description="The name of a tag.")
    operator_code: str = Field("", pattern=r"^([0-9]{3})?$")
    channel: Literal["", "email", "phone", "telegram"] = Field(
        "", description="Only those who have an address of this kind."
    )
    state: Literal["active", "suppressed", "archived"] = "active"


class Removed(Schema):
    """What became of it."""

    deleted: int = Field(examples=[1])
    archived: int = Field(examples=[0])
