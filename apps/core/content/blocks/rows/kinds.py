"""The row writer of every kind of block. A new block is one line here and one in ``text``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from apps.core.content.blocks.rows import actions, data, frame, pictures, writing
from apps.core.content.blocks.rows.writer import TABLE, Rows
from apps.core.content.blocks.schema import Block, Repeat, Unrolled

ROWS: Final[dict[str, Callable[[Rows, Any], None]]] = {
    "heading": writing.heading,
    "text": writing.text,
    "list": writing.listing,
    "quote": writing.quote,
    "code": writing.code,
    "image": pictures.image,
    "video": pictures.video,
    "cards": pictures.cards,
    "product": pictures.product,
    "button": actions.button,
    "menu": actions.menu,
    "social": actions.social,
    "header": frame.header,
    "footer": frame.footer,
    "divider": frame.divider,
    "spacer": frame.spacer,
    "table": data.table,
    "html": data.raw_html,
}


def write_block(rows: Rows, block: Block) -> None:
    """Write the block's rows, under its condition if it has one."""
    rows.compilation.block = block.id
    if block.visibility is None:
        _write(rows, block)
        return
    inner = Rows(rows.compilation)
    _write(inner, block)
    rows.extend(rows.compilation.shown(block.visibility, inner.parts()))


def _write(rows: Rows, block: Any) -> None:
    if isinstance(block, Repeat):
        _repeat(rows, block)
    else:
        ROWS[block.type](rows, block)


def _repeat(rows: Rows, block: Repeat) -> None:
    """A table of its own, so that padding and ground surround all of its items."""
    rows.cell(block, bleed=True)
    rows.raw(f'{TABLE} width="100%">')
    items, empty = Rows(rows.compilation), Rows(rows.compilation)
    for one in block.blocks:
        write_block(items, one)
    if block.empty:
        left, right = rows.compilation.sides
        empty.raw("<tr>")
        empty.inner_cell(f"8px {right}px 8px {left}px")
        empty.rich(block.empty, field="empty")
        empty.raw("</td></tr>")
    if isinstance(block, Unrolled):
        rows.extend((items if block.blocks else empty).parts())
    else:
        rows.each(block.source, block.limit, items, empty)
    rows.raw("</table>")
    rows.end()
