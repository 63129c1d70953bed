"""What people did with a letter of the automation, as the ledger and the counting know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from apps.automations.models import StepDone
from apps.automations.moving.batch import Batch
from apps.mailings.models import Delivery, Engagement, Term

_OF_PERSON: Final = Engagement.objects.filter(
    run_id=OuterRef("run_id"), recipient_id=OuterRef("recipient_id"), term=Term.PERSON
)
_DID: Final[Mapping[str, Any]] = {
    "sent": Q(state__in=("sent", "delivered")),
    "bounced": Q(state="bounced"),
    "opened": Exists(_OF_PERSON.filter(Q(opened_at__isnull=False) | Q(clicked_at__isnull=False))),
    "clicked": Exists(_OF_PERSON.filter(clicked_at__isnull=False)),
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
