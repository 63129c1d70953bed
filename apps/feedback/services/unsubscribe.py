"""Unsubscribing by the recipients themselves."""

from __future__ import annotations

from apps.core.values.addresses import NORMAL
from apps.mailings.models import Delivery, Suppression


def delivery_exists(*, delivery_id: int) -> bool:
    """Whether the delivery of a genuine link still exists."""
    return Delivery.objects.filter(pk=delivery_id).exists()


def unsubscribe(*, delivery_id: int) -> bool:
    """This delivery's address gets nothing more from its sender. Idempotent.

    False when the delivery no longer exists. An address that is already suppressed for another
    reason stays so.
    """
    rows = Delivery.objects.select_related("run__mailing").only(
        "address", "channel", "run__mailing__owner_id"
    )
    delivery = rows.filter(pk=delivery_id).first()
    if delivery is None:
        return False
    if delivery.address:
        Suppression.objects.get_or_create(
            owner_id=delivery.run.mailing.owner_id,
            channel=delivery.channel,
            address=NORMAL[delivery.channel](delivery.address) or delivery.address,
            defaults={"reason": Suppression.Reason.UNSUBSCRIBED},
        )
    return True
