"""A document to the parts of a letter: the layout by MJML, the rows inside it by our own writers.

MJML sees sections, columns, numbers and colours, and never a word of a user's: every column holds
one numbered comment, which is afterwards replaced by that column's rows; title, language and the
addresses of backdrops are put in afterwards as well. Why: what a user writes need not be XML;
MJML 1.4.2 writes attributes as Rust's debug form (a no-break space in an alt text becomes
``\\u{a0}``, a backslash doubles); 20 000 nested elements end the process; and the rows of MJML are
a fifth larger than ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import mjml

from apps.core.content.blocks.colours import Colours
from apps.core.content.blocks.completeness import ContentGap
from apps.core.content.blocks.document import Column, Document, Section, sections
from apps.core.content.blocks.errors import DocumentTooBig
from apps.core.content.blocks.letter.compilation import Compilation, Surroundings
from apps.core.content.blocks.letter.parts import CompiledLetter, Part, PartWriter, escaped
from apps.core.content.blocks.letter.sheet import head
from apps.core.content.blocks.links import PLACEHOLDER
from apps.core.content.blocks.rows.frame import invitation
from apps.core.content.blocks.rows.kinds import write_block
from apps.core.content.blocks.rows.writer import STACKS, Rows
from apps.core.content.blocks.schema import Block
from apps.core.content.blocks.text import text_parts
from apps.core.content.preheader import CLOSING, OPENING
from apps.core.errors import gettext_noop

MAX_HTML: Final = 500_000  # bytes
#: Gmail shows no more of a letter, and hides the link to unsubscribe with the rest.
CLIPPED: Final = 102_000
_CUT: Final = "<!--cut-->"
_TITLE: Final = "letter-title"
_BACKDROP: Final = "https://backdrop.invalid/"
_PLACES: Final = re.compile(r"<!--row(\d+)-->|https://backdrop\.invalid/(\d+)")
#: The rules for the widths of columns, which MJML writes into the head.
_WIDTHS: Final = re.compile(r"<style[^>]*>(@media[^<]*\.mj-column-[^<]*)</style>")
#: Two neighbouring comments for Word say nothing apart that they do not say together.
_MEETING: Final = re.compile(r"<!\[endif\]-->\s*<!--\[if mso \| IE\]>")
#: In HTML such an element stays open, and what surrounds it would not be balanced.
_CLOSED_FILL: Final = re.compile(r"(<v:fill [^>]*?)\s*/>")
_CODED: Final = {"'": "%27", "(": "%28", ")": "%29", "\\": "%5C"}
_CODE_OR_MARK: Final = re.compile(rf"{PLACEHOLDER.pattern}|['()\\]")


def compile_letter(
    document: Document, surroundings: Surroundings, *, title: str, preheader: str = ""
) -> CompiledLetter:
    """The document's HTML and text as parts, with the tables that their numbers lead to.

    Raises DocumentTooBig, and TemplateRefused for a block of HTML that cannot stand where it does.
    """
    compilation = Compilation(document.theme, surroundings, Colours(document.theme))
    parts = Layout(compilation).compiled(document, title, preheader)
    text = text_parts(document, compilation)
    size = _size(parts)
    if size > MAX_HTML:
        limit = gettext_noop("The email is bigger than %(limit)d kB.")
        raise DocumentTooBig(limit, limit=MAX_HTML // 1000)
    if size > CLIPPED:
        compilation.warnings.append(ContentGap("", "html_clipped"))
    return CompiledLetter(
        html=parts,
        text=text,
        conditions=compilation.conditions,
        links=compilation.links,
        pictures=compilation.pictures,
        warnings=compilation.warnings,
    )


class Layout:
    """What MJML is given, and the rows and addresses that are put into what it makes of it."""

    def __init__(self, compilation: Compilation) -> None:
        self._compilation = compilation
        self._columns: list[list[Part]] = []
        self._backdrops: list[str] = []

    def compiled(self, document: Document, title: str, preheader: str) -> list[Part]:
        compilation = self._compilation
        written = sections(document)
        ground = compilation.colours.name("page", "background")
        first, *middle, last = self._cut(written, ground)
        letter = PartWriter()
        letter.raw(self._opening(first, title, ground))
        if preheader.strip():
            letter.extend(self._preheader(preheader))
        for section, source in zip(written, middle, strict=True):
            letter.extend(compilation.shown(section.visibility, self._filled(section, source)))
        letter.raw(last)
        return letter.parts()

    def section(self, section: Section) -> tuple[list[Part], str]:
        """One section as it stands between the others, and the rules that its widths need."""
        first, middle, _last = self._cut((section,), "")
        return self._filled(section, middle), "".join(_WIDTHS.findall(first))

    def block(self, section: Section, number: int, block: Block) -> list[Part]:
        """The rows of one block in the column of this number."""
        self._enter(section, section.columns[number], number)
        rows = Rows(self._compilation)
        write_block(rows, block)
        return rows.parts()

    def _cut(self, body: Sequence[Section], ground: str) -> tuple[str, ...]:
        """What MJML makes of the sections: what is before them, each of them, what is behind."""
        theme = self._compilation.theme
        sources = [self._section(section) for section in body]
        return _laid_out(
            f'<mjml lang="und" dir="ltr"><mj-head><mj-title>{_TITLE}</mj-title>'
            "<mj-raw><!--head--></mj-raw></mj-head>"
            f'<mj-body width="{theme.width}px" background-color="{theme.light.page}"'
            f' css-class="{ground}">'
            + "".join(f"<mj-raw>{_CUT}</mj-raw>{one}" for one in sources)
            + f"<mj-raw>{_CUT}</mj-raw></mj-body></mjml>"
        )

    def _opening(self, first: str, title: str, ground: str) -> str:
        """Everything before the first section, its words put in."""
        phrases, theme = self._compilation.phrases, self._compilation.theme
        plain = escaped(" ".join(PLACEHOLDER.sub("", title).split()))
        label = f'aria-label="{plain}" ' if plain else ""
        family = f'dir="ltr" style="font-family:{STACKS[theme.font]};'
        return (
            first.replace("<!--head-->", head(self._compilation))
            .replace(f'aria-label="{_TITLE}" ', label)
            .replace('aria-roledescription="email"', f'aria-roledescription="{phrases.letter}"')
            .replace(f"<title>{_TITLE}</title>", f"<title>{plain}</title>")
            .replace('lang="und"', f'lang="{escaped(phrases.lang)}"')
            .replace("<body ", f'<body class="{ground}" ', 1)
            .replace('dir="ltr" style="', family, 1)
        )

    def _preheader(self, preheader: str) -> list[Part]:
        """What a list of letters shows behind the subject, kept apart from the letter's words."""
        hidden = Rows(self._compilation)
        hidden.raw(OPENING)
        hidden.text(preheader)
        hidden.raw(CLOSING)
        return hidden.parts()

    def _section(self, section: Section) -> str:
        """The section for MJML, its columns' rows written meanwhile."""
        compilation = self._compilation
        cells = [
            self._column(section, column, number) for number, column in enumerate(section.columns)
        ]
        # From right to left, and written backwards: on a phone the last one comes first.
        direction = ""
        if section.reverse_on_phone and len(cells) > 1:
            cells.reverse()
            direction = ' direction="rtl"'
        inside = "".join(cells)
        if not section.stack_on_phone and len(cells) > 1:
            inside = f"<mj-group>{inside}</mj-group>"
        ground = ""
        if section.background:
            kind = compilation.colours.name(section.background, "background")
            compilation.colours.inner(kind, ">table")
            value = compilation.colours.value(section.background)
            ground = f' background-color="{value}" css-class="{kind}"'
        backdrop = self._backdrop(section)
        if backdrop:
            ground += (
                f' background-url="{_BACKDROP}{len(self._backdrops)}" background-size="cover"'
                ' background-repeat="no-repeat" background-position="center center"'
            )
            self._backdrops.append(backdrop)
        full = ' full-width="full-width"' if section.full_width else ""
        above, below = section.padding
        return (
            f'<mj-section padding="{above}px 0 {below}px"{full}{ground}{direction}>'
            f"{inside}</mj-section>"
        )

    def _backdrop(self, section: Section) -> str:
        """The address of its picture; empty when it has none, or the library has it no more."""
        if section.backdrop is None:
            return ""
        compilation = self._compilation
        return _for_style(compilation.address_of(section.backdrop, compilation.theme.width))

    def _column(self, section: Section, column: Column, number: int) -> str:
        compilation = self._compilation
        self._enter(section, column, number)
        rows = Rows(compilation)
        for block in column.blocks:
            write_block(rows, block)
        if not column.blocks and rows.on_canvas:
            invitation(rows, column.id)
        self._columns.append(rows.parts())
        style = "" if column.valign == "top" else f' vertical-align="{column.valign}"'
        if column.background:
            kind = compilation.colours.name(column.background, "background")
            compilation.colours.inner(kind, ">table")
            value = compilation.colours.value(column.background)
            style += f' background-color="{value}" css-class="{kind}"'
        place = len(self._columns) - 1
        return (
            f'<mj-column width="{column.width}%"{style}><mj-raw><!--row{place}--></mj-raw>'
            "</mj-column>"
        )

    def _enter(self, section: Section, column: Column, number: int) -> None:
        """Set the widths and sides of what is written next."""
        compilation = self._compilation
        compilation.column_width = compilation.theme.width * column.width // 100
        _set_sides(compilation, section, column, number)

    def _filled(self, section: Section, source: str) -> list[Part]:
        """The section with the rows of its columns and the address of its backdrop."""
        if section.reverse_on_phone:  # Word goes by the attribute
            source = source.replace(
                '<td style="direction:rtl', '<td dir="rtl" style="direction:rtl'
            )
            source = source.replace(
                '<td style="vertical-align', '<td dir="ltr" style="vertical-align'
            )
        written = Rows(self._compilation)
        if self._compilation.surroundings.marks:
            written.raw(f'<div data-node="{section.id}">')
        position = 0
        for found in _PLACES.finditer(source):
            written.raw(source[position : found.start()])
            position = found.end()
            if found[1]:
                written.extend(self._columns[int(found[1])])
            else:
                written.text(self._backdrops[int(found[2])])
        written.raw(source[position:])
        if self._compilation.surroundings.marks:
            written.raw("</div>")
        return written.parts()


