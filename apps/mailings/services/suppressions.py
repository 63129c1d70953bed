"""Addresses that must not be written to any more, as their owner decides by hand."""

from __future__ import annotations

import structlog

from apps.mailings.models import Recipient, Suppression
from apps.mailings.models.audience import ADDRESS

log = structlog.get_logger(__name__)


def suppress(*, recipient: Recipient, channel: str) -> bool:
    """Nothing more goes to this address. False when the recipient has none of this kind.

    An address that is suppressed already keeps its first reason.
    """
    address = getattr(recipient, ADDRESS[channel])
    if not address:
        return False
    _row, made = Suppression.objects.get_or_create(
        owner_id=recipient.owner_id,
        channel=channel,
        address=str(address),
        defaults={"reason": Suppression.Reason.BLOCKED},
    )
    if made:
        log.info("address_suppressed", recipient_id=recipient.pk, channel=channel)
    return True


def lift(*, suppression: Suppression, recipient: Recipient) -> None:
    """The address may be written to again. Idempotent."""
    suppression.delete()
    words = {"channel": suppression.channel, "reason": suppression.reason}
    log.info("suppression_lifted", recipient_id=recipient.pk, **words)
