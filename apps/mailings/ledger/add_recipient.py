"""One more recipient for a run whose audience is frozen already."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.mailings.ledger import routes
from apps.mailings.ledger.freeze import Audience, reason_for
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Delivery, Recipient, Run


def add_to_run(run: LockedRun, audience: Audience, recipient_id: int) -> Delivery | None:
    """Add this recipient of the run's owner. None when the recipient or the address is in it.

    Who would have been left out by the freeze is left out here. The delivery is due at once: a
    worker may have passed the end of the audience. ``count_in`` must follow before the transaction
    ends, when the run is open.
    """
    recipient = Recipient.objects.get(pk=recipient_id, owner_id=run.owner_id)
    found = reason_for(run, audience, recipient_id)
    delivery = Delivery(
        run_id=run.id,
        recipient=recipient,
        channel=run.channel,
        state=Delivery.State.SUPPRESSED if found["left_out"] else Delivery.State.PENDING,
        not_before=None if found["left_out"] else run.now,
        changed_at=run.now,
        **found,
    )
    try:
        with transaction.atomic():
            delivery.save(force_insert=True)
    except IntegrityError:
        return None
    return delivery


def count_in(run: LockedRun, delivery: Delivery) -> None:
    """The audience is one larger. One statement, for the equations hold after each."""
    run.counts[delivery.state] += 1
    larger = {delivery.state: F(delivery.state) + 1, "audience": F("audience") + 1}
    if delivery.left_out:
        counter = f"left_{delivery.left_out}"
        larger[counter] = F(counter) + 1
    Run.objects.filter(pk=run.id).update(**larger)
    routes.count_in(run, 1)
