"""What happened with one recipient."""

from datetime import datetime

from ninja import Schema
from pydantic import Field

from apps.feedback.engagement.rules import sentence_of
from apps.mailings.selectors.engagement.timeline import KINDS, Happening


class HappeningOut(Schema):
    """One thing that happened; what does not belong to its kind is empty."""

    kind: str = Field(description=", ".join(f"`{kind}`" for kind in KINDS), examples=["opened"])
    at: datetime
    mailing_id: int | None = Field(examples=[7])
    run_number: int | None = Field(examples=[1])
    delivery_id: int | None = Field(examples=[4711])
    link: int | None = Field(description="The number of the link that was followed.")
    address: str = Field(description="Where that link leads.", examples=[""])
    term: str = Field(
        description="Who opened or clicked: `person`, `unclear`, `machine`.", examples=["person"]
    )
    rule: str = Field(description="The rule that judged it, as a code.", examples=["click"])
    rule_text: str = Field(description="The same in words.", examples=["A link was followed."])
    text: str = Field(
        description="Of a consent: which list, and how. Of a change: what, from what to what.",
        examples=[""],
    )

    @staticmethod
    def resolve_mailing_id(one: Happening) -> int | None:
        return one.delivery.run.mailing_id if one.delivery is not None else None

    @staticmethod
    def resolve_run_number(one: Happening) -> int | None:
        return one.delivery.run.number if one.delivery is not None else None

    @staticmethod
    def resolve_delivery_id(one: Happening) -> int | None:
        return one.delivery.pk if one.delivery is not None else None

    @staticmethod
    def resolve_link(one: Happening) -> int | None:
        return one.number

    @staticmethod
    def resolve_address(one: Happening) -> str:
        return one.link

    @staticmethod
    def resolve_rule_text(one: Happening) -> str:
        return sentence_of(one.rule)

    @staticmethod
    def resolve_text(one: Happening) -> str:
        return one.detail
