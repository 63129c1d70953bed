"""Rows around the words: header, footer, divider, spacer."""

from __future__ import annotations

from apps.core.content.blocks.letter.parts import PREFERENCES, UNSUBSCRIBE, VIEW, escaped
from apps.core.content.blocks.rows.writer import TABLE, Rows
from apps.core.content.blocks.schema import Divider, Footer, Header, Spacer


def header(rows: Rows, block: Header) -> None:
    compilation = rows.compilation
    if block.view_link and compilation.surroundings.view_page:
        above = block.model_copy(update={"padding": (block.padding[0], 8)})
        rows.cell(above, align="right", colour="muted", size=12)
        rows.link(VIEW, compilation.phrases.view, colour="muted")
        rows.end()
    if block.logo is None and not block.name and not rows.on_canvas:
        return
    rows.cell(block, align=block.align, size=20)
    if block.logo is not None:
        width = min(block.logo_width, compilation.inner_width)
        rows.raw(f'{TABLE} align="{block.align}"><tr>')
        rows.inner_cell("0", extra=f' width="{width}"')
        rows.image(block.logo, width, link=block.link)
        rows.raw("</td></tr></table>")
    else:
        style = "text-decoration:none;font-weight:700"
        rows.link(block.link, block.name, colour="text", style=style, field="name")
    rows.end()


def footer(rows: Rows, block: Footer) -> None:
    compilation, phrases = rows.compilation, rows.compilation.phrases
    rows.cell(block, align=block.align, colour="muted", size=13)
    needed = {"company": phrases.company, "address": phrases.address}
    for names in (("reason",), ("company", "address"), ("mark",)):
        shown = [one for one in names if getattr(block, one) or (rows.on_canvas and one in needed)]
        for number, name in enumerate(shown):
            rows.raw(", " if number else "")
            rows.line(getattr(block, name), name, needed.get(name, ""))
        rows.raw("<br>" if shown else "")
    rows.link(UNSUBSCRIBE, phrases.unsubscribe, colour="muted")
    if block.preferences:
        rows.raw(" &nbsp;·&nbsp; ")
        rows.link(PREFERENCES, phrases.preferences, colour="muted")
    if block.view_link and compilation.surroundings.view_page:
        rows.raw(" &nbsp;·&nbsp; ")
        rows.link(VIEW, phrases.view, colour="muted")
    rows.end()


def divider(rows: Rows, block: Divider) -> None:
    value = rows.compilation.colours.value(block.colour)
    kind = rows.colour_class(block.colour, "border-color")
    rows.cell(block)
    rows.raw(
        f'{TABLE} width="100%"><tr><td class="{kind}" style="border-top:{block.thickness}px'
        f' {block.line} {value};font-size:0;line-height:0">&nbsp;</td></tr></table>'
    )
    rows.end()


def spacer(rows: Rows, block: Spacer) -> None:
    above, below = block.padding
    flat = block.model_copy(update={"padding": (0, 0)})
    rows.cell(flat, bleed=True)
    height = block.height + above + below
    rows.raw(f'<div style="height:{height}px;font-size:0;line-height:{height}px">&nbsp;</div>')
    rows.end()


def invitation(rows: Rows, column: str) -> None:
    """What stands on a canvas in a column that holds nothing yet."""
    line = rows.compilation.colours.value("line")
    rows.raw(
        f'<tr data-node="{column}" data-add><td align="center" style="padding:20px 12px;'
        f'border:1px dashed {line};{rows.font("muted", 14)}">'
        f"{escaped(rows.compilation.phrases.add)}</td></tr>"
    )
