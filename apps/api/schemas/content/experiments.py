"""Experiments of mailings."""

from datetime import datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import Given


class VariantIn(Given):
    """How a further variant differs from the mailing; what is not given is as there."""

    subject: str = Field("", max_length=255)
    preheader: str = Field("", max_length=255)
    sender_id: int | None = Field(None, ge=1, le=2**63 - 1)
    message_id: int | None = Field(None, ge=1, le=2**63 - 1)
    hour: int | None = Field(
        None, ge=0, le=23, description="Of each recipient’s own day, from which on it is sent."
    )


class ExperimentIn(Given):
    """What is tried, and what decides. The mailing itself is variant A."""

    variants: list[VariantIn] = Field(
        min_length=1, max_length=4, examples=[[{"subject": "Another subject"}]]
    )
    metric: Literal["clicks", "opens", "goal"] = "clicks"
    goal: str = Field("", max_length=2000, description="The link that counts; with `goal` only.")
    share: int = Field(20, ge=10, le=100, description="The sample, % of recipients.")
    wait_minutes: int = Field(240, ge=30, le=10_080, description="From the sample's last message.")
    if_undecided: Literal["first", "leader", "ask"] = "first"


class VariantOut(Schema):
    """A variant as it is planned."""

    letter: str = Field(examples=["B"])
    subject: str
    preheader: str
    sender_id: int | None
    message_id: int | None
    hour: int | None


class VariantFigures(Schema):
    """What was seen of a variant. Shares are from 0 to 1; null before it is judged."""

    number: int = Field(examples=[2])
    letter: str = Field(examples=["B"])
    sent: int | None
    events: int | None
    low: float | None = Field(description="The interval holds the share with 95 % probability.")
    high: float | None
    best: float | None = Field(description="How probable it is that this variant is the best.")


class ExperimentResult(Schema):
    """The experiment of the current run."""

    run: int = Field(examples=[1])
    text: str = Field(examples=["B is better with 98.7 % probability."])
    due_at: datetime | None = Field(description="When it is judged, once the sample is sent.")
    judged_at: datetime | None
    decided_at: datetime | None
    winner: str = Field(description="The variant that is clearly better; empty: none is.")
    chosen: str = Field(description="What the other recipients get; empty: not chosen.")
    by: str = Field(description="`figures`, `rule` or `person`; empty: not chosen.")
    asked: bool = Field(description="True while somebody has to choose.")
    variants: list[VariantFigures]


class ExperimentOut(Schema):
    """The experiment of a mailing. `result`: of its current run, null before the launch."""

    variants: list[VariantOut]
    metric: str
    goal: str
    share: int
    wait_minutes: int
    if_undecided: str
    result: ExperimentResult | None


class VariantChoice(Given):
    """Which variant the other recipients get."""

    variant: int = Field(ge=1, le=5, description="Its number: 1 is A.", examples=[2])
