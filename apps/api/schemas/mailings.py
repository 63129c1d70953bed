"""Mailings."""

from datetime import datetime, time
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AfterValidator, Field, StringConstraints

from apps.api.schemas.common import (
    PARTIAL,
    Given,
    Id,
    Line,
    Moment,
    OperatorCode,
    PageQuery,
    TagName,
    Text,
)
from apps.api.schemas.runs import Counts, RunOut

Channel = Literal["email", "phone", "telegram", "max", "vk"]
Basis = Literal["subscription", "consent", "stated"]
Purpose = Literal["marketing", "service"]
OnCap = Literal["wait", "skip"]
OtherLanguages = Literal["fallback", "leave_out"]
Tracking = Literal["", "off", "totals", "persons"]
Status = Literal["", "created", "running", "completed"]
Name = Annotated[Line, StringConstraints(min_length=1)]
AccountName = Annotated[Line, StringConstraints(min_length=1, max_length=40)]


def _clock(text: str) -> str:
    time.fromisoformat(text)
    return text


#: What stands in an address: small letters, digits, hyphens.
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]*$")]
#: A wall clock without a zone: it is read in that of each recipient.
Clock = Annotated[
    str,
    StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"),
    AfterValidator(_clock),
]


class Exclude(Given):
    """Who gets nothing although the audience names them."""

    lists: list[Id] = Field(default=[], max_length=20, examples=[[2]])
    segments: list[Id] = Field(default=[], max_length=20, examples=[[3]])
    tags: list[TagName] = Field(default=[], max_length=100, examples=[["staff"]])
    mailings: list[Id] = Field(default=[], max_length=50, description="Who got one of these.")
    days: int | None = Field(
        default=None,
        ge=1,
        le=365,
        description="Who got any mailing in so many days.",
        examples=[7],
    )


class Utm(Given):
    """What is added to links of emails. Values may hold `{{ name }}`. Empty: nothing is added."""

    source: Text = Field(default="", max_length=200, examples=["newsletter"])
    medium: Text = Field(default="", max_length=200, examples=["email"])
    campaign: Text = Field(
        default="", max_length=200, description="Left out: the mailing's `slug`, or its name."
    )
    content: Text = Field(
        default="", max_length=200, description="Left out: the block that the link stands in."
    )
    term: Text = Field(default="", max_length=200)


class MailingIn(Given):
    """A message to an audience inside a window of time.

    The audience: everybody, or the union of the members of `lists`, those of `segments`, the
    `recipient_ids` and those who have one of the `tags` and one of the `operator_codes` (whichever
    of the two is given); without those of `exclude`, and without those whose right is missing.
    """

    name: Name = Field(examples=["Spring news"])
    message_id: Id = Field(examples=[5])
    channel: Channel = Field("email", examples=["email"])
    account: AccountName | None = Field(
        None,
        description="A sending account. Left out: the usual one of the channel, which is `email`"
        " only when no other is declared.",
        examples=["email"],
    )
    sender_id: Id | None = Field(
        None,
        description="Who emails are from: a confirmed sender of one's own, or a shared one. Null:"
        " the sending account.",
        examples=[None],
    )
    everyone: bool = False
    tags: list[TagName] = Field([], max_length=100, examples=[["vip"]])
    operator_codes: list[OperatorCode] = Field([], max_length=100, examples=[["916"]])
    recipient_ids: list[Id] = Field([], max_length=2000, examples=[[17]])
    lists: list[Id] = Field([], max_length=20, examples=[[5]])
    segments: list[Id] = Field([], max_length=20, examples=[[3]])
    exclude: Exclude = Field(Exclude())
    basis: Basis | None = Field(
        None,
        description="By what right it writes: `subscription` to one of `lists` (the default with"
        " lists), any `consent`, or `stated` (the default without) with a `basis_statement`.",
        examples=[None],
    )
    basis_statement: Text = Field("", max_length=500, description="Why no consent is needed.")
    purpose: Purpose = Field("marketing", description="`service`: receipts and the like.")
    on_cap: OnCap = Field("wait", description="When a frequency rule is reached.")
    utm: Utm = Field(Utm(), description="Parameters of its links.")
    tracking: Tracking = Field(
        "", description="What its emails measure. Empty: what `TRACKING` says."
    )
    tracking_text: bool | None = Field(
        None,
        description="Links of the text version are measured as well. Null: what `TRACKING_TEXT`"
        " says.",
        examples=[None],
    )
    public: bool = Field(
        False,
        description="Show it in the public archive, once it is sent. While it is being sent, and"
        " afterwards: `publish` and `withdraw`.",
    )
    slug: Slug = Field(
        "", max_length=80, description="Its name in the archive. Left out: made of its name."
    )
    other_languages: OtherLanguages = Field(
        "fallback",
        description="Who speaks a language without a translation, or none that is known: `fallback`"
        " sends the message in its own language, `leave_out` sends nothing.",
    )
    starts_at: Moment | None = Field(None, description="Left out: now.")
    ends_at: Moment = Field(examples=["2030-01-31T18:00:00+03:00"])
    local_from: Clock | None = Field(
        None, description="Not before this hour of the recipient's own day.", examples=["09:00"]
    )
    local_to: Clock | None = Field(None, description="Not after it.", examples=["21:00"])
    repeat: Line = Field("", description="A rule of RFC 5545.", examples=["FREQ=WEEKLY;BYDAY=MO"])
    repeat_zone: Line = Field(
        "",
        max_length=64,
        description="The time zone in which `repeat` is counted. Left out: that of the owner.",
        examples=["Europe/Moscow"],
    )
    repeat_until: Moment | None = None
    scheduled: bool = Field(True, description="False: a draft, which does not start automatically.")
    priority: int = Field(100, ge=-32_768, le=32_767, description="Lower goes first.")


