"""Runs, deliveries, attempts: what became of everybody."""

from datetime import datetime
from typing import Any, Literal, cast

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import Given, Id, Moment, PageQuery, Text
from apps.core.text.formatting import in_words
from apps.mailings.failure_reasons import Explanation, explain, explain_attempt
from apps.mailings.models import Attempt, Delivery, Run, Tracking
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.wait_reasons import reason_code, reason_text

DeliveryState = Literal[
    "",
    "pending",
    "sending",
    "sent",
    "delivered",
    "bounced",
    "failed",
    "unknown",
    "suppressed",
    "expired",
    "cancelled",
]


LeftOutCode = Literal[
    "",
    "unsubscribed",
    "unconfirmed",
    "no_consent",
    "paused",
    "excluded",
    "no_language",
    "cap",
    "suppressed",
    "no_address",
    "gone",
]


class Counts(Schema):
    """How many deliveries are in each state. They add up to the audience, always."""

    pending: int = Field(description="Not begun.")
    sending: int = Field(description="In flight at this moment.")
    sent: int = Field(description="The next server has accepted it.")
    delivered: int = Field(description="The receiver has confirmed delivery.")
    bounced: int = Field(description="Accepted at first, then returned.")
    failed: int = Field(description="Rejected, not built, or out of retries.")
    unknown: int = Field(description="Nobody can know whether it left: a person decides.")
    suppressed: int = Field(description="Not written to: unsubscribed, bounced, no address.")
    expired: int = Field(description="The mailing's end came first.")
    cancelled: int = Field(description="It was stopped before.")


class LeftOutCounts(Schema):
    """How many of `suppressed` were left out for each reason. They add up to it, always."""

    unsubscribed: int = Field(description="The right is missing; the last word was no.")
    unconfirmed: int = Field(description="The right is missing; a confirmation is open.")
    no_consent: int = Field(description="The right is missing; nothing was ever said.")
    paused: int = Field(description="The person asked for a pause.")
    excluded: int = Field(description="The mailing excludes them.")
    no_language: int = Field(description="No translation in their language.")
    cap: int = Field(description="A frequency rule is reached.")
    suppressed: int = Field(description="The address must not be written to.")
    no_address: int = Field(description="There is no address on any channel.")
    gone: int = Field(description="Archived, erased, or the address has changed.")


class EngagementCounts(Schema):
    """What readers did: `sent + delivered = person + unclear + machine + nothing`, always.

    Zeros where `tracking` is not `persons`: nobody is measured one by one there.
    """

    person: int = Field(description="A person opened it, or followed a link.")
    unclear: int = Field(description="It cannot be known: a program loads every image.")
    machine: int = Field(description="Only machines were seen.")
    nothing: int = Field(description="Nothing was seen.")
    clicked: int = Field(description="Those of `person` who followed a link.")


class RunOut(Schema):
    """One pass of a mailing. `state`, and when it stands still `reason` and `deferred_until`."""

    id: int = Field(examples=[9])
    mailing_id: int = Field(examples=[7])
    number: int = Field(examples=[1])
    state: str = Field(examples=["processing"])
    outcome: str = Field(description="Set when `state` is `done`.", examples=[""])
    trigger: str = Field(examples=["api"])
    channel: str = Field(examples=["email"])
    account: str = Field(examples=["email"])
    early: bool
    stopping: bool
    reason: str = Field(description="Why it stands still, as a code.", examples=[""])
    reason_text: str = Field(description="The same in words.", examples=[""])
    deferred_until: datetime | None
    audience: int = Field(description="The sum of all counts.", examples=[1000])
    counts: Counts
    left_out: LeftOutCounts
    engagement: EngagementCounts
    rate: float = Field(description="Messages per second, lately.")
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    last_progress_at: datetime | None

    @staticmethod
    def resolve_counts(run: Run) -> Run:
        return run

    @staticmethod
    def resolve_left_out(run: Run) -> dict[str, int]:
        return {code: getattr(run, f"left_{code}") for code in LeftOut.values}

    @staticmethod
    def resolve_engagement(run: Run) -> dict[str, int]:
        names = ("person", "unclear", "machine", "clicked")
        found = {name: getattr(run, f"engaged_{name}") for name in names}
        reacted = run.engaged_person + run.engaged_unclear + run.engaged_machine
        return found | {"nothing": run.sent + run.delivered - reacted}

    @staticmethod
    def resolve_reason(run: Run) -> str:
        return reason_code(run)

    @staticmethod
    def resolve_reason_text(run: Run) -> str:
        return reason_text(run)


class MeasuredRunOut(RunOut):
    """The same with what its messages measure."""

    tracking: str = Field(
        description="`off`, `totals` (no persons) or `persons`.", examples=["persons"]
    )

    @staticmethod
    def resolve_tracking(run: Any) -> str:
        return run.tracking or Tracking.OFF.value


