"""Why a recipient is skipped, as it is stored with the delivery."""

from __future__ import annotations

from typing import Final

from apps.core.responses.stored import Response, coded

NO_ADDRESS: Final = coded("no_address")


def barred_by(bar: str) -> Response:
    """``bar``: the reason of a suppression, or ``archived``. It stands at the end."""
    return coded("barred", bar)