def _set_sides(compilation: Compilation, section: Section, column: Column, number: int) -> None:
    """A cell's sides: whole at the edges of a section, half between two of its columns."""
    whole = section.padding_x
    half = whole if column.background else whole // 2
    compilation.sides = (
        whole if number == 0 else half,
        whole if number == len(section.columns) - 1 else half,
    )
    compilation.side_class = ""
    if section.stack_on_phone and compilation.sides != (whole, whole):
        compilation.side_class = f"s{whole}"
        compilation.phone_rules[f"s{whole}"] = (
            f"{{padding-left:{whole}px!important;padding-right:{whole}px!important}}"
        )


def _for_style(address: str) -> str:
    """An address inside ``url('…')``, where a quotation mark or a bracket would end it."""
    return _CODE_OR_MARK.sub(lambda found: _CODED.get(found[0], found[0]), address)


@lru_cache(maxsize=64)
def _laid_out(source: str) -> tuple[str, ...]:
    """MJML's HTML, cut between the sections: kept, for words change more often than layouts do."""
    html = _MEETING.sub("", mjml.mjml2html(source))
    return tuple(_CLOSED_FILL.sub(r"\1></v:fill>", html).split(_CUT))


def forget_layouts() -> None:
    """Drop the layouts that are kept, so that a benchmark can measure a new one."""
    _laid_out.cache_clear()


def _size(parts: list[Part]) -> int:
    """The bytes of the literals, whatever of them is shown, as often as they can be repeated."""
    total = 0
    for part in parts:
        if isinstance(part, str):
            total += len(part.encode("utf-8", "replace"))
        else:
            total += _size(part.get("parts", [])) * part.get("limit", 1)
            total += _size(part.get("empty", []))
            total += len(part.get("liquid", ""))
    return total
