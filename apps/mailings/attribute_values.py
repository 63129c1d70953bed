"""Values of custom fields: read as their kind, kept as JSON of it, and written as text.

A value that cannot be read as its kind stays the text that it is: a misfit, which meets no
condition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from apps.core.content.program import Items
from apps.core.content.program.parts import MOST_ITEMS
from apps.core.content.template_language import ITEM
from apps.core.text.storable import is_storable
from apps.mailings.models import AttributeDefinition

#: Bounds of a list field: keys of an item, and characters in all.
MOST_KEYS: Final = 20
LARGEST_LIST: Final = 16_000
_ITEM_NAME: Final = re.compile(r"[^\W\d]\w{0,49}")

#: What a custom field can be.
Value = str | int | float | bool
Kind = AttributeDefinition.Kind

#: An owner's names beyond so many are kept with their people, but not defined.
MOST_DEFINED: Final = 500
_LONGEST: Final = 1_000
_LARGEST: Final = 10**15
_NUMBER: Final = re.compile(r"[+-]?\d{1,16}(?:[.,]\d{1,15})?")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+|[+-]?\d{1,3}(?:,\d{3}){2,}")
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:[T ].*)?")
_DOTTED: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_YES: Final = frozenset({"true", "yes", "y", "1", "on", "да", "истина", "+"})
_NO: Final = frozenset({"false", "no", "n", "0", "off", "нет", "ложь", "-"})


@dataclass(frozen=True, slots=True)
class AttributeKind:
    """The kind of a custom field, and its values when it has a closed set of them."""

    kind: str = Kind.TEXT.value
    choices: tuple[str, ...] = ()

    def read(self, value: object) -> Value | None:
        """The value as this kind; None when it cannot be read so. A list field is of none."""
        if isinstance(value, (list, dict)):
            return None
        if self.kind == Kind.TEXT or not isinstance(value, str | int | float):
            return _text(value)
        if self.kind == Kind.CHOICE:
            found = _text(value)
            return found if not self.choices or found in self.choices else None
        return _READERS[self.kind](value)


TEXT: Final = AttributeKind()


def as_text(value: object) -> str:
    """The value as messages and tables show it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        return str(int(value))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)


def list_items(value: object) -> Items | None:
    """The items of a list field, each with every name; None for anything else.

    A list field is a list of flat objects, so small that a letter can repeat a block for each.
    Read for every letter: no step here is made twice.
    """
    if not isinstance(value, list) or len(value) > MOST_ITEMS:
        return None
    names: dict[str, str] = {}
    for item in value:
        if not isinstance(item, dict) or len(item) > MOST_KEYS:
            return None
        for name in item:
            if name not in names:
                if not _ITEM_NAME.fullmatch(name):
                    return None
                names[name] = f"{ITEM}.{name}"
    items, size = [], 0
    for item in value:
        texts = _item_texts(item, names)
        if texts is None:
            return None
        items.append(texts)
        size += sum(map(len, texts.values()))
    return items if size <= LARGEST_LIST else None


def _item_texts(item: Mapping[str, object], names: Mapping[str, str]) -> dict[str, str] | None:
    texts: dict[str, str] = {}
    for name, key in names.items():
        one = item.get(name)
        if isinstance(one, str):
            texts[key] = one
        elif one is None or isinstance(one, (int, float)):
            texts[key] = as_text(one)
        else:
            return None
    return texts


def lists_in(values: Mapping[str, object]) -> dict[str, Items]:
    """The list fields among these, by both names that a template may call them."""
    found: dict[str, Items] = {}
    for name, value in values.items():
        if isinstance(value, list) and (items := list_items(value)) is not None:
            found[name] = found[f"attributes.{name}"] = items
    return found


def shown_text(value: object) -> str:
    """The value as a message writes it: of a list how long it is, and nothing of an empty one."""
    if isinstance(value, list):
        return str(len(value)) if value else ""
    return as_text(value)


def encoder(kind: AttributeKind, quote: Callable[[str], str]) -> Callable[[str], str]:
    """Writes a value as JSON of its kind; one that cannot be read so stays a text."""
    if kind.kind == Kind.TEXT:
        return quote

    def encode(value: str) -> str:
        read = kind.read(value)
        if read is None or isinstance(read, str):
            return quote(value if read is None else read)
        return json.dumps(read)

    return encode


def kinds_of(owner_id: int) -> dict[str, AttributeKind]:
    """The owner's custom fields by name."""
    rows = AttributeDefinition.objects.filter(owner_id=owner_id)
    found = rows.values_list("name", "kind", "choices")
    return {name: AttributeKind(kind, tuple(choices)) for name, kind, choices in found}


def define(owner_id: int, names: Iterable[str], known: Mapping[str, AttributeKind]) -> None:
    """Give those of the names that have no definition one of text."""
    fresh = [name for name in dict.fromkeys(names) if name not in known]
    AttributeDefinition.objects.bulk_create(
        (
            AttributeDefinition(owner_id=owner_id, name=name)
            for name in fresh[: max(0, MOST_DEFINED - len(known))]
        ),
        ignore_conflicts=True,
    )


def distinct_choices(lines: str) -> Sequence[str]:
    """The values of a closed set, one on each line, each once."""
    return list(dict.fromkeys(filter(None, (line.strip() for line in lines.splitlines()))))


def _text(value: object) -> str | None:
    text = as_text(value)
    return text if len(text) <= _LONGEST and is_storable(text) else None


def _number(value: Value) -> Value | None:
    if not isinstance(value, str):
        return None if isinstance(value, bool) else _within(value)
    text = re.sub(r"[\s\u2009\u202f]", "", value).replace("\u2212", "-")
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    elif not _NUMBER.fullmatch(text):
        return None
    text = text.replace(",", ".")
    return _within(float(text) if "." in text else int(text))


def _within(number: int | float) -> int | float | None:
    if not abs(number) <= _LARGEST:  # a NaN is neither
        return None
    return int(number) if isinstance(number, float) and number.is_integer() else number


def _day(value: Value) -> Value | None:
    text = value.strip() if isinstance(value, str) else ""
    if found := _ISO.fullmatch(text):
        year, month, day = found.groups()
    elif found := _DOTTED.fullmatch(text):
        day, month, year = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


def _flag(value: Value) -> Value | None:
    if isinstance(value, bool):
        return value
    word = as_text(value).strip().lower()
    return True if word in _YES else False if word in _NO else None


_READERS: Final[Mapping[str, Callable[[Value], Value | None]]] = MappingProxyType(
    {Kind.NUMBER.value: _number, Kind.DATE.value: _day, Kind.BOOL.value: _flag}
)
