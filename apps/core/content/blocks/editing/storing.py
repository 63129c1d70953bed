"""A document from outside, or from an act on it, as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from apps.core.content.blocks.document import dump, read
from apps.core.content.blocks.errors import DocumentInvalid

#: A section, its columns, their blocks, a repeat, items, their pictures, and what is around them.
_DEEPEST: Final = 30


def stored(given: Mapping[str, Any]) -> dict[str, Any]:
    """The document of today's schema, its writing cleaned, its defaults written out.

    Raises DocumentInvalid, DocumentNewer, DocumentTooBig.
    """
    found: dict[str, Any] = without_nul(dump(read(given)))
    return found


def without_nul(value: Any, depth: int = 0) -> Any:
    """The same without NUL, which no database keeps. Raises DocumentInvalid for one too deep."""
    if depth > _DEEPEST:
        raise DocumentInvalid("it is nested too deeply")
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {name: without_nul(part, depth + 1) for name, part in value.items()}
    if isinstance(value, list):
        return [without_nul(part, depth + 1) for part in value]
    return value
