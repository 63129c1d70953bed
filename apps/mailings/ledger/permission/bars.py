"""Why a recipient is left out, as it is stored with the delivery: the response beside the code."""

from __future__ import annotations

from typing import Final

from apps.core.responses.stored import Response, coded
from apps.mailings.models.permission.left_out import LeftOut

NO_ADDRESS: Final = coded("no_address")
ARCHIVED: Final = coded("barred", "archived")
MOVED: Final = coded("address_changed")

#: Reasons that lie in the address alone: another channel may still reach the person.
OF_ADDRESS: Final = frozenset({LeftOut.SUPPRESSED.value, LeftOut.NO_ADDRESS.value})
#: What is stored instead of the reason of a suppression, where the whole domain is blocked.
DOMAIN: Final = "domain"
#: The reasons whose code says everything.
_SAYS_ALL: Final = frozenset(
    {
        *(LeftOut.UNSUBSCRIBED, LeftOut.UNCONFIRMED, LeftOut.NO_CONSENT, LeftOut.PAUSED),
        *(LeftOut.CAP, LeftOut.NO_LANGUAGE),
    }
)


def barred_by(bar: str) -> Response:
    """``bar``: the reason of a suppression. It stands at the end."""
    return coded("barred", bar)


def response_of(code: str, *, term: str = "", bar: str = "") -> Response:
    """``term``: the first exclusion that holds, such as ``list:5``; ``bar`` as in ``barred_by``."""
    if code in _SAYS_ALL:
        return coded(f"left_{code}")
    if code == LeftOut.EXCLUDED:
        return coded("excluded", term)
    return barred_by(bar) if code == LeftOut.SUPPRESSED else NO_ADDRESS


#: The same in SQL, of the columns ``bar``, ``term`` and ``stop`` of ``b``.
RESPONSE_SQL: Final = f"""
       CASE WHEN b.bar = '' THEN '' WHEN b.bar = 'no_address' THEN '{NO_ADDRESS}'
            WHEN b.bar = 'excluded' THEN '{coded("excluded", "")}' || b.term
            WHEN b.bar = 'suppressed' THEN '{barred_by("")}' || b.stop
            ELSE '@left_' || b.bar END"""
