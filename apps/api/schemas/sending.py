"""One message to one recipient."""

from datetime import datetime
from typing import Annotated, Self

from ninja import Schema
from pydantic import Field, StringConstraints, model_validator

from apps.api.schemas.common import Given, Id, Text
from apps.api.schemas.content.files import FileIn
from apps.api.schemas.mailings import AccountName, Channel, Purpose, Tracking
from apps.api.schemas.recipients import (
    AttributeName,
    EmailAddress,
    ListField,
    PersonId,
    Phone,
    TelegramId,
)
from apps.api.schemas.runs import DeliveryOut
from apps.mailings.models import Delivery
from apps.mailings.models.audience import ADDRESS
from apps.mailings.services.transactional import EXPIRES_IN, EXPIRES_LATEST, EXPIRES_SOONEST
from apps.mailings.wait_reasons import reason_code, reason_text

FieldValue = Annotated[Text, StringConstraints(max_length=10_000)]


class SendIn(Given):
    """A message of yours to one recipient: exactly one of `recipient`, `email`, `phone`,
    `telegram_chat_id`, `max_user_id` and `vk_user_id`. An address that no recipient of yours has
    makes a new recipient.
    """

    message: Id = Field(examples=[5])
    recipient: Id | None = Field(None, examples=[None])
    email: EmailAddress | None = Field(None, examples=["anna@example.org"])
    phone: Phone | None = Field(None, description="With the code of its country.", examples=[None])
    telegram_chat_id: TelegramId | None = Field(None, examples=[None])
    max_user_id: PersonId | None = Field(None, examples=[None])
    vk_user_id: PersonId | None = Field(None, examples=[None])
    channel: Channel | None = Field(
        None,
        description="Left out: that of the address, else the account's, else email.",
        examples=[None],
    )
    account: AccountName | None = Field(
        None, description="A sending account. Left out: as in a mailing.", examples=["email"]
    )
    sender: Id | None = Field(
        None,
        description="Who an email is from: a confirmed sender. Left out: the sending account.",
        examples=[None],
    )
    fields: dict[AttributeName, FieldValue | ListField] = Field(
        {},
        max_length=100,
        examples=[{"order": "A-1042", "total": "1 290 ₽"}],
        description=(
            "For `{{ order }}` in the message; they go before the recipient's own. A list of"
            " objects is for a block that is repeated for each of them."
        ),
    )
    files: list[FileIn] = Field(
        [],
        max_length=5,
        examples=[[]],
        description="For the message’s files that programs give (`/api/messages/{id}/files/`).",
    )
    tracking: Tracking = Field("", description="What an email measures. Empty: nothing.")
    tracking_text: bool | None = Field(
        None,
        description="Links of its text version are measured as well. Null: what `TRACKING_TEXT`"
        " says.",
        examples=[None],
    )
    purpose: Purpose = Field(
        "marketing",
        description="`service`: receipts and the like, also to those who have unsubscribed.",
    )
    expires_in: int = Field(
        EXPIRES_IN,
        ge=EXPIRES_SOONEST,
        le=EXPIRES_LATEST,
        description="Seconds after which nothing leaves any more.",
    )

    @model_validator(mode="after")
    def _to_one(self) -> Self:
        given = (getattr(self, name) for name in ("recipient", *ADDRESS.values()))
        if sum(one is not None for one in given) != 1:
            raise ValueError(f"give one of recipient, {', '.join(ADDRESS.values())}")
        return self


class SendOut(Schema):
    """It is in the ledger and will be sent; `url` shows what became of it."""

    delivery: int = Field(examples=[4711])
    run: int = Field(examples=[9])
    mailing: int = Field(examples=[7])
    state: str = Field(description="The delivery's.", examples=["pending"])
    url: str = Field(examples=["/api/deliveries/4711/"])


class DeliveryDetail(DeliveryOut):
    """One recipient of one run, with what it waits for."""

    mailing_id: int = Field(examples=[7])
    run_id: int = Field(examples=[9])
    channel: str = Field(examples=["email"])
    attempts: int = Field(description="How often it was tried.", examples=[1])
    run_state: str = Field(examples=["done"])
    reason: str = Field(description="Why the run stands still, as a code.", examples=[""])
    reason_text: str = Field(description="The same in words.", examples=[""])
    deferred_until: datetime | None

    @staticmethod
    def resolve_mailing_id(row: Delivery) -> int:
        return row.run.mailing_id

    @staticmethod
    def resolve_attempts(row: Delivery) -> int:
        return row.attempts.filter(kind="delivery").count()

    @staticmethod
    def resolve_run_state(row: Delivery) -> str:
        return row.run.state

    @staticmethod
    def resolve_reason(row: Delivery) -> str:
        return reason_code(row.run)

    @staticmethod
    def resolve_reason_text(row: Delivery) -> str:
        return reason_text(row.run)

    @staticmethod
    def resolve_deferred_until(row: Delivery) -> datetime | None:
        moment: datetime | None = row.run.deferred_until
        return moment
