"""The rules of all URLs, one module per area. A module has ENDPOINTS, and COUNTS for its pages.

``COUNTS`` says how many queries a page costs its owner; ``{pk}`` in a path is the cast's mailing
unless the module's ``PATHS`` says otherwise.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from tests.access.rules.types import Endpoint

_AREAS = [import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)]


def _all(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for area in _AREAS:
        part = getattr(area, name, {})
        assert not found.keys() & part.keys(), f"two rules for one URL in {area.__name__}"
        found.update(part)
    return found


ENDPOINTS: dict[str, Endpoint] = _all("ENDPOINTS")
COUNTS: dict[str, int] = _all("COUNTS")
