"""The kinds of block: what each may hold, half-written or not."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from apps.core.content.blocks.values import (
    Align,
    Colour,
    Id,
    Label,
    Line,
    Link,
    Name,
    Picture,
    Rich,
    Space,
    Strict,
    Visibility,
)


class Block(Strict):
    id: Id
    visibility: Visibility | None = None
    device: Literal["all", "phone", "desktop"] = "all"
    padding: tuple[Space, Space] = (8, 8)  # above, below
    background: Colour | None = None


class Heading(Block):
    type: Literal["heading"]
    level: Literal[1, 2, 3] = 2
    text: Line = ""
    align: Align = "left"
    colour: Colour = "text"


class Text(Block):
    type: Literal["text"]
    html: Rich = ""
    align: Align = "left"
    colour: Colour = "text"
    small: bool = False


class Image(Block):
    type: Literal["image"]
    picture: Picture = Picture()
    link: Link = ""
    width: Annotated[int, Field(ge=16, le=720)] | None = None  # None: as wide as the column
    align: Align = "center"
    bleed: bool = False  # to the edges of the section
    caption: Line = ""


class Button(Block):
    type: Literal["button"]
    label: Label = ""
    link: Link = ""
    look: Literal["filled", "outline", "plain"] = "filled"
    align: Align = "left"
    wide: bool = False


class Divider(Block):
    type: Literal["divider"]
    colour: Colour = "line"
    thickness: Annotated[int, Field(ge=1, le=8)] = 1
    line: Literal["solid", "dashed", "dotted"] = "solid"


class Spacer(Block):
    type: Literal["spacer"]
    height: Annotated[int, Field(ge=4, le=160)] = 24


class Item(Strict):
    title: Line = ""
    html: Rich = ""
    link: Link = ""
    link_label: Line = ""
    picture: Picture | None = None


class Listing(Block):
    type: Literal["list"]
    items: Annotated[tuple[Item, ...], Field(max_length=20)] = ()
    mark: Literal["none", "bullet", "number", "check", "picture"] = "bullet"


class Cards(Block):
    type: Literal["cards"]
    items: Annotated[tuple[Item, ...], Field(max_length=24)] = ()
    across: Literal[1, 2, 3] = 2


class Product(Block):
    type: Literal["product"]
    picture: Picture | None = None
    name: Line = ""
    html: Rich = ""
    price: Line = ""
    old_price: Line = ""
    badge: Line = ""
    label: Line = ""
    link: Link = ""
    picture_at: Literal["top", "left"] = "left"


class Quote(Block):
    type: Literal["quote"]
    html: Rich = ""
    author: Line = ""
    about: Line = ""
    picture: Picture | None = None


class Entry(Strict):
    label: Label = ""
    link: Link = ""


class Menu(Block):
    type: Literal["menu"]
    entries: Annotated[tuple[Entry, ...], Field(max_length=8)] = ()
    align: Align = "center"


class Network(Strict):
    network: Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}$")]  # a name of the icon set
    link: Link = ""


class Social(Block):
    type: Literal["social"]
    networks: Annotated[tuple[Network, ...], Field(max_length=10)] = ()
    look: Literal["colour", "plain", "words"] = "plain"
    size: Annotated[int, Field(ge=16, le=48)] = 28
    align: Align = "center"


class Header(Block):
    type: Literal["header"]
    logo: Picture | None = None
    name: Line = ""
    link: Link = ""
    logo_width: Annotated[int, Field(ge=24, le=400)] = 140
    align: Align = "left"
    view_link: bool = True


class Footer(Block):
    type: Literal["footer"]
    company: Line = ""
    address: Line = ""
    reason: Line = ""  # why the reader gets it
    mark: Line = ""  # the advertising mark (erid), where a law asks for it
    preferences: bool = True
    view_link: bool = True
    align: Align = "center"


class Code(Block):
    type: Literal["code"]
    value: Line = ""  # as a rule a placeholder
    note: Line = ""


class Table(Block):
    type: Literal["table"]
    head: Annotated[tuple[Line, ...], Field(max_length=5)] = ()
    rows: Annotated[tuple[tuple[Line, ...], ...], Field(max_length=50)] = ()
    source: Name = ""  # a list field: one row for each of its items, made of ``cells``
    cells: Annotated[tuple[Line, ...], Field(max_length=5)] = ()


class Video(Block):
    """No mail program plays one: a picture that leads to it, and a line under it that says so."""

    type: Literal["video"]
    picture: Picture = Picture()
    link: Link = ""
    label: Line = ""  # empty: the letter's own word for "watch"


class Html(Block):
    type: Literal["html"]
    source: Annotated[str, StringConstraints(max_length=100_000)] = ""


Plain = (
    Heading
    | Text
    | Image
    | Button
    | Divider
    | Spacer
    | Listing
    | Cards
    | Product
    | Quote
    | Menu
    | Social
    | Header
    | Footer
    | Code
    | Table
    | Video
    | Html
)


class Repeat(Block):
    """Its blocks once for each item of a list field, or of the mailing's feed."""

    type: Literal["repeat"]
    source: Name = ""
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    blocks: Annotated[
        tuple[Annotated[Plain, Field(discriminator="type")], ...], Field(max_length=8)
    ] = ()
    empty: Rich = ""

    @model_validator(mode="after")
    def _one_list(self) -> Repeat:
        if any(isinstance(block, Table) and block.source for block in self.blocks):
            raise ValueError("a table of a list field cannot stand in a repeat")
        return self


class Unrolled(Repeat):
    """A repeat of a feed whose blocks stand there for each of its items, words in their places."""
