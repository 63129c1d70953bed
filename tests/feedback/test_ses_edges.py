"""Messages that Amazon has signed, and that are odd in one place."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from apps.feedback.models import Event
from apps.mailings.models import Delivery, Suppression
from tests.feedback.amazon import Amazon
from tests.feedback.conftest import hooks
from tests.feedback.test_ses import (
    SUBSCRIPTION,
    amazon,
    bounce_at_ses,
    message,
    sent_by,
    state_of,
)

__all__ = ["amazon", "hooks"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hooks")]


def test_each_recipient_of_one_bounce_has_a_status_of_its_own(
    delivery: Delivery, amazon: Amazon
) -> None:
    event = bounce_at_ses(delivery)
    other = {"emailAddress": "other@example.net", "action": "failed", "status": "4.2.2"}
    event["bounce"]["bouncedRecipients"].insert(0, other)
    assert sent_by(amazon.signed(message(event))) == 200
    assert state_of(delivery) == "bounced"
    assert Suppression.objects.get().address == delivery.address
    statuses = {row.facts["recipient"]: row.facts["status"] for row in Event.objects.all()}
    assert statuses == {"other@example.net": "4.2.2", str(delivery.address): "5.1.1"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"Type": "Rumour"}, "type"), ({"Timestamp": "yesterday"}, "no time")],
)
def test_what_says_no_kind_or_no_time_is_refused_with_the_reason(
    amazon: Amazon, fields: dict[str, Any], reason: str
) -> None:
    body = {**amazon.signed(message({})), **fields}
    with capture_logs() as logs:
        assert sent_by(body) == 403
    assert [line["reason"] for line in logs if line["event"] == "hook_refused"] == [reason]


def test_an_address_that_is_none_is_not_shown_to_anybody(amazon: Amazon) -> None:
    body = message("words", **{**SUBSCRIPTION, "SubscribeURL": "https://[::1"})
    with capture_logs() as logs:
        assert sent_by(amazon.signed(body)) == 200
    assert [line["open_to_confirm"] for line in logs if line["event"] == "sns_subscription"] == [""]
