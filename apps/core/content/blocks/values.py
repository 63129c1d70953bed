"""The values that a letter's document is made of: words, links, colours, pictures, conditions."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from apps.core.content.blocks.cleaning import clean_rich
from apps.core.content.blocks.links import checked_link
from apps.core.content.blocks.typography import plain_blanks
from apps.core.content.program.conditions import can_ask

MAX_RICH: Final = 20_000
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{8,16}$")]
_ONE_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
Exact = Annotated[str, StringConstraints(max_length=300, pattern=_ONE_LINE)]
Line = Annotated[Exact, AfterValidator(plain_blanks)]
Label = Annotated[
    str, StringConstraints(max_length=120, pattern=_ONE_LINE), AfterValidator(plain_blanks)
]
Name = Annotated[str, StringConstraints(max_length=120)]
Hex = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
ROLES: Final = (
    "page",
    "surface",
    "text",
    "muted",
    "link",
    "accent",
    "button",
    "button_text",
    "line",
)
Colour = Annotated[str, StringConstraints(pattern=r"^(#[0-9a-f]{6}|" + "|".join(ROLES) + ")$")]
Font = Literal["system", "arial", "georgia", "verdana", "tahoma", "trebuchet", "times", "courier"]
Space = Annotated[int, Field(ge=0, le=96)]
Align = Literal["left", "center", "right"]
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]


def _rich(value: str) -> str:
    cleaned = clean_rich(value)
    if len(cleaned) > MAX_RICH:
        raise ValueError(f"a text has at most {MAX_RICH} characters")
    return cleaned


#: Cleaned wherever a document is read: no writer of rows meets a tag that it does not know.
Rich = Annotated[str, StringConstraints(max_length=MAX_RICH), AfterValidator(_rich)]
Link = Annotated[str, AfterValidator(checked_link)]


class Strict(BaseModel):
    """A part of a document: unknown keys are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Palette(Strict):
    page: Hex = "#f2f4f7"
    surface: Hex = "#ffffff"
    text: Hex = "#1b2630"
    muted: Hex = "#5b6872"
    link: Hex = "#0b5cad"
    accent: Hex = "#0b5cad"
    button: Hex = "#0b5cad"
    button_text: Hex = "#ffffff"
    line: Hex = "#dfe4ea"


DARK: Final = Palette(
    page="#12171c",
    surface="#1b2229",
    text="#eef2f5",
    muted="#a9b4bd",
    link="#7db8f5",
    accent="#7db8f5",
    button="#2368b0",
    button_text="#ffffff",
    line="#33404b",
)


class Theme(Strict):
    follows_brand: bool = False
    width: Annotated[int, Field(ge=480, le=720)] = 600
    font: Font = "system"
    heading_font: Font = "system"
    size: Annotated[int, Field(ge=13, le=20)] = 16
    leading: Annotated[float, Field(ge=1.2, le=2.0)] = 1.5
    radius: Annotated[int, Field(ge=0, le=32)] = 8
    button_radius: Annotated[int, Field(ge=0, le=32)] = 8
    button_padding: tuple[Space, Space] = (14, 28)
    light: Palette = Palette()
    dark: Palette | None = DARK  # None: the letter declares itself light only


class Rule(Strict):
    """One condition on the recipient. ``name``: of a field; ``id``: of a tag or a segment."""

    kind: Literal["field", "tag", "segment", "language"]
    name: Name = ""
    id: RowId | None = None
    op: Literal[
        "is", "is_not", "contains", "empty", "not_empty", "more", "less", "before", "after"
    ] = "is"
    value: Exact = ""

    @model_validator(mode="after")
    def _whole(self) -> Rule:
        if (self.kind in ("tag", "segment")) != (self.id is not None):
            raise ValueError("a tag or segment is named by its id, anything else is not")
        if self.kind == "field" and not self.name:
            raise ValueError("choose a field")
        if not can_ask(self.kind, self.op):
            raise ValueError(f"a {self.kind} is not compared by {self.op}")
        return self


class Visibility(Strict):
    """Who gets it. Everybody else does not get its bytes either."""

    match: Literal["all", "any"] = "all"
    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=10)]


class Picture(Strict):
    """From the library (``media``), or an address with placeholders in it (``url``)."""

    media: RowId | None = None
    url: Link = ""
    alt: Line = ""
    decorative: bool = False
    embed: bool = False  # travels inside the letter (CID)
    dark_media: RowId | None = None
