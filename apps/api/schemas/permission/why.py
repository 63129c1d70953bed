"""Why one person gets a mailing, or does not."""

from datetime import datetime

from ninja import Schema
from pydantic import Field

from apps.api.schemas.common import Text
from apps.api.schemas.permission.lists import ConsentOut
from apps.api.schemas.segments import SegmentAnswer


class WhyQuery(Schema):
    """About whom."""

    address: Text = Field(min_length=1, max_length=254, examples=["anna@example.org"])


class WhyTerm(Schema):
    """A term of the rule, and whether it holds for the person."""

    term: str = Field(examples=["segment:3"])
    text: str = Field(examples=["segment “From Kazan”"])
    holds: bool
    answers: list[SegmentAnswer] = Field(description="Of a segment: every node of its tree.")


#: A class with a field called ``list`` has no other list.
Wordings = list[str]


class WhyRight(Schema):
    """What the person said last of a list; `list` null: of everything."""

    list: int | None = Field(examples=[5])
    title: str = Field(examples=["News"])
    status: str = Field(description="Of the subscription; empty: none.", examples=["subscribed"])
    used: bool = Field(description="By this right it is written.")
    consent: ConsentOut | None
    wordings: Wordings = Field(description="The texts that were shown, as they were.")


class WhyOut(Schema):
    """From the rule to the words that were consented to.

    `left_out` is of the run's delivery, or what would come of a start now. Terms and answers are
    of the run's own rule; what they ask about is as it is at `as_of`.
    """

    recipient: int = Field(examples=[17])
    mailing: int = Field(examples=[7])
    run: int | None = Field(examples=[None])
    delivery: int | None = Field(examples=[None])
    rule_kept: bool = Field(description="False: the run has kept no rule, the mailing's is shown.")
    named: bool = Field(description="In the audience: in the run's as it was frozen.")
    gets_it: bool = Field(description="Nothing keeps the person out.")
    left_out: str = Field(description="Why the person is left out, as a code.", examples=[""])
    waits_until: datetime | None = Field(
        description="Of a mailing: not before then, for a frequency rule."
    )
    text: str = Field(description="What became of the person, or would, in words.")
    included: list[WhyTerm]
    excluded: list[WhyTerm]
    basis: str = Field(description="By what right it writes.", examples=["subscription"])
    purpose: str = Field(examples=["marketing"])
    statement: str
    rights: list[WhyRight]
    as_of: datetime
