"""Rows of words: heading, text, list, quote, code."""

from __future__ import annotations

from typing import Final

from apps.core.content.blocks.rows.writer import STACKS, TABLE, Rows
from apps.core.content.blocks.schema import Code, Heading, Item, Listing, Quote, Text

_SCALE: Final = {1: 1.9, 2: 1.4, 3: 1.15}
_MARKS: Final = {"bullet": "•", "number": "{}.", "check": "✓"}


def heading(rows: Rows, block: Heading) -> None:
    rows.cell(block, align=block.align, colour=block.colour)
    size = round(rows.compilation.theme.size * _SCALE[block.level])
    rows.heading(block.level, block.text, size)
    rows.end()


def text(rows: Rows, block: Text) -> None:
    size = rows.compilation.theme.size - 2 if block.small else 0
    rows.cell(block, align=block.align, colour=block.colour, size=size)
    rows.rich(block.html)
    rows.end()


def listing(rows: Rows, block: Listing) -> None:
    rows.cell(block)
    rows.raw(f'{TABLE} width="100%">')
    for number, item in enumerate(block.items, 1):
        last = number == len(block.items)
        rows.raw("<tr>")
        _mark(rows, block.mark, item, number)
        rows.inner_cell(f"0 0 {0 if last else 12}px")
        _item(rows, item, f"items.{number - 1}")
        rows.raw("</td></tr>")
    rows.raw("</table>")
    rows.end()


def _mark(rows: Rows, mark: str, item: Item, number: int) -> None:
    if mark == "picture":
        rows.inner_cell("0 16px 16px 0", extra=' width="48"')
        if item.picture is not None:
            radius = rows.compilation.theme.radius
            rows.image(item.picture, 48, style=f";border-radius:{radius}px")
        rows.raw("</td>")
    elif mark in _MARKS:
        rows.inner_cell("0 10px 0 0", extra=' width="18"', colour="accent")
        rows.raw(f"<strong>{_MARKS[mark].format(number)}</strong></td>")


def _item(rows: Rows, item: Item, path: str) -> None:
    if item.title:
        rows.raw("<strong>")
        if item.link and not item.link_label:
            rows.link(item.link, item.title, field=f"{path}.title")
        else:
            rows.line(item.title, f"{path}.title")
        rows.raw("</strong>")
        if item.html and not item.html.startswith(("<p>", "<ul>", "<ol>")):
            rows.raw("<br>")
    rows.rich(item.html, field=f"{path}.html")
    if item.link and item.link_label:
        rows.raw('<p style="margin:4px 0 0">')
        rows.link(item.link, item.link_label, style="font-weight:700", field=f"{path}.link_label")
        rows.raw("</p>")


def quote(rows: Rows, block: Quote) -> None:
    compilation = rows.compilation
    accent = compilation.colours.value("accent")
    rows.cell(block)
    rows.raw(f'{TABLE} width="100%"><tr>')
    if block.picture is not None:
        rows.inner_cell("0 16px 0 0", extra=' width="64"')
        rows.image(block.picture, 64, style=";border-radius:32px")
        rows.raw("</td>")
    line = f"0 0 0 16px;border-left:3px solid {accent}"
    rows.inner_cell(line, kind=rows.colour_class("accent", "border-color"))
    rows.raw('<blockquote style="margin:0">')
    rows.rich(block.html)
    rows.raw("</blockquote>")
    about = [name for name in ("author", "about") if getattr(block, name)]
    if about:
        kind = rows.colour_class("muted")
        rows.raw(f'<p class="{kind}" style="margin:8px 0 0;{rows.colour_style("muted")}">— ')
        for number, name in enumerate(about):
            rows.raw(", " if number else "")
            rows.line(getattr(block, name), name)
        rows.raw("</p>")
    rows.raw("</td></tr></table>")
    rows.end()


def code(rows: Rows, block: Code) -> None:
    accent = rows.compilation.colours.value("accent")
    rows.cell(block, align="center")
    rows.raw(f'{TABLE} align="center" style="border-collapse:separate"><tr>')
    frame = f"14px 28px;border:2px dashed {accent};border-radius:{rows.compilation.theme.radius}px"
    kind = rows.colour_class("accent", "border-color")
    rows.inner_cell(frame, kind=kind, extra=' align="center"', size=24)
    rows.raw(f'<span style="font-family:{STACKS["courier"]};letter-spacing:2px;font-weight:700">')
    rows.line(block.value, "value")
    rows.raw("</span></td></tr></table>")
    if block.note:
        kind, ink = rows.colour_class("muted"), rows.colour_style("muted")
        rows.raw(f'<p class="{kind}" style="margin:10px 0 0;font-size:14px;{ink}">')
        rows.line(block.note, "note")
        rows.raw("</p>")
    rows.end()
