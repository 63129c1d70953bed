"""What is to be made of a picture, and what was found in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


class CannotDecode(Exception):
    """The picture is not taken; the argument is a code that the parent has words for."""


@dataclass(frozen=True, slots=True)
class Job:
    """``widths``: so wide, at most as wide as the picture; 0 is the picture itself.

    ``max_width``: wider ones are made that narrow. ``keep``: the kind that it must stay (a picture
    that was made by us before), or nothing: the best one is chosen. ``colours``: so many are looked
    for. ``box``: left, top, right and bottom of the part that is kept, all without.
    """

    source: str
    target: str
    widths: list[int]
    megabytes: int
    seconds: int
    max_pixels: int
    max_side: int
    max_width: int
    max_frames: int
    max_moving_pixels: int
    max_moving_bytes: int
    keep: str = ""
    colours: int = 0
    box: list[int] = field(default_factory=list)

    @classmethod
    def read(cls, text: str) -> Job:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Made:
    """A file in the target directory that shows the picture as it was asked for by ``width``."""

    width: int
    file: str
    pixels: tuple[int, int]


@dataclass(slots=True)
class Findings:
    """``kind``: jpeg, png or gif. ``animated``: it moves, and still does.

    ``colours``: ``#rrggbb``, the most frequent first.
    """

    kind: str = ""
    width: int = 0
    height: int = 0
    animated: bool = False
    made: list[Made] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, found: dict[str, Any]) -> Findings:
        made = [Made(one["width"], one["file"], tuple(one["pixels"])) for one in found.pop("made")]
        return cls(**found, made=made)
