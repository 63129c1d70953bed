"""Tables of a letter: some lay it out, some hold figures."""

from __future__ import annotations

from typing import Final

from apps.core.content.blocks.converting.rich import is_blank, is_inline
from apps.core.content.blocks.converting.tree import Code, Element, Tree

_PARTS: Final = frozenset({"tbody", "thead", "tfoot"})
_CELLS: Final = frozenset({"td", "th"})
#: What a block for figures can hold, and how many neighbours a section.
MOST_CELLS: Final = 5
_MOST_ROWS: Final = 50
_LONGEST: Final = 300
MOST_COLUMNS: Final = 4

Row = list[Element]


def rows_of(table: Element) -> list[Row]:
    """The cells of each row that hold something: others are there for their width alone."""
    found = []
    for row in _rows(table):
        cells = [one for one in row.children if isinstance(one, Element) and one.tag in _CELLS]
        found.append([cell for cell in cells if not is_blank(cell.children) or cell.has("hr")])
    return found


def is_simple(table: Element) -> bool:
    """False for a table whose rows or cells are made by code."""
    inner = [table, *_rows(table)]
    inner += [one for one in table.children if isinstance(one, Element) and one.tag in _PARTS]
    return not any(isinstance(one, Code) for part in inner for one in part.children)


def figures_of(table: Element, tree: Tree) -> tuple[list[str], list[list[str]]] | None:
    """Head and rows of a table that holds figures and text; None of one that lays out."""
    rows = [
        [one for one in row.children if isinstance(one, Element) and one.tag in _CELLS]
        for row in _rows(table)
    ]
    rows = [row for row in rows if row]
    counts = {len(row) for row in rows}
    across = max(counts, default=0)
    if len(counts) != 1 or not 2 <= across <= MOST_CELLS or len(rows) > _MOST_ROWS:
        return None
    has_head = all(cell.tag == "th" for cell in rows[0])
    ruled = table.attributes.get("border", "0") not in ("0", "")
    if not has_head and not (ruled and len(rows) > 1):
        return None
    if any(not _is_words(cell) for row in rows for cell in row):
        return None
    text = [[tree.line(cell.children) for cell in row] for row in rows]
    if any(len(cell) > _LONGEST for row in text for cell in row):
        return None
    return (text[0], text[1:]) if has_head else ([], text)


def beside(element: Element) -> Row:
    """The parts of a container that stand side by side without a table; none when they do not."""
    parts = [one for one in element.children if isinstance(one, Element)]
    parts = [one for one in parts if not is_blank(one.children)]
    loose = [one for one in element.children if isinstance(one, str) and one.strip()]
    sides = [one for one in parts if _stands_beside(one)]
    whole = 2 <= len(parts) <= MOST_COLUMNS and len(sides) == len(parts) and not loose
    return sides if whole else []


def _stands_beside(element: Element) -> bool:
    if element.tag not in ("div", "table"):
        return False
    is_column = "mj-column-per" in element.attributes.get("class", "")
    return is_column or element.style.get("display") in ("inline-block", "table-cell")


def _rows(table: Element) -> list[Element]:
    found = []
    for one in table.children:
        if isinstance(one, Element) and one.tag == "tr":
            found.append(one)
        elif isinstance(one, Element) and one.tag in _PARTS:
            found += [row for row in one.children if isinstance(row, Element) and row.tag == "tr"]
    return found


def _is_words(cell: Element) -> bool:
    inline = all(is_inline(one) for one in cell.children)
    return inline and not cell.has("a", "img") and not cell.has_code
