"""What is asked of the reader of a letter, and what it says of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final

#: Of an archive: files, and bytes of all of them unpacked.
MOST_FILES: Final = 300
MOST_UNPACKED: Final = 60 * 1024 * 1024
#: Of the HTML: characters as it comes, elements, and bytes as it may be kept.
LONGEST_SOURCE: Final = 3_000_000
MOST_ELEMENTS: Final = 20_000
LONGEST_HTML: Final = 480_000
MOST_PICTURES: Final = 100


class CannotRead(Exception):
    """The letter cannot be read; the argument is a code that the parent has a text for."""


@dataclass(frozen=True, slots=True)
class Job:
    """Read ``source``, called ``name`` by its owner; write its pictures into ``target``."""

    source: str
    target: str
    name: str
    megabytes: int
    seconds: int

    @classmethod
    def read(cls, text: str) -> Job:
        return cls(**json.loads(text))


@dataclass(slots=True)
class Findings:
    """A letter that was read.

    In ``html`` a picture that came with it is ``cid:letter-N``, the Nth of ``pictures``: its file
    in the target directory, and its name. ``remote``: addresses of pictures elsewhere. ``missing``:
    names of pictures that did not come with it. ``left_out`` counts what was dropped, by its kind.
    """

    html: str = ""
    subject: str = ""
    preheader: str = ""
    language: str = ""
    pictures: list[tuple[str, str]] = field(default_factory=list)
    remote: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, found: dict[str, Any]) -> Findings:
        pictures = [(file, name) for file, name in found.pop("pictures")]
        return cls(**found, pictures=pictures)