class RunLinkOut(Schema):
    """A link of the run's messages. Where only totals are measured, `clicks` alone grows."""

    number: int = Field(description="From 1, in the order of the message.", examples=[1])
    version: int = Field(description="Of the content: its languages and changes.", examples=[1])
    address: str = Field(examples=["https://example.org/{{ city }}"])
    label: str = Field(description="What a reader sees.", examples=["Read more"])
    persons: int = Field(description="How many people followed it.", examples=[12])
    clicks: int = Field(description="How often.", examples=[15])
    machine_clicks: int = Field(description="How often machines did.", examples=[40])


def _why(row: Delivery | Attempt) -> Explanation | None:
    """Why it failed or waits: a row is explained once, for its code and its text."""
    kept = row.__dict__
    if "explained" not in kept:
        found = explain_attempt(row) if isinstance(row, Attempt) else explain(row)
        kept["explained"] = found
    return cast("Explanation | None", kept["explained"])


class DeliveryOut(Schema):
    """One recipient of one run. `failure_reason` stays the same in every language; `failure_text`
    is what the pages say.
    """

    id: int = Field(examples=[4711])
    recipient_id: int = Field(examples=[17])
    address: str = Field(examples=["anna@example.org"])
    state: str = Field(examples=["sent"])
    tries: int = Field(examples=[1])
    code: int = Field(description="The server's reply code; 0: none.", examples=[250])
    response: str = Field(description="Its words.", examples=["2.0.0 Ok: queued"])
    failure_reason: str = Field(
        description="Why it failed or waits, such as `mailbox_missing`; empty: nothing failed.",
        examples=[""],
    )
    failure_text: str = Field(description="The same in words.", examples=[""])
    left_out: str = Field(
        description="Why the recipient was left out, as a code; empty: was not.", examples=[""]
    )
    subscription_id: int | None = Field(description="The subscription by whose right it is sent.")
    sent_at: datetime | None = Field(description="When it was accepted, or may have been.")
    not_before: datetime | None = Field(description="When it is tried again.")
    changed_at: datetime
    term: str = Field(
        description="Who reacted: `person`, `unclear`, `machine`; empty: nothing was seen.",
        examples=["person"],
    )
    opened_at: datetime | None = Field(description="First opening by the one whom `term` names.")
    clicked_at: datetime | None = Field(description="The same of a click.")

    @staticmethod
    def resolve_response(row: Delivery) -> str:
        return in_words(row.response)

    @staticmethod
    def resolve_failure_reason(row: Delivery) -> str:
        found = _why(row)
        return found.reason if found else ""

    @staticmethod
    def resolve_failure_text(row: Delivery) -> str:
        found = _why(row)
        return found.text if found else ""


class DeliveryFilter(PageQuery):
    """Which deliveries of the run."""

    state: DeliveryState = Field("", description="In this state; empty: in any.")
    address: Text = Field("", max_length=254, description="The beginning of an address.")
    left_out: LeftOutCode = Field("", description="Left out for this reason; empty: any.")


class Decision(Given):
    """What a person says of deliveries whose outcome nobody knows."""

    verdict: Literal["sent", "failed", "pending"] = Field(
        description="`pending` sends again.", examples=["sent"]
    )
    delivery_ids: list[Id] | None = Field(
        None, max_length=10_000, description="Left out: all of the run's.", examples=[[4711]]
    )


class AttemptOut(Schema):
    """One try of one delivery, or (`kind` audit) a manual change."""

    id: int = Field(examples=[90_001])
    mailing_id: int = Field(examples=[7])
    run_number: int = Field(examples=[1])
    recipient_id: int = Field(examples=[17])
    delivery_id: int | None = Field(examples=[4711])
    trigger: str = Field(examples=["api"])
    kind: str = Field(examples=["delivery"])
    status: str = Field(examples=["success"])
    account: str = Field(examples=["email"])
    code: int = Field(examples=[250])
    response: str = Field(examples=["2.0.0 Ok: queued"])
    failure_reason: str = Field(
        description="Why it did not succeed, as a code; empty: it did.", examples=[""]
    )
    failure_text: str = Field(description="The same in words.", examples=[""])
    seconds: float = Field(examples=[0.02])
    created_at: datetime

    @staticmethod
    def resolve_response(row: Attempt) -> str:
        return in_words(row.response)

    @staticmethod
    def resolve_failure_reason(row: Attempt) -> str:
        found = _why(row)
        return found.reason if found else ""

    @staticmethod
    def resolve_failure_text(row: Attempt) -> str:
        found = _why(row)
        return found.text if found else ""


class AttemptFilter(PageQuery):
    """Which attempts."""

    mailing_id: Id | None = None
    recipient_id: Id | None = None
    status: Literal["", "success", "failure", "unknown"] = ""
    trigger: Literal["", "manual", "scheduled", "command", "api"] = ""
    since: Moment | None = Field(None, description="Not before this moment.")
    until: Moment | None = Field(None, description="Before this moment.")
