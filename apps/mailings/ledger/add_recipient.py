"""More recipients for a run whose audience is frozen already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import F

from apps.mailings.ledger import routes
from apps.mailings.ledger.freeze import Audience, insert, reason_for
from apps.mailings.ledger.permission import bars
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


def add_several(
    run: LockedRun, audience: Audience, recipient_ids: Sequence[int]
) -> dict[int, tuple[int, bool]]:
    """Add these of the owner's recipients, in a few statements whatever their number.

    Who would have been left out by the freeze is left out here. Returns the delivery of each who
    was added and whether it is pending; who is in the run already is not among them.
    """
    rows = insert(run, audience.several(recipient_ids), audience, late=True)
    if not rows:
        return {}
    routes.count_in(run, len(rows))
    other = [one for one, reason, _who in rows if reason in bars.OF_ADDRESS]
    moved = routes.fall_back(run, other, state="suppressed", rights=audience.rights)
    reasons = Counter(reason for one, reason, _who in rows if reason and one not in moved)
    left = reasons.total()
    larger = {f"left_{code}": F(f"left_{code}") + count for code, count in reasons.items()}
    Run.objects.filter(pk=run.id).update(
        audience=F("audience") + len(rows),
        pending=F("pending") + len(rows) - left,
        suppressed=F("suppressed") + left,
        **larger,
    )
    run.counts["pending"] += len(rows) - left
    run.counts["suppressed"] += left
    run.stored = run.standing
    return {who: (one, not reason or one in moved) for one, reason, who in rows}
