"""What still uses a row: asked of the higher apps before it is deleted or archived.

Refused
└─ StillUsed   still_used   something at work uses it
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext as _

from apps.core.errors import Refused

#: So many places are named.
NAMED: Final = 5
#: Each answers with the places at which it uses the row. Added by the apps' ``ready()``.
use_sources: Final[list[Callable[[Any], list[str]]]] = []


class StillUsed(Refused):
    """Something at work uses it."""

    code = "still_used"


def check_unused(row: Any) -> None:
    """Raise StillUsed with the places that use this row."""
    places = [place for ask in use_sources for place in ask(row)]
    if not places:
        return
    more = len(places) - NAMED
    named = ", ".join(places[:NAMED])
    if more > 0:
        text = _("It is still used: %(places)s, and %(count)s more.")
        raise StillUsed(text % {"places": named, "count": more})
    raise StillUsed(_("It is still used: %(places)s.") % {"places": named})
