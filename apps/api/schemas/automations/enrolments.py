"""Whom programs bring into automations, their ways through them, and events."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from ninja import Schema
from pydantic import Field, model_validator

from apps.api.schemas.common import Given, Id, Line, TagName
from apps.api.schemas.recipients import AttributeValue, EmailAddress, Phone
from apps.automations.models import Enrolment

EnrolmentState = Literal["waiting", "moving", "finished", "left", "failed", "unknown"]
#: A program's own word for a fact; what it names happens once.
OwnKey = Annotated[Line, Field(max_length=100)]
#: The key of a step.
StepKey = Annotated[Line, Field(min_length=1, max_length=40)]
#: People that one call brings in, or does something to.
MOST: Final = 1000


class EnrolIn(Given):
    """Whom to bring in: exactly one of `recipients`, `email`, `phone` and `tag`."""

    recipients: list[Id] = Field([], max_length=MOST, examples=[[17, 18]])
    email: EmailAddress | None = Field(None, examples=[None])
    phone: Phone | None = Field(None, examples=[None])
    tag: TagName | None = Field(None, description="Everybody with this tag.", examples=[None])
    key: OwnKey = Field(
        "",
        description="Your own word for the reason, such as `order-1042`: with the same one nobody"
        " is brought in twice.",
        examples=["order-1042"],
    )

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        named = sum(one is not None for one in (self.email, self.phone, self.tag))
        if named + bool(self.recipients) != 1:
            raise ValueError("give one of recipients, email, phone, tag")
        return self


class Enrolled(Schema):
    """How many came in; the rule of re-entry keeps the others out."""

    entered: int = Field(examples=[2])
    kept_out: int = Field(examples=[0])


class EnrolmentFilter(Schema):
    """Which enrolments."""

    state: EnrolmentState | None = None
    recipient: Id | None = None
    version: int | None = Field(None, ge=1, le=1_000_000)
    step: StepKey | None = Field(None, description="Who is or was at the step with this key.")
    did: Literal["came", "here", "on", "left", "sent", "opened", "clicked"] | None = Field(
        None, description="Only with `step`: who is at it, went on, left, or got its message."
    )


class EnrolmentChoice(Given):
    """Whom it concerns: those that meet all that is given, of which something must be."""

    enrolments: list[Id] = Field([], max_length=MOST, examples=[[41]])
    state: EnrolmentState | None = Field(None, examples=[None])
    step: StepKey | None = Field(None, examples=[None])

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.enrolments and self.state is None and self.step is None:
            raise ValueError("give enrolments, state or step")
        return self


class EnrolmentOut(Schema):
    """One recipient's way through one version."""

    id: int = Field(examples=[41])
    automation: int = Field(examples=[3], validation_alias="automation_id")
    recipient: int | None = Field(description="Null: the person was erased.", examples=[17])
    version: int = Field(examples=[1])
    state: EnrolmentState
    step: str = Field(description="The key of the step at which it is or ended.")
    reason: str = Field(description="Why it left or failed, or the reason of an exit.")
    entered_at: datetime
    due_at: datetime | None = Field(description="When it is looked at next; null at the end.")
    delivery: int | None = Field(description="Its last message.")

    @staticmethod
    def resolve_recipient(row: Enrolment) -> int | None:
        return row.recipient_id

    @staticmethod
    def resolve_version(row: Enrolment) -> int:
        return row.version.number

    @staticmethod
    def resolve_step(row: Enrolment) -> str:
        return row.step.key if row.step is not None else ""

    @staticmethod
    def resolve_due_at(row: Enrolment) -> datetime | None:
        moment: datetime = row.due_at
        return moment if row.state in ("waiting", "unknown") else None

    @staticmethod
    def resolve_delivery(row: Enrolment) -> int | None:
        return row.delivery_id


class EventIn(Given):
    """Something that happened to a recipient: exactly one of `recipient`, `email`, `phone`."""

    name: Annotated[Line, Field(min_length=1, max_length=60)] = Field(examples=["order_paid"])
    recipient: Id | None = Field(None, examples=[None])
    email: EmailAddress | None = Field(None, examples=["anna@example.org"])
    phone: Phone | None = Field(None, examples=[None])
    properties: dict[Line, AttributeValue | None] = Field(
        {}, max_length=50, examples=[{"order": "A-1042", "total": 1290}]
    )
    key: OwnKey = Field(
        "",
        description="Your own word for this event, such as its number: the same one is kept once.",
        examples=["order-1042-paid"],
    )

    @model_validator(mode="after")
    def _of_one(self) -> Self:
        if sum(one is not None for one in (self.recipient, self.email, self.phone)) != 1:
            raise ValueError("give one of recipient, email, phone")
        return self


class EventOut(Schema):
    """The event as it is kept; ``created`` false: it was known by its key."""

    id: int = Field(examples=[77])
    name: str
    recipient: int
    at: datetime
    created: bool
