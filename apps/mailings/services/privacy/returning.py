"""An erased person may be added again: by their own confirmed sign-up, or for a written reason."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Tombstone
from apps.mailings.models.audience import normal_address
from apps.mailings.suppression.tombstones import keys

log = structlog.get_logger(__name__)


class ReturnUnexplained(Refused):
    """Why an erased address may be added again is kept, and must be said."""

    code = "return_reason_missing"


def allow_again(
    *, owner_id: int, channel: str, address: str, reason: str, by: str, now: datetime
) -> bool:
    """The person at this address may be added again. False when nobody was erased there.

    Raises ReturnUnexplained, and ValidationError for what is no address.
    """
    reason = " ".join(reason.split())[:500]
    if not reason:
        raise ReturnUnexplained(_("Write down why this person may be added again."))
    stored = normal_address(channel, address)
    digests = [key.digest(owner_id, channel, stored) for key in keys()]
    rows = Tombstone.objects.filter(owner_id=owner_id, channel=channel, digest__in=digests)
    values = {"lifted_at": now, "lifted_by": by, "lifted_reason": reason}
    count = rows.filter(lifted_at=None).update(**values, updated_at=now)
    if count:
        log.info("erased_address_allowed", owner_id=owner_id, channel=channel)
    return bool(count)


def lift_own(*, owner_id: int, channel: str, address: str, now: datetime) -> bool:
    """The person has signed up and confirmed it: that is the reason."""
    return allow_again(
        owner_id=owner_id,
        channel=channel,
        address=address,
        reason="confirmed sign-up",
        by="recipient",
        now=now,
    )
