"""Webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from ninja import Schema
from pydantic import Field, StringConstraints, model_validator

from apps.api.schemas.common import Given, Line
from apps.api.webhooks.models import Webhook, WebhookCall


class WebhookIn(Given):
    """An address, and the events it receives."""

    url: Annotated[Line, StringConstraints(min_length=1, max_length=500)] = Field(
        examples=["https://crm.example.org/hooks/vestnik"]
    )
    deliveries: bool = Field(True, description="Every attempt, and what came back later.")
    runs: bool = Field(True, description="Launched, waiting, resumed, done.")
    subscriptions: bool = Field(
        False, description="What people permit and take back, erasures, and imports."
    )

    reactions: bool = Field(
        False, description="The first opening and the first click of each message, by persons."
    )
    machine_reactions: bool = Field(
        False, description="With `reactions`: also what is not known to be a person's."
    )
    automations: bool = Field(
        False, description="Who comes in, finishes, leaves or fails, and calls that steps make."
    )

    @model_validator(mode="after")
    def _has_events(self) -> Self:
        chosen = (self.deliveries, self.runs, self.subscriptions, self.reactions, self.automations)
        if not any(chosen):
            raise ValueError("choose deliveries, runs, subscriptions, reactions or automations")
        return self


class WebhookOut(Schema):
    """A webhook. Only the answer that made it holds its secret."""

    id: int = Field(examples=[3])
    url: str = Field(description="For managers: of others' webhooks the host alone.")
    deliveries: bool
    runs: bool
    subscriptions: bool
    reactions: bool
    machine_reactions: bool
    automations: bool
    paused_at: datetime | None = Field(
        description="Since when it receives nothing, because its calls failed too often."
    )
    old_until: datetime | None = Field(
        description="Until when the secret before the last rotation signs as well."
    )
    created_at: datetime

    @staticmethod
    def resolve_url(row: Webhook, context: Any) -> str:
        return row.address_for(context["request"].auth.user.pk)


class WebhookRevealed(Schema):
    """A webhook and its secret, which is shown this once."""

    webhook: WebhookOut
    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw3c8yTg1Vn0E="])


class WebhookCallOut(Schema):
    """One call as it stands in the log. `code` 0: there was no answer, `words` say why."""

    id: int
    webhook_id: str = Field(description="The header `webhook-id`.", examples=["call-17"])
    events: int = Field(examples=[100])
    tries: int = Field(examples=[1])
    code: int = Field(examples=[204])
    words: str
    seconds: float = Field(examples=[0.084])
    created_at: datetime
    tried_at: datetime | None
    next_try: datetime | None
    delivered_at: datetime | None

    @staticmethod
    def resolve_webhook_id(row: WebhookCall) -> str:
        return str(row)

    @staticmethod
    def resolve_words(row: WebhookCall) -> str:
        return row.response
