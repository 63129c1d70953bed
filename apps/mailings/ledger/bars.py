"""Why a recipient is left out, as it is stored with the delivery: the response beside the code."""

from __future__ import annotations

from typing import Final

from apps.core.responses.stored import Response, coded
from apps.mailings.models.ledger import LeftOut

NO_ADDRESS: Final = coded("no_address")
PAUSED: Final = coded("person_paused")
ARCHIVED: Final = coded("barred", "archived")
MOVED: Final = coded("address_changed")

#: Reasons that lie in the address alone: another channel may still reach the person.
OF_ADDRESS: Final = frozenset({LeftOut.SUPPRESSED.value, LeftOut.NO_ADDRESS.value})


def barred_by(bar: str) -> Response:
    """``bar``: the reason of a suppression. It stands at the end."""
    return coded("barred", bar)
