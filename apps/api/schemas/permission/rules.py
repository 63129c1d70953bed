"""Frequency rules, rules for inactive subscribers, and senders."""

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import Given, Id

SunsetState = Literal["found", "tagged", "asked", "kept", "ended", "undone"]


class FrequencyRuleIn(Given):
    """At most so many messages in so many days to one person."""

    messages: int = Field(ge=1, le=1000, examples=[2])
    days: int = Field(ge=1, le=90, examples=[7])
    channel: Literal["", "email", "phone", "telegram", "max", "vk"] = Field(
        "", description="Empty: all together."
    )


class FrequencyRulesIn(Given):
    """All of one's rules: what is left out is deleted."""

    rules: list[FrequencyRuleIn] = Field(max_length=3)


class FrequencyRuleOut(Schema):
    """A frequency rule."""

    id: int = Field(examples=[1])
    messages: int = Field(examples=[2])
    days: int = Field(examples=[7])
    channel: str = Field(examples=[""])


class FrequencyRulesOut(Schema):
    """One's rules."""

    rules: list[FrequencyRuleOut]


class FrequencyOut(Schema):
    """How often people were written to."""

    people: list[int] = Field(
        description="How many got 0, 1, 2, 3, 4, and 5 or more messages in the last 7 days.",
        examples=[[900, 80, 20, 0, 0, 0]],
    )
    waiting: int = Field(description="Deliveries that wait for a rule now.")
    first_at: datetime | None = Field(description="When the first of them need not any more.")
    skipped: int = Field(description="Left out by a rule, of runs of the last 30 days.")


class SunsetIn(Given):
    """Who counts as inactive, and what is done after they were asked."""

    list: Id | None = Field(None, description="Null: all lists.", examples=[None])
    days: int = Field(180, ge=30, le=3650, description="Without a reaction.")
    letters: int = Field(5, ge=1, le=1000, description="Messages without a reaction.")
    wait_days: int = Field(30, ge=1, le=365, description="After the question.")
    action: Literal["tag", "end", "archive"] = "tag"


class SunsetFigures(Schema):
    """`found` = `waiting` + `kept` + `ended` + `undone`, always."""

    found: int = Field(examples=[12])
    waiting: int = Field(examples=[12])
    kept: int = Field(examples=[0])
    ended: int = Field(examples=[0])
    undone: int = Field(examples=[0])


class SunsetOut(Schema):
    """A rule for inactive subscribers, and what became of those it has found."""

    id: int = Field(examples=[1])
    list: int | None = Field(validation_alias="list_id")
    days: int
    letters: int
    wait_days: int
    action: str
    approved_at: datetime | None
    searched_at: datetime | None
    unmeasured: int = Field(description="It cannot be known whether they react.")
    archived_at: datetime | None
    figures: SunsetFigures


class SunsetCaseQuery(Schema):
    """Which of the people found."""

    state: SunsetState | None = None


class SunsetCaseOut(Schema):
    """One inactive person under a rule."""

    id: int = Field(examples=[77])
    recipient: int = Field(validation_alias="recipient_id", examples=[17])
    state: str = Field(examples=["found"])
    asked_at: datetime | None
    settled_at: datetime | None
    created_at: datetime


class SenderOut(Schema):
    """A name and an address that emails are from. Only a confirmed one can be used."""

    id: int = Field(examples=[3])
    name: str = Field(examples=["The shop"])
    address: str = Field(examples=["news@example.org"])
    reply_to: str
    accounts: list[str] = Field(description="Sending accounts it may use; empty: any.")
    is_default: bool
    shared: bool = Field(description="Offered to everybody.")
    confirmed_at: datetime | None
    confirmed_by: str = Field(description="link, dns or superuser.", examples=["link"])
