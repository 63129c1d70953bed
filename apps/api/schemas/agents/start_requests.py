"""What agents ask of people, and see before they do."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from apps.api.schemas.common import Given, Id, Text
from apps.api.schemas.mailings import AccountName
from apps.api.schemas.recipients import Language

Note = Annotated[Text, StringConstraints(max_length=2000)]


class StartRequestIn(Given):
    """A word for the person who is to answer."""

    note: Note = Field("", examples=["The spring newsletter, for those who asked for it."])


class StartRequestOut(Schema):
    """A start that was asked for, and what a person has answered."""

    state: Literal["waiting", "accepted", "declined"] = Field(
        description="`accepted`: a person has started or scheduled the mailing.",
        examples=["waiting"],
    )
    asked_by: str = Field(description="The name of the token.", examples=["Assistant"])
    asked_at: datetime
    note: str
    answer: str = Field(description="What was said with `declined`.", examples=[""])
    declined_at: datetime | None
    url: str = Field(
        description="The page on which a person answers.",
        examples=["https://mail.example.org/mailings/7/review/"],
    )


class ReviewOut(Schema):
    """What a person would see before a start. Nothing was changed or sent."""

    refused: str = Field(description="Why it cannot be sent at all; empty when it can.")
    findings: list[str] = Field(description="What wants to be read before it is sent.")
    recipients: int = Field(description="How many would get it.", examples=[120])
    exact: bool = Field(description="False: counted by a sample.", examples=[True])
    left_out: list[str] = Field(description="Who would not get it, and why, in words.")
    senders: list[str] = Field(examples=[["The shop <news@example.org>"]])
    measured: str = Field(description="What its letters measure, in words.")


class OwnTestIn(Given):
    """A test goes to the confirmed address of the token's own user, and nowhere else."""

    account: AccountName | None = Field(
        None, description="A sending account. Left out: as in a mailing.", examples=[None]
    )
    recipient: Id | None = Field(
        None,
        description="Whose data fill the places. Left out: who shows them best.",
        examples=[None],
    )
    language: Language = Field(
        "", description="Left out: the one that this recipient would get.", examples=["en"]
    )


class OwnTestOut(Schema):
    """Where the test went, and what the server said."""

    sent: bool = Field(examples=[True])
    address: str = Field(examples=["anna@example.org"])
    response: str = Field(examples=["250 OK"])
