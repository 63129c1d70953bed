"""Cells that hold a JSON object, as listmonk (`attributes`) and Keila (`data`) write them: every
name in it is an attribute."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from apps.core.text.storable import is_whole
from apps.mailings.importing.columns import attribute_name

#: Longer than any that these programs write; and more names than one recipient sensibly has.
_LONGEST: Final = 20_000
_MOST_NAMES: Final = 100
_Object = dict[str, str]


def unfolded(values: Sequence[str]) -> tuple[Sequence[str], list[_Object]]:
    """The values without those that are objects, and the object of every row, empty for none."""
    if "\n{" not in "\n" + "\n".join(values):
        return values, []
    found = [_object(value) for value in values]
    if not any(found):
        return values, []
    return ["" if one else value for value, one in zip(values, found, strict=True)], found


def names_in(values: Sequence[str]) -> list[str]:
    """The attributes that the objects of a column make, in the order in which they come."""
    return list(dict.fromkeys(name for one in unfolded(values)[1] for name in one))


def _object(value: str) -> _Object:
    """By the names that templates take. What is no such object stays the text that it is."""
    text = value.strip()
    if not (text.startswith("{") and text.endswith("}")) or len(text) > _LONGEST:
        return {}
    try:
        found = json.loads(text)
        text.encode()
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict) or len(found) > _MOST_NAMES:
        return {}
    named = {attribute_name(name): _text(one) for name, one in found.items()}
    whole = len(named) == len(found) and all(named) and all(map(is_whole, named.values()))
    return named if whole else {}


def _text(value: Any) -> str:
    """As a person would write it; what is nested stays JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