class MailingChanges(MailingIn):
    """Only what is to be changed; what is left out stays as it is."""

    model_config = PARTIAL

    name: Name = Field("", examples=["Spring news"])
    message_id: Id = Field(1, examples=[5])
    ends_at: Moment = Field(datetime(2030, 1, 31), examples=["2030-01-31T18:00:00+03:00"])


class ExcludeOut(Schema):
    """Who gets nothing although the audience names them."""

    lists: list[int]
    segments: list[int]
    tags: list[str]
    mailings: list[int]
    days: int | None


class MailingOut(Schema):
    """A mailing, its current run (null until it was started), and what happens next."""

    id: int = Field(examples=[7])
    kind: str = Field(description="mailing or transactional.", examples=["mailing"])
    name: str = Field(examples=["Spring news"])
    message_id: int = Field(examples=[5])
    channel: str
    account: str
    sender_id: int | None = Field(description="Null: emails are from the account.")
    everyone: bool
    tags: list[str]
    operator_codes: list[str]
    lists: list[int]
    segments: list[int]
    exclude: ExcludeOut
    basis: str = Field(examples=["subscription"])
    basis_statement: str
    purpose: str = Field(examples=["marketing"])
    on_cap: str = Field(examples=["wait"])
    tracking: str = Field(examples=["persons"])
    tracking_text: bool | None = Field(examples=[None])
    utm: dict[str, str] = Field(examples=[{"source": "newsletter", "medium": "email"}])
    public: bool
    slug: str = Field(examples=["spring-news"])
    archive_url: str = Field(description="Where everybody reads it; empty while it is not public.")
    other_languages: str = Field(examples=["fallback"])
    starts_at: datetime
    ends_at: datetime
    local_from: str | None = Field(examples=["09:00:00"])
    local_to: str | None = Field(examples=["21:00:00"])
    repeat: str
    repeat_zone: str = Field(description="In which `repeat` is counted.")
    repeat_until: datetime | None
    scheduled: bool = Field(description="False: a draft, which does not start automatically.")
    priority: int
    status: str = Field(description="created, running or completed.", examples=["created"])
    standing: str = Field(
        description="Status, run and switch in one word: disabled; draft, scheduled, missed,"
        " expired or stopped before a run; the state of an open run; sent, partial, failed,"
        " expired, stopped or empty after it.",
        examples=["draft"],
    )
    is_active: bool = Field(description="False: a manager has disabled it.")
    current_run: int = Field(description="The number of the run.", examples=[1])
    run: RunOut | None
    reason: str = Field(
        description="Why it does not go on, as a code: of a run that waits, or of the last refusal"
        " to start it when it was due.",
        examples=[""],
    )
    next_step: str = Field(description="What happens next, in words.")
    created_at: datetime
    updated_at: datetime


