"""What people did with a letter of the automation, as the ledger and the counting know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Q

from apps.automations.models import StepDone
from apps.automations.moving.batch import Batch
from apps.automations.reactions import REACTED
from apps.mailings.models import Delivery

_DID: Final[Mapping[str, Any]] = {
    "sent": Q(state__in=("sent", "delivered")),
    "bounced": Q(state="bounced"),
    **REACTED,
}


def who_did(batch: Batch, letter: str, did: str) -> set[int]:
    """The enrolments whose last letter of this step was sent, opened, clicked or bounced.

    The letter may have come from the same step of an older version.
    """
    done = StepDone.objects.filter(
        enrolment_id__in=[one.id for one in batch.rows],
        step__key=letter,
        delivery_id__isnull=False,
    )
    letters = dict(done.order_by("visit").values_list("enrolment_id", "delivery_id"))
    found = Delivery.objects.filter(_DID[did], pk__in=list(filter(None, letters.values())))
    those = set(found.values_list("pk", flat=True))
    return {pk for pk, delivery_id in letters.items() if delivery_id in those}
