"""Values as the audit log keeps them: plain, short, and never a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db.models.fields.files import FieldFile

#: What stands where a secret stood.
HIDDEN: Final = "•••"
#: So much of a text is kept.
LONGEST: Final = 300
#: Names of fields whose values are never kept, whatever their model says.
_SECRET: Final = re.compile(r"password|secret|token|digest|seed|api_?key", re.IGNORECASE)

Changes = dict[str, list[Any]]


def is_secret(name: str) -> bool:
    """True for a field whose value must not be kept: only that it changed."""
    return _SECRET.search(name) is not None


def plain(value: Any) -> Any:
    """The value as JSON keeps it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, FieldFile):
        return _cut(value.name or "")
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        return _structure(value)
    if isinstance(value, timedelta | Decimal | UUID):
        return str(value)
    return _cut(str(value))


def changes_between(
    before: Mapping[str, Any], after: Mapping[str, Any], hidden: Collection[str] = ()
) -> Changes:
    """The fields that differ, each with its value before and after; of ``hidden`` only that.

    Of a mapping its own entries are compared, one level deep.
    """
    found: Changes = {}
    for name in after:
        old, new = before.get(name), after[name]
        if plain_equal(old, new):
            continue
        if name in hidden or is_secret(name):
            found[name] = [HIDDEN if old else None, HIDDEN if new else None]
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            for key in sorted({*old, *new}, key=str):
                if old.get(key) != new.get(key):
                    found[f"{name}.{key}"] = _pair(f"{name}.{key}", old.get(key), new.get(key))
        else:
            found[name] = [plain(old), plain(new)]
    return found


def plain_equal(old: Any, new: Any) -> bool:
    """True when both are stored as the same."""
    if isinstance(old, Mapping | list) or isinstance(new, Mapping | list):
        return bool(old == new)
    whole_old, whole_new = _whole(old), _whole(new)
    return bool(whole_old == whole_new)


def _whole(value: Any) -> Any:
    if isinstance(value, FieldFile):
        return value.name or ""
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _pair(name: str, old: Any, new: Any) -> list[Any]:
    if is_secret(name):
        return [HIDDEN if old else None, HIDDEN if new else None]
    return [plain(old), plain(new)]


def _structure(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return json.loads(text) if len(text) <= LONGEST else f"({len(text)})"


def _cut(text: str) -> str:
    """The beginning of the text, to the end of a word: half an address could not be erased."""
    if len(text) <= LONGEST:
        return text
    head, blank, _rest = text[:LONGEST].rpartition(" ")
    return f"{head if blank else ''}… ({len(text)})"
