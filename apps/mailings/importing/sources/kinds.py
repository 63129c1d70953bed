"""Which source a declaration makes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from apps.mailings.importing.sources.contract import RecipientSource
from apps.mailings.importing.sources.declaration import Declaration, Kind
from apps.mailings.importing.sources.files import FileSource
from apps.mailings.importing.sources.http import UrlSource
from apps.mailings.importing.sources.listmonk import ListmonkSource
from apps.mailings.importing.sources.sql import SqlSource

KINDS: Final[Mapping[Kind, Callable[[Declaration], RecipientSource]]] = {
    "file": FileSource,
    "url": UrlSource,
    "sql": SqlSource,
    "listmonk": ListmonkSource,
}


def source_of(declaration: Declaration) -> RecipientSource:
    """The source, which has not been asked yet."""
    return KINDS[declaration.kind](declaration)
