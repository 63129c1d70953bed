"""Rows that live of their pictures: image, video, cards, product."""

from __future__ import annotations

from typing import Final

from apps.core.content.blocks.rows.writer import TABLE, Rows
from apps.core.content.blocks.schema import Cards, Image, Item, Product, Video

_GUTTER: Final = 20  # between two cards
_BESIDE: Final = 180  # the picture of a product that stands on the left


def image(rows: Rows, block: Image) -> None:
    compilation = rows.compilation
    whole = compilation.column_width if block.bleed else compilation.inner_width
    width = min(block.width or whole, whole)
    corners = "" if block.bleed else f";border-radius:{compilation.theme.radius}px"
    rows.cell(block, align=block.align, bleed=block.bleed)
    narrow = width < whole
    if narrow:
        rows.raw(f'{TABLE} align="{block.align}"><tr>')
        rows.inner_cell("0", extra=f' width="{width}"')
    kind = "" if narrow else "fill"
    rows.image(block.picture, width, link=block.link, style=corners, kind=kind)
    if narrow:
        rows.raw("</td></tr></table>")
    if block.caption:
        sides = compilation.sides[0] if block.bleed else 0
        clear = ";clear:both" if narrow else ""
        kind = rows.colour_class("muted")
        rows.raw(
            f'<p class="{kind}" style="margin:0;padding:8px {sides}px 0;font-size:14px'
            f'{clear};{rows.colour_style("muted")}">'
        )
        rows.line(block.caption, "caption")
        rows.raw("</p>")
    rows.end()


def video(rows: Rows, block: Video) -> None:
    compilation = rows.compilation
    rows.cell(block, align="center")
    corners = f";border-radius:{compilation.theme.radius}px"
    rows.image(block.picture, compilation.inner_width, link=block.link, style=corners)
    rows.raw('<p style="margin:10px 0 0;text-align:center">')
    label = block.label or compilation.phrases.watch
    rows.link(block.link, f"▶\u00a0{label}", style="font-weight:700")
    rows.raw("</p>")
    rows.end()


def cards(rows: Rows, block: Cards) -> None:
    across = block.across
    width = (rows.compilation.inner_width - _GUTTER * (across - 1)) // across
    rows.cell(block)
    rows.raw(f'{TABLE} width="100%" style="table-layout:fixed">')
    for start in range(0, len(block.items), across):
        rows.raw("<tr>")
        below = 0 if start + across >= len(block.items) else 24
        for number in range(across):
            left = _GUTTER * number // across
            right = _GUTTER * (across - 1 - number) // across
            item = block.items[start + number : start + number + 1]
            rows.inner_cell(
                f"0 {right}px {below}px {left}px",
                kind="stack" if item else "only-desktop",
                extra=f' width="{100 // across}%"',
            )
            for one in item:
                _card(rows, one, width, f"items.{start + number}")
            rows.raw("</td>")
        rows.raw("</tr>")
    rows.raw("</table>")
    rows.end()


def _card(rows: Rows, item: Item, width: int, path: str) -> None:
    theme = rows.compilation.theme
    if item.picture is not None:
        corners = f";border-radius:{theme.radius}px"
        rows.image(item.picture, width, link=item.link, style=corners)
    if item.title:
        above = 12 if item.picture is not None else 0
        size = round(theme.size * 1.1)
        rows.heading(3, item.title, size, f"{above}px 0 4px", field=f"{path}.title")
    rows.rich(item.html, gap=8, field=f"{path}.html")
    if item.link and item.link_label:
        rows.raw('<p style="margin:8px 0 0">')
        rows.link(item.link, item.link_label, style="font-weight:700", field=f"{path}.link_label")
        rows.raw("</p>")


def product(rows: Rows, block: Product) -> None:
    compilation = rows.compilation
    on_top = block.picture_at == "top"
    width = compilation.inner_width if on_top else min(_BESIDE, compilation.inner_width)
    rows.cell(block)
    rows.raw(f'{TABLE} width="100%"><tr>')
    if block.picture is not None:
        padding = "0 0 16px" if on_top else "0 20px 0 0"
        extra = "" if on_top else f' width="{width}"'
        rows.inner_cell(padding, kind="" if on_top else "stack", extra=extra)
        corners = f";border-radius:{compilation.theme.radius}px"
        rows.image(block.picture, width, link=block.link, style=corners)
        rows.raw("</td></tr><tr>" if on_top else "</td>")
    rows.inner_cell("0", kind="" if on_top else "stack")
    _offer(rows, block)
    rows.raw("</td></tr></table>")
    rows.end()


def _offer(rows: Rows, block: Product) -> None:
    theme = rows.compilation.theme
    if block.badge:
        ground = rows.compilation.colours.value("accent")
        kinds = f"{rows.colour_class('accent', 'background')} {rows.colour_class('surface')}"
        rows.raw(
            f'<p style="margin:0 0 8px"><span class="{kinds}" style="background:{ground};'
            f'{rows.colour_style("surface")};padding:3px 10px;border-radius:12px;font-size:13px;'
            'font-weight:700">'
        )
        rows.line(block.badge, "badge")
        rows.raw("</span></p>")
    if block.name:
        rows.heading(3, block.name, round(theme.size * 1.2), "0 0 6px", field="name")
    rows.rich(block.html, gap=8)
    if block.price:
        _price(rows, block)
    if block.label:
        rows.raw('<p style="margin:0">')
        rows.link(block.link, block.label, style="font-weight:700", field="label")
        rows.raw("</p>")


def _price(rows: Rows, block: Product) -> None:
    size = round(rows.compilation.theme.size * 1.2)
    rows.raw(f'<p style="margin:8px 0"><strong style="font-size:{size}px">')
    rows.line(block.price, "price")
    rows.raw("</strong>")
    if block.old_price:
        kind = rows.colour_class("muted")
        rows.raw(f' &nbsp;<s class="{kind}" style="{rows.colour_style("muted")}">')
        rows.line(block.old_price, "old_price")
        rows.raw("</s>")
    rows.raw("</p>")
