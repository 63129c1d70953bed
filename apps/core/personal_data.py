"""What an installation keeps of one person: cut out of texts, erased and copied app by app.

An app above the recipients keeps rows of its own about them. It registers a ``PersonalData``; an
erasure and a copy ask every one of them.
"""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final
from urllib.parse import quote

#: What stands where an address stood.
ERASED: Final = "[erased]"
#: A row of a table of a copy: plain values by their names.
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Person:
    """One recipient of one owner, with every address that was written to, by channel."""

    owner_id: int
    recipient_id: int
    addresses: frozenset[tuple[str, str]]
    delivery_ids: tuple[int, ...] = ()

    @cached_property
    def spellings(self) -> tuple[str, ...]:
        """How the addresses may be written in texts, the longest first."""
        found = {one for _channel, address in self.addresses for one in _spelled(address)}
        return tuple(sorted(found, key=lambda one: (-len(one), one)))

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if not self.spellings:
            return None
        # Digits are a number of theirs only when they are the whole number.
        parts = (rf"(?<!\d){re.escape(one)}(?!\d)" for one in self.spellings)
        return re.compile("|".join(parts), re.IGNORECASE)

    def names(self, text: str) -> bool:
        """True when one of the addresses stands in this text."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def cut(self, text: str) -> str:
        """The text without the addresses."""
        return self._pattern.sub(ERASED, text) if self._pattern is not None else text

    def cut_within(self, value: Any) -> Any:
        """The same structure with every text cut, however deep it lies."""
        if isinstance(value, str):
            return self.cut(value)
        if isinstance(value, dict):
            return {self.cut(key): self.cut_within(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.cut_within(one) for one in value]
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return None if is_number and self.names(str(value)) else value


def _spelled(address: str) -> Iterator[str]:
    """As it is stored, with an ASCII domain, in a URL, and in JSON."""
    local, at, domain = address.rpartition("@")
    written = [address]
    if at and not domain.isascii():
        written.append(f"{local}@{domain.encode('idna').decode('ascii')}")
    for one in written:
        yield from (one, quote(one), quote(one, safe="@"), json.dumps(one)[1:-1])


class PersonalData(ABC):
    """What one app keeps of a person. ``name`` stands in the certificate of an erasure."""

    name: ClassVar[str]

    @abstractmethod
    def erase(self, person: Person) -> int:
        """Empty or delete it, in the caller's transaction. Returns how many rows it was."""

    def copied(self, person: Person) -> Mapping[str, Sequence[Row]]:
        """Tables for the person's copy, by their names."""
        return {}


class Holders:
    """The apps that keep something of a person, each added once by its ``ready()``."""

    def __init__(self) -> None:
        self._found: dict[str, PersonalData] = {}

    def add(self, holder: PersonalData) -> None:
        self._found[holder.name] = holder

    def __iter__(self) -> Iterator[PersonalData]:
        return iter(self._found.values())


holders = Holders()
