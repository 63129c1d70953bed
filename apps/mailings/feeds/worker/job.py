"""What is to be read of a feed, and what was found in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


class CannotRead(Exception):
    """It is no feed; the argument is a code that the parent has words for."""


@dataclass(frozen=True, slots=True)
class Job:
    """``source``: the file with the document. ``url``, ``content_type``: as it was answered."""

    source: str
    url: str
    content_type: str
    most_items: int
    megabytes: int
    seconds: int

    @classmethod
    def read(cls, text: str) -> Job:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Entry:
    """One item in its order. Texts are plain, ``html`` is cleaned, ``published`` is ISO or empty.

    ``link`` and ``image`` are whole addresses of http or https, or empty.
    """

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    html: str = ""
    author: str = ""
    image: str = ""
    published: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """``site``: the address of what the feed belongs to."""

    title: str = ""
    site: str = ""
    entries: list[Entry] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, found: dict[str, Any]) -> Findings:
        entries = [Entry(**one) for one in found.pop("entries")]
        return cls(**found, entries=entries)
