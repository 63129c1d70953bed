"""Customers, mailouts and their messages: the words of the phone notification service."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from apps.api.schemas.common import Given, Id, Moment, OperatorCode, Page, PageQuery, TagName, Text
from apps.api.schemas.mailings import Clock, Status, Tracking
from apps.api.schemas.recipients import Phone, PhoneOut, Zone
from apps.api.schemas.runs import Counts, DeliveryState

_MaybeOperatorCode = Annotated[str, StringConstraints(pattern=r"^([0-9]{3})?$")]
_MaybeTag = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f,|]*$")]


class CustomerIn(Given):
    """Somebody with a phone."""

    phone: Phone = Field(
        description="7XXXXXXXXXX, or a number of another country with its code, as text or number.",
        examples=["79161234567"],
    )
    operator_code: _MaybeOperatorCode = Field(
        "", description="Empty: taken from the phone.", examples=["916"]
    )
    tag: _MaybeTag = Field("", description="A new one is made.", examples=["vip"])
    time_zone: Zone = Field("", description="A name of the IANA database.", examples=["Asia/Omsk"])


class CustomerOut(Schema):
    """A customer. `id` is also that of the recipient, who may have more than is shown here."""

    id: int = Field(examples=[17])
    phone: PhoneOut = Field(examples=["79161234567"])
    operator_code: str = Field(examples=["916"])
    tag: str = Field(description="The newest one, when there are several.", examples=["vip"])
    time_zone: str = Field(examples=["Asia/Omsk"])

    @staticmethod
    def resolve_tag(row: Any) -> str:
        return row.newest_tag or ""


class CustomerFilter(PageQuery):
    """Which customers."""

    tag: _MaybeTag = Field("", description="Who have this tag.")
    operator_code: _MaybeOperatorCode = ""


class Filter(Given):
    """To whom: one of the operator codes AND one of the tags, whichever of the two is given.

    Empty it matches nobody.
    """

    operator_codes: list[OperatorCode] = Field([], max_length=100, examples=[["916", "925"]])
    tags: list[TagName] = Field([], max_length=100, examples=[["vip"]])


class MailoutIn(Given):
    """A text to the customers of a filter, inside a window of time."""

    start_at: Moment = Field(examples=["2030-01-31T09:00:00+03:00"])
    finish_at: Moment = Field(
        description="Nothing is sent after it.", examples=["2030-01-31T18:00:00+03:00"]
    )
    text: Text = Field(
        max_length=10_000,
        description="With places for values, such as {{ full_name }}.",
        examples=["Your order is ready."],
    )
    filter: Filter = Field(
        Filter(operator_codes=[], tags=[]),
        examples=[{"operator_codes": ["916", "925"], "tags": ["vip"]}],
    )
    local_from: Clock | None = Field(
        None, description="Not before this hour of the customer's own day.", examples=["09:00"]
    )
    local_to: Clock | None = Field(None, description="Not after it.", examples=["21:00"])
    tracking: Tracking | None = Field(
        None,
        description="What its emails measure, where it has a further channel for those. Empty: what"
        " `TRACKING` says. Left out: it stays.",
        examples=["totals"],
    )


class FilterOut(Schema):
    """To whom."""

    operator_codes: list[str]
    tags: list[str]


class MailoutOut(Schema):
    """A mailout, and what happens next. `id` is also that of the mailing."""

    id: int = Field(examples=[7])
    start_at: datetime
    finish_at: datetime
    text: str
    filter: FilterOut
    local_from: str | None = Field(examples=["09:00:00"])
    local_to: str | None = Field(examples=["21:00:00"])
    tracking: str = Field(description="What its emails measure.", examples=["totals"])
    status: str = Field(description="created, running or completed.", examples=["running"])
    reason: str = Field(
        description="Why it does not go on, as a code: of a waiting run, or of the last refusal to"
        " start it. What can pass is tried again until `finish_at`.",
        examples=[""],
    )
    next_step: str = Field(description="What happens next, in words.")


class MailoutFilter(PageQuery):
    """Which mailouts."""

    status: Status = ""


class MailoutMessageIn(Given):
    """Whom a message is for."""

    customer_id: Id = Field(examples=[17])


class MailoutMessageOut(Schema):
    """One text to one customer."""

    id: int | None = Field(
        description="The id that the send service is given; null until the mailout starts.",
        examples=[4711],
    )
    mailout_id: int = Field(examples=[7])
    customer_id: int = Field(examples=[17])
    phone: str = Field(examples=["79161234567"])
    status: str = Field(examples=["sent"])
    status_at: datetime | None = Field(
        description="Since when: for `sent` the moment it was sent. Null until the mailout starts."
    )
    tries: int = Field(examples=[1])
    response: str = Field(description="What the send service said.", examples=["200 OK"])


class MailoutMessageFilter(PageQuery):
    """Which messages."""

    status: DeliveryState = Field("", description="In this status; empty: in any.")


class MailoutMessageStats(Page[MailoutMessageOut]):
    """What became of the messages of one mailout, and the messages themselves."""

    mailout_id: int = Field(examples=[7])
    mailout_status: Literal["created", "running", "completed"]
    total: int = Field(description="The sum of all counts.", examples=[1000])
    counts: Counts


class MailoutsByStatus(Schema):
    """How many mailouts there are."""

    total: int
    created: int
    running: int
    completed: int


class MailoutStats(Schema):
    """Sums over all mailouts, deleted ones too: they were sent."""

    mailouts: MailoutsByStatus
    total: int = Field(description="All messages: the sum of all counts.")
    counts: Counts


class SearchIn(Given):
    """What is looked for."""

    query: Text = Field(
        min_length=1,
        max_length=200,
        description="The beginning of a phone, an operator code, a tag, or words of a mailout.",
        examples=["7916"],
    )


class Found(Schema):
    """The newest hundred of each."""

    customers: list[CustomerOut]
    mailouts: list[MailoutOut]
