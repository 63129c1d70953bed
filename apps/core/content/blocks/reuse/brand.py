"""The brand of an owner, and a document that takes from it what it leaves empty itself.

The theme is taken where the document follows the brand. Logo, name, company, address and links are
taken wherever a header, a footer or a block of networks has none of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from apps.core.content.blocks.colours import partner
from apps.core.content.blocks.document import Document, Saved, Section
from apps.core.content.blocks.schema import Block, Footer, Header, Network, Repeat, Social
from apps.core.content.blocks.values import (
    DARK,
    Label,
    Line,
    Link,
    Palette,
    Picture,
    RowId,
    Strict,
    Theme,
)

#: In the one form in which languages are stored.
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,6})?$")]
#: Roles whose dark value carries the hue of the light one.
_INKS: Final = ("link", "accent")


class BrandWords(Strict):
    """What a brand says in one more language; what is empty is said as in its own.

    The last three are the fixed words of a letter, for a language that these are not written in.
    """

    name: Line = ""
    company: Line = ""
    address: Line = ""
    reason: Line = ""
    unsubscribe: Label = ""
    preferences: Label = ""
    view: Label = ""


class BrandLook(Strict):
    """What letters show of who sends them."""

    name: Line = ""
    logo: RowId | None = None
    website: Link = ""
    company: Line = ""
    address: Line = ""
    reason: Line = ""  # why the reader gets it
    networks: Annotated[tuple[Network, ...], Field(max_length=10)] = ()
    theme: Theme = Theme()
    translations: Annotated[dict[LanguageCode, BrandWords], Field(max_length=20)] = {}

    def written_in(self, language: str) -> BrandLook:
        """The same in this language."""
        found = self.translations.get(language)
        if found is None:
            return self
        said = found.model_dump(include={"name", "company", "address", "reason"})
        return self.model_copy(update={name: text for name, text in said.items() if text})

    @property
    def logo_picture(self) -> Picture | None:
        """The logo as a header shows it; its text is whose it is."""
        if self.logo is None:
            return None
        alt = self.name or self.company
        return Picture(media=self.logo, alt=alt, decorative=not alt)


def with_brand(document: Document, brand: BrandLook) -> Document:
    """The document with what it takes from the brand. The one given stays as it is."""
    theme = document.theme
    if theme.follows_brand:
        theme = brand.theme.model_copy(update={"follows_brand": True})
    body = tuple(_with_blocks(part, _filler(brand)) for part in document.body)
    return document.model_copy(update={"theme": theme, "body": body})


def without_samples(document: Document, brand: BrandLook) -> Document:
    """A document of the gallery whose made-up company gives way to the brand's.

    What the brand does not have keeps its sample, so that its place is seen.
    """

    def emptied(block: Block) -> Block:
        change: dict[str, Any] = {}
        if isinstance(block, Header) and (brand.logo or brand.name):
            change = {"logo": None, "name": ""}
        if isinstance(block, Header) and brand.website:
            change["link"] = ""
        if isinstance(block, Footer):
            change = {name: "" for name in ("company", "address") if getattr(brand, name)}
        if isinstance(block, Social) and brand.networks:
            change = {"networks": ()}
        return block.model_copy(update=change)

    body = tuple(_with_blocks(part, emptied) for part in document.body)
    return document.model_copy(update={"body": body})


def dark_of(light: Palette) -> Palette:
    """Colours for the dark that keep the hue of these: grounds go dark, inks go light."""
    inks = {role: partner(getattr(light, role), DARK, "color") for role in _INKS}
    button = {role: getattr(light, role) for role in ("button", "button_text")}
    return DARK.model_copy(update={**inks, **button})


def _filler(brand: BrandLook) -> Callable[[Block], Block]:
    def filled(block: Block) -> Block:
        change: dict[str, Any] = {}
        if isinstance(block, Header):
            if block.logo is None and not block.name:
                change = {"logo": brand.logo_picture, "name": brand.name}
            if not block.link:
                change["link"] = brand.website
        elif isinstance(block, Footer):
            names = ("company", "address", "reason")
            change = {name: getattr(brand, name) for name in names if not getattr(block, name)}
        elif isinstance(block, Social) and not block.networks:
            change = {"networks": brand.networks}
        return block.model_copy(update=change) if change else block

    return filled


def _with_blocks(section: Section | Saved, changed: Callable[[Block], Block]) -> Section | Saved:
    """The section with every block as this gives it back."""
    if isinstance(section, Saved):
        return section
    columns = tuple(
        column.model_copy(
            update={"blocks": tuple(_changed(block, changed) for block in column.blocks)}
        )
        for column in section.columns
    )
    return section.model_copy(update={"columns": columns})


def _changed(block: Block, changed: Callable[[Block], Block]) -> Block:
    if isinstance(block, Repeat):
        inner = tuple(changed(one) for one in block.blocks)
        return block.model_copy(update={"blocks": inner})
    return changed(block)
