"""How deep elements stand in each other, found in one pass over the tags.

Cleaning or showing HTML takes time by the square of its depth, and makes every formatting
element anew that a block has left open: both are bounded before anybody tries.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from apps.core.content.html_text import MARKUP, VOID, without_declarations
from apps.core.content.time_budget import look_at_the_clock

MAX_DEPTH: Final = 200
#: Elements that a parser makes anew because somebody left them open.
MAX_REMADE: Final = 200_000

_NAME: Final = re.compile(r"</?([A-Za-z][^\s/>]*)")
_FORMATTING: Final = frozenset("a b big code em font i nobr s small strike strong tt u".split())
_CELLS: Final = frozenset("td th caption".split())
_ROWS: Final = frozenset("tbody thead tfoot".split())
_BLOCKS: Final = frozenset(
    "address article aside blockquote center details dir div dl fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 header hr li main menu nav ol p pre section table ul dd dt".split()
)
#: What a start tag closes implicitly, and which elements it does not look through.
_CLOSES: Final = {
    "li": (frozenset(["li"]), frozenset("ul ol menu dir table".split()) | _CELLS),
    "dt": (frozenset(["dt", "dd"]), frozenset("dl table".split()) | _CELLS),
    "dd": (frozenset(["dt", "dd"]), frozenset("dl table".split()) | _CELLS),
    "option": (frozenset(["option"]), frozenset("select datalist".split())),
    "td": (_CELLS, frozenset(["table"])),
    "th": (_CELLS, frozenset(["table"])),
    "tr": (frozenset(["tr"]), frozenset(["table"])),
    **{row: (_ROWS, frozenset(["table"])) for row in _ROWS},
}
_RAW: Final = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title")
}


def is_too_deep(source: str) -> bool:
    """True for HTML that is nested deeper than MAX_DEPTH, or too much of it left open."""
    return _Nesting().is_too_deep(source)


class _Nesting:
    def __init__(self) -> None:
        self._open: list[str] = []
        self._count: Counter[str] = Counter()
        self._formatting: list[str] = []
        self._remade = 0

    def is_too_deep(self, source: str) -> bool:
        source, position = without_declarations(source), 0
        while found := MARKUP.search(source, position):
            position = found.end()
            look_at_the_clock()
            name = _NAME.match(found.group())
            if name is None:
                continue
            tag = name.group(1).lower()
            if found.group().startswith("</"):
                self._end(tag)
            elif tag in _RAW:
                end = _RAW[tag].search(source, position)
                position = end.start() if end else len(source)
            elif tag not in VOID:
                self._start(tag)
            if len(self._open) > MAX_DEPTH or self._remade > MAX_REMADE:
                return True
        return False

    def _start(self, tag: str) -> None:
        if tag in _CLOSES:
            self._close(*_CLOSES[tag])
        if tag in _BLOCKS and self._count["p"]:
            self._close(frozenset(["p"]), _BLOCKS | _CELLS)
        if tag in _FORMATTING:
            self._formatting.append(tag)
        else:
            self._remade += len(self._formatting)
        if tag in _CELLS:  # what was left open outside does not reach inside, nor out again
            self._formatting.clear()
        self._open.append(tag)
        self._count[tag] += 1

    def _close(self, names: frozenset[str], stop: frozenset[str]) -> None:
        if not any(self._count[name] for name in names):
            return
        for name in reversed(self._open):
            if name in names:
                self._end(name)
                return
            if name in stop:
                return

    def _end(self, tag: str) -> None:
        if tag in _FORMATTING and tag in self._formatting:
            self._formatting.reverse()
            self._formatting.remove(tag)
            self._formatting.reverse()
        if tag in _CELLS or tag == "table":
            self._formatting.clear()
        if not self._count[tag]:
            return
        while (name := self._open.pop()) != tag:
            self._count[name] -= 1
        self._count[tag] -= 1
