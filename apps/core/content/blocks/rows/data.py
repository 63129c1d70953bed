"""Rows of what is not ours: tables of figures, and HTML with code in it."""

from __future__ import annotations

from typing import Final

from apps.core.content.blocks.fragments import checked, is_code, without_comments
from apps.core.content.blocks.rows.writer import Rows
from apps.core.content.blocks.schema import Html, Table
from apps.core.content.template_language import TemplateRefused

#: So many items of a list field become rows; more no field can hold.
MAX_ROWS: Final = 50


def table(rows: Rows, block: Table) -> None:
    """A table for the eye and for the ear: its heads are named as such."""
    rows.cell(block)
    rows.raw('<table width="100%" cellpadding="0" cellspacing="0" border="0">')
    across = max([len(block.head), len(block.cells), *map(len, block.rows)], default=0)
    if block.head:
        rows.raw("<tr>")
        for number in range(across):
            _cell(rows, "th", block.head[number : number + 1])
        rows.raw("</tr>")
    if block.source:
        inner = Rows(rows.compilation)
        _line(inner, block.cells, across)
        rows.each(block.source, MAX_ROWS, inner)
    else:
        for line in block.rows:
            _line(rows, line, across)
    if not (block.head or block.source or block.rows):
        rows.raw("<tr><td>&nbsp;</td></tr>")
    rows.raw("</table>")
    rows.end()


def _line(rows: Rows, line: tuple[str, ...], across: int) -> None:
    rows.raw("<tr>")
    for number in range(across):
        _cell(rows, "td", line[number : number + 1])
    rows.raw("</tr>")


def _cell(rows: Rows, name: str, text: tuple[str, ...]) -> None:
    line = rows.compilation.colours.value("line")
    kinds = f"{rows.colour_class('text')} {rows.colour_class('line', 'border-color')}"
    scope = ' scope="col"' if name == "th" else ""
    rows.raw(
        f'<{name}{scope} class="{kinds}" align="left" valign="top" style="padding:8px 12px 8px 0;'
        f'border-bottom:1px solid {line};text-align:left;{rows.font()}">'
    )
    for one in text:
        rows.text(one)
    rows.raw(f"</{name}>")


def raw_html(rows: Rows, block: Html) -> None:
    """One balanced fragment. Raises TemplateRefused, its part the id of the block."""
    hidden = block.device == "phone" or rows.compilation.kept_from_word
    try:
        source = checked(without_comments(block.source) if hidden else block.source)
    except TemplateRefused as refusal:
        raise refusal.within(block.id) from refusal
    rows.cell(block)
    if is_code(source):
        rows.part({"liquid": source})
    else:
        for piece in rows.pieces(source):
            rows.raw(piece)
    rows.end()
