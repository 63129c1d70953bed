"""What an account for text messages may say: its provider's record decides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from apps.delivery.channels.sms.record import Record, RecordWrong, presets, record_of

KIND: Final = "sms"
_PRICE: Final = re.compile(r"\d{1,6}(\.\d{1,4})?( [A-Z]{3})?", re.ASCII)


def record(value: str) -> str:
    """Return the path of a file that is a record. Raises ValueError."""
    if value:
        _read("", value)
    return value


def provider(value: str, file: str) -> str:
    """Return the name of a provider whose record is known, or nothing beside a file.

    Raises ValueError.
    """
    if value:
        _read(value, "")
    elif not file:
        known = ", ".join(presets())
        raise ValueError(f"is needed when the kind is {KIND}: one of {known}; or else RECORD")
    return value


def price(value: str) -> str:
    """Return what a part costs, with or without a currency. Raises ValueError."""
    if value and not _PRICE.fullmatch(value):
        raise ValueError("is a number with a currency or without one (example: 2.49 RUB)")
    return value


def needed(name: str, value: str, data: Mapping[str, Any]) -> str:
    """Return a key that the provider needs. Raises ValueError without it."""
    found = record_in(data)
    if found is not None and not value and name in found.needs:
        raise ValueError(f"is needed by {found.title}")
    return value


def record_in(data: Mapping[str, Any]) -> Record | None:
    """The record that an account of this kind names; None: it names none that can be read."""
    named, file = str(data.get("provider", "")), str(data.get("record", ""))
    if data.get("kind") != KIND or not (named or file):
        return None
    try:
        return record_of(named, file)
    except RecordWrong:
        return None


def _read(named: str, file: str) -> Record:
    try:
        return record_of(named, file)
    except RecordWrong as error:
        raise ValueError(str(error)) from None
