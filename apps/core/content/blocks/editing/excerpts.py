"""Single sections and blocks of a letter, as the canvas of an editor puts them in place."""

from __future__ import annotations

from typing import Final

from apps.core.content.blocks.colours import Colours
from apps.core.content.blocks.compile import Layout
from apps.core.content.blocks.document import Document, Section
from apps.core.content.blocks.letter.compilation import Compilation, Surroundings
from apps.core.content.blocks.letter.sheet import phone_rules
from apps.core.content.blocks.letter.showing import written_html, written_rows
from apps.core.content.blocks.schema import Block

#: The end of the tag that a section begins with on a canvas.
_OPENED: Final = ">"


def section_html(document: Document, surroundings: Surroundings, section: Section) -> str:
    """A section with the rules that its columns need. Raises ContentRefused."""
    compilation = _compilation(document, surroundings)
    parts, widths = Layout(compilation).section(section)
    tag, opened, rest = written_html(parts).partition(_OPENED)
    return f"{tag}{opened}<style>{widths}{phone_rules(compilation)}</style>{rest}"


def block_html(
    document: Document, surroundings: Surroundings, section: Section, number: int, block: Block
) -> str:
    """The rows of a block in the column of this number. Raises ContentRefused."""
    compilation = _compilation(document, surroundings)
    return written_rows(Layout(compilation).block(section, number, block))


def _compilation(document: Document, surroundings: Surroundings) -> Compilation:
    return Compilation(document.theme, surroundings, Colours(document.theme))
