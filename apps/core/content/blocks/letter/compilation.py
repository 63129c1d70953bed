"""What the writers of a letter share while it is written: numbers, colours, widths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from apps.core.content.blocks.colours import Colours
from apps.core.content.blocks.completeness import ContentGap
from apps.core.content.blocks.letter.parts import LetterLink, LetterPicture, Part
from apps.core.content.blocks.letter.phrases import Phrases
from apps.core.content.blocks.values import Picture, Theme, Visibility

#: Pictures are asked for at twice the width that they are shown in, for dense screens.
DENSITY: Final = 2

Scheme = Literal["reader", "light", "dark"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a letter needs from outside to be compiled.

    ``picture`` gives the address of a picture of the library in a width in pixels, or nothing;
    ``icons`` is the address of ``static/letters/networks/``, empty where networks are written
    out; ``embed`` is False where no attachments are shown, as in a preview; ``marks`` writes the
    ids of nodes into the HTML, for the canvas of an editor; ``view_page`` is False where no page
    shows the letter, so that no link leads to it; ``scheme`` is the light or the dark that a
    preview shows, for a frame does not take over its page's.
    """

    phrases: Phrases
    picture: Callable[[int, int], str]
    icons: str = ""
    embed: bool = True
    marks: bool = False
    view_page: bool = True
    scheme: Scheme = "reader"


@dataclass
class Compilation:
    """One letter that is being written."""

    theme: Theme
    surroundings: Surroundings
    colours: Colours
    conditions: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[ContentGap] = field(default_factory=list)
    phone_rules: dict[str, str] = field(default_factory=dict)  # class -> its rule on a phone
    block: str = ""  # the id of the one that is being written
    column_width: int = 600
    sides: tuple[int, int] = (24, 24)  # left and right of a cell
    kept_from_word: bool = False  # what is written; its conditional comments do not nest
    side_class: str = ""  # gives a cell of several columns its sides on a phone
    _seen: dict[Visibility, int] = field(default_factory=dict)
    _links: dict[tuple[str, str], int] = field(default_factory=dict)
    _pictures: dict[tuple[int, int, bool], LetterPicture] = field(default_factory=dict)

    @property
    def phrases(self) -> Phrases:
        return self.surroundings.phrases

    @property
    def inner_width(self) -> int:
        """Of what stands in a cell between its sides."""
        return self.column_width - sum(self.sides)

    def shown(self, visibility: Visibility | None, parts: list[Part]) -> list[Part]:
        """The parts, or the condition that they are shown under."""
        if visibility is None or not parts:
            return parts
        if visibility not in self._seen:
            self._seen[visibility] = len(self.conditions)
            self.conditions.append(visibility.model_dump(mode="json"))
        return [{"if": self._seen[visibility], "parts": parts}]

    def link(self, address: str) -> int:
        """The number of this address in this block, the same in HTML and text."""
        return self._links.setdefault((address, self.block), len(self._links) + 1)

    @property
    def links(self) -> list[LetterLink]:
        return [LetterLink(address, block) for address, block in self._links]

    @property
    def pictures(self) -> list[LetterPicture]:
        return list(self._pictures.values())

    def picture(self, media: int, width: int, *, embed: bool = False) -> str:
        """The address of a picture of the library that is shown so wide."""
        embed = embed and self.surroundings.embed
        key = (media, width * DENSITY, embed)
        if key not in self._pictures:
            address = (
                f"cid:m{media}w{key[1]}@letter"
                if embed
                else self.surroundings.picture(media, key[1])
            )
            self._pictures[key] = LetterPicture(media, key[1], address, embed)
        return self._pictures[key].address

    def address_of(self, picture: Picture, width: int) -> str:
        """Of the library or of elsewhere; empty for one that has not been chosen yet."""
        if picture.media is None:
            return picture.url
        return self.picture(picture.media, width, embed=picture.embed)
