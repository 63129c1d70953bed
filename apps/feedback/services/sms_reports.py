"""Reports of text messages are put into effect, for messages of the account they came for."""

from __future__ import annotations

from datetime import datetime

import structlog

from apps.feedback.services.events import receive
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.models import Attempt, Delivery

log = structlog.get_logger(__name__)


def receive_report(event: TrackingEvent, *, account: str, now: datetime) -> None:
    """Keep and apply it, unless the message went by another account."""
    if not _went_by(event.sealed or 0, account):
        log.warning("sms_report_stray", account=account, delivery=event.sealed)
        return
    receive(event, now=now)


def _went_by(delivery_id: int, account: str) -> bool:
    """True if the account handed this message over, or its reply is still being recorded."""
    tries = Attempt.objects.filter(delivery_id=delivery_id, account=account)
    if tries.filter(kind=Attempt.Kind.DELIVERY).exists():
        return True
    being_sent = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.SENDING)
    return being_sent.filter(channel="phone").exists()
