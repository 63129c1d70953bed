"""What became of one delivery, in a sentence."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.mailings.failure_reasons import Explanation
from apps.mailings.models import Delivery, Suppression


def is_suppressed(delivery: Delivery) -> bool:
    """True if nothing may be sent to its address any more. Needs its run's mailing."""
    rows = Suppression.objects.filter(
        owner_id=delivery.run.mailing.owner_id, channel=delivery.channel, address=delivery.address
    )
    return bool(delivery.address) and rows.exists()


def result_sentence(delivery: Delivery, why: Explanation | None) -> str:
    """What became of it, and why."""
    reason = why.text.rstrip(".") if why is not None else ""
    plain = {
        "pending": _("Not sent yet."),
        "sending": _("Being sent right now."),
        "sent": _("Sent: the server accepted the message."),
        "delivered": _("Delivered: the recipient’s server confirmed it."),
        "bounced": _("Bounced."),
        "failed": _("Not delivered."),
        "suppressed": _("Not sent: the address is suppressed."),
        "expired": _("Not sent: the sending window ended."),
        "cancelled": _("Not sent: the mailing was stopped."),
    }
    with_reason = {
        "pending": _("Not sent yet: %(reason)s."),
        "bounced": _("Accepted by the server, then bounced: %(reason)s."),
        "failed": _("Not delivered: %(reason)s."),
        "unknown": _("%(reason)s."),
        "suppressed": _("Not sent: %(reason)s."),
        "expired": _("Not sent: %(reason)s."),
        "cancelled": _("Not sent: %(reason)s."),
    }
    if reason and delivery.state in with_reason:
        lowered = reason if delivery.state == "unknown" else reason[0].lower() + reason[1:]
        return with_reason[delivery.state] % {"reason": lowered}
    return plain.get(delivery.state, _("Outcome unknown."))