class MailingDetail(MailingOut):
    """The same with those who were chosen one by one, and how many it would reach now."""

    recipient_ids: list[int]
    audience: int = Field(description="How many it would reach if it were started now.")


class Previewed(Schema):
    """What would become of an audience now. `matching` is `reached` + all of `left_out`, unless
    only the totals are exact.
    """

    matching: int = Field(examples=[850_000])
    reached: int = Field(examples=[412_300])
    by_channel: dict[str, int] = Field(examples=[{"email": 412_300}])
    left_out: dict[str, int] = Field(examples=[{"unsubscribed": 69_000}])
    excluded: dict[str, int] = Field(
        description="Those of `excluded` by the first exclusion.", examples=[{"tag:2": 50_100}]
    )
    exact: bool = Field(description="False: estimated from a sample.")
    totals_exact: bool = Field(description="`matching` and `reached` are exact.")


class PreviewIn(Given):
    """An audience as a mailing has it, before there is one."""

    channel: Channel = "email"
    everyone: bool = False
    tags: list[TagName] = Field([], max_length=100)
    operator_codes: list[OperatorCode] = Field([], max_length=100)
    recipient_ids: list[Id] = Field([], max_length=2000)
    lists: list[Id] = Field([], max_length=20)
    segments: list[Id] = Field([], max_length=20)
    exclude: Exclude = Field(Exclude())
    basis: Basis | None = None
    purpose: Purpose = "marketing"
    exact: bool = Field(False, description="Count everybody, however long that takes.")
    totals: bool = Field(False, description="Count the two totals exactly, not the reasons.")


class MailingFilter(PageQuery):
    """Which mailings."""

    search: Text = Field("", max_length=200, description="A part of the name.")
    status: Status = ""
    kind: Literal["mailing", "transactional"] = Field(
        "mailing", description="`transactional`: the messages to one recipient that `send` made."
    )


class Started(Schema):
    """The run that is being sent now."""

    run_id: int = Field(examples=[9])
    number: int = Field(examples=[1])
    created: bool = Field(description="False: it was already being sent.")


class Opened(Schema):
    """The number of the run that comes next."""

    number: int = Field(examples=[2])


class Published(Schema):
    """Where everybody reads it once it is sent."""

    url: str = Field(examples=["https://mail.example.org/archive/kofein/spring-news/"])


class Stats(Schema):
    """Sums over all runs of the mailings that were asked for, and of the messages to one."""

    mailings: int = Field(description="Without the messages to one recipient.")
    recipients: int = Field(description="Who is in the list and not archived.")
    audience: int = Field(description="The sum of all counts.")
    counts: Counts
    sent: int = Field(description="Accepted by a server: `sent` + `delivered` + `bounced`.")
    skipped: int = Field(description="`suppressed` + `expired` + `cancelled`.")
    remaining: int = Field(description="`pending` + `sending`.")
    not_delivered: int = Field(description="`bounced` + `failed`.")
    delivery_rate: float | None = Field(
        description="`sent` + `delivered` of all that were tried, in percent with one decimal"
        " place; never rounded up to 100 nor down to 0."
    )
    served: int = Field(description="`sent` + `delivered`.")
    lost: int = Field(description="`failed` + `bounced` + `unknown` + `expired` + `cancelled`.")
    share: int | None = Field(description="`served` in whole percent of `served` + `lost`.")


class StatsFilter(Schema):
    """Which mailings are counted, and of which time: with one, only what was tried in it counts."""

    status: Status = ""
    since: Moment | None = Field(None, description="What was tried from this moment on.")
    until: Moment | None = Field(None, description="What was tried before this moment.")
