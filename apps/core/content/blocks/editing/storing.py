"""A document from outside, or from an act on it, as it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from apps.core.content.blocks.document import Document, dump, read
from apps.core.content.blocks.errors import DocumentInvalid

#: A section, its columns, their blocks, a repeat, items, their pictures, and what is around them.
_DEEPEST: Final = 30
#: Half of a character outside the first plane: JSON can name it, and no encoding can hold it.
_HALF: Final = re.compile("[\ud800-\udfff]")


def stored(given: Mapping[str, Any]) -> dict[str, Any]:
    """The document of today's schema, its writing cleaned, its defaults written out.

    Raises DocumentInvalid, DocumentNewer, DocumentTooBig.
    """
    return kept(read(given))


def kept(document: Document) -> dict[str, Any]:
    """What is stored of a document that has been read. Raises DocumentInvalid."""
    found: dict[str, Any] = without_nul(dump(document))
    return found


def without_nul(value: Any, depth: int = 0) -> Any:
    """The same without NUL, which no database keeps.

    Raises DocumentInvalid for one too deep, and for one with a lone surrogate, which is no text.
    """
    if depth > _DEEPEST:
        raise DocumentInvalid("it is nested too deeply")
    if isinstance(value, str):
        if _HALF.search(value):
            raise DocumentInvalid("it holds a lone surrogate")
        return value.replace("\x00", "")
    if isinstance(value, dict):
        return {
            without_nul(name, depth + 1): without_nul(part, depth + 1)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [without_nul(part, depth + 1) for part in value]
    return value
