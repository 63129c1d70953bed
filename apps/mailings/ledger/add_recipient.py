"""One more recipient for a run whose audience is frozen already."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.core.responses.stored import NOTHING
from apps.mailings.ledger import routes
from apps.mailings.ledger.bars import NO_ADDRESS, barred_by
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.models import Delivery, Recipient, Run, Suppression
from apps.mailings.models.audience import ADDRESS
from apps.mailings.models.ledger import LeftOut


def add_to_run(run: LockedRun, recipient_id: int) -> Delivery | None:
    """Add this recipient of the run's owner. None when the recipient or the address is in it.

    A suppressed recipient becomes ``suppressed``, as in the freezing. The delivery is due
    at once: a worker may have passed the end of the audience. ``count_in`` must follow before the
    transaction ends, when the run is open.
    """
    recipient = Recipient.objects.get(pk=recipient_id, owner_id=run.owner_id)
    found = getattr(recipient, ADDRESS[run.channel])
    address = "" if found is None else str(found)
    barred = Suppression.objects.filter(
        owner_id=run.owner_id, channel=run.channel, address=address
    ).first()
    bar = (barred_by(barred.reason) if barred else NOTHING) if address else NO_ADDRESS
    code = LeftOut.SUPPRESSED if barred else LeftOut.NO_ADDRESS
    delivery = Delivery(
        run_id=run.id,
        recipient=recipient,
        channel=run.channel,
        address=address,
        state=Delivery.State.SUPPRESSED if bar else Delivery.State.PENDING,
        response=bar,
        left_out=code if bar else "",
        not_before=None if bar else run.now,
        changed_at=run.now,
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
