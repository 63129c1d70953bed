"""Stopping what goes to the address of one letter, and taking that back.

So does a link whose address is no longer its person's; everybody else is at ``preferences``.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.utils import timezone

from apps.core.site import site_url
from apps.core.values.addresses import NORMAL
from apps.delivery.accounts import AccountUnknown, declared
from apps.feedback.models import Event
from apps.mailings.models import Channel, Delivery, Suppression
from apps.mailings.services.permission import suppressions
from apps.mailings.suppression import suppressing

#: The end of a phone that is shown to those who have the link.
_SHOWN: Final = 4

#: Where the event of an unsubscription comes from.
_PROVIDER: Final = "unsubscribe"


def reason_of(*, owner_id: int, channel: str, address: str) -> str:
    """Why nothing goes to this address, empty when nothing forbids it."""
    rows = Suppression.objects.filter(owner_id=owner_id, channel=channel, address=address)
    return rows.values_list("reason", flat=True).first() or ""


def reason_of_delivery(delivery: Delivery) -> str:
    """The same of the address of a letter."""
    return reason_of(**_key(delivery))


def unsubscribe(*, delivery_id: int) -> bool:
    """This delivery's address gets nothing more from its sender. Idempotent.

    False when the delivery no longer exists. An address that is already suppressed for another
    reason stays so.
    """
    delivery = _delivery(delivery_id)
    if delivery is None:
        return False
    if delivery.address:
        reason = Suppression.Reason.UNSUBSCRIBED
        if suppressions.add(**_key(delivery), reason=reason, actor=suppressing.BY_RECIPIENT):
            record_event(delivery_id)
    return True


def resubscribe(*, delivery_id: int) -> bool:
    """Take the recipient's own unsubscription back. False when the delivery no longer exists."""
    delivery = _delivery(delivery_id)
    if delivery is None:
        return False
    own = Suppression.objects.filter(**_key(delivery), reason=Suppression.Reason.UNSUBSCRIBED)
    suppressing.lift(own, actor=suppressing.BY_RECIPIENT)
    forget_event(delivery_id)
    return True


def masked(delivery: Delivery) -> str:
    """The address of a letter as its page shows it: a message may be forwarded, with its link."""
    return masked_address(delivery.channel, delivery.address)


def masked_address(channel: str, address: str) -> str:
    """``a***@example.org``, ``***4567``; nothing where the address says nothing to a person."""
    if channel == Channel.EMAIL:
        name, at, domain = address.partition("@")
        return f"{name[:1]}***{at}{domain}" if at else ""
    if channel == Channel.PHONE and address:
        return f"***{address[-_SHOWN:]}"
    return ""


def _delivery(delivery_id: int) -> Delivery | None:
    rows = Delivery.objects.select_related("run__mailing").only(
        "address", "channel", "run__account", "run__mailing__owner_id"
    )
    return rows.filter(pk=delivery_id).first()


def _key(delivery: Delivery) -> dict[str, Any]:
    address = NORMAL[delivery.channel](delivery.address) or delivery.address
    owner = delivery.run.mailing.owner_id
    return {"owner_id": owner, "channel": delivery.channel, "address": address}


def sender_of(account: str) -> str:
    """The name that messages of this account come from; the site's for one that is gone."""
    try:
        found = declared(account)
    except AccountUnknown:
        return urlsplit(site_url()).netloc
    return found.from_name or found.from_email


def record_event(delivery_id: int) -> None:
    """Keep by which message the recipient unsubscribed: its mailing's report counts it."""
    now = timezone.now()
    Event.objects.get_or_create(
        provider=_PROVIDER,
        event_id=str(delivery_id),
        defaults={
            "kind": Event.Kind.UNSUBSCRIBED,
            "delivery_id": delivery_id,
            "received_at": now,
            "settled_at": now,
        },
    )


def forget_event(delivery_id: int) -> None:
    """It was taken back: no report counts it."""
    Event.objects.filter(provider=_PROVIDER, event_id=str(delivery_id)).delete()
