"""What a person did with a letter, asked of the ledger's deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q

from apps.mailings.models import Engagement, Term

_OF_PERSON: Final = Engagement.objects.filter(
    run_id=OuterRef("run_id"), recipient_id=OuterRef("recipient_id"), term=Term.PERSON
)
#: True of the delivery of who opened it, or clicked in it.
REACTED: Final[Mapping[str, Any]] = {
    "opened": Exists(_OF_PERSON.filter(Q(opened_at__isnull=False) | Q(clicked_at__isnull=False))),
    "clicked": Exists(_OF_PERSON.filter(clicked_at__isnull=False)),
}
