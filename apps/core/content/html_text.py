"""The plain text of an HTML message, for readers and filters that want no HTML.

Links become ``text (address)``, list items get their mark, table rows become lines, and what
is hidden stays hidden.
"""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

from apps.core.content.time_budget import look_at_the_clock

#: Elements without an end; without text to be read; set apart by a blank line; on their own line.
VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
SKIPPED = frozenset("head style script title template svg object noscript".split())
APART = frozenset("p h1 h2 h3 h4 h5 h6 ul ol dl blockquote pre figure table".split())
LINES = frozenset(
    "address article aside body caption center dd div dt fieldset figcaption footer form header"
    " hr html legend li main nav option section tbody tfoot thead tr".split()
)
_SPACES = re.compile(r"[ \t\n\r\f\v\u00a0]+")
HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
MARKUP = re.compile(r"""<(?:/?[A-Za-z](?:(?:[^<>"']|"[^"<]*"|'[^'<]*')*+>|[^<>]*+>))?""")
_LONGEST_TAG = 2_000
_DEEPEST_LIST = 8
_SHOWN_SCHEMES = ("http://", "https://", "mailto:", "tel:")


def html_to_text(source: str) -> str:
    """The readable text of this HTML, lines divided by ``\\n``."""
    writer = _Writer()
    writer.feed(sane_markup(source))
    writer.close()
    return writer.text()


def sane_markup(source: str) -> str:
    """The source without what holds no text and costs the standard parser minutes."""
    return MARKUP.sub(_whole_tag, without_declarations(source))


def _whole_tag(match: re.Match[str]) -> str:
    """Only whole tags of a sane size reach the parser: 200 kB of ``<a <a`` take it minutes."""
    look_at_the_clock()
    tag = match.group()
    if tag == "<":
        return "&lt;"
    return tag if len(tag) <= _LONGEST_TAG else ""


def without_declarations(source: str) -> str:
    """Drop comments and declarations: they hold no text, and the parser is slow in broken ones."""
    kept: list[str] = []
    position = 0
    while (start := source.find("<!", position)) >= 0:
        kept.append(source[position:start])
        comment = source.startswith("<!--", start) and not source.startswith("<!--[if !", start)
        mark = "-->" if comment else ">"
        end = source.find(mark, start + 2)
        position = len(source) if end < 0 else end + len(mark)
    kept.append(source[position:])
    return "".join(kept)


class _Writer(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._done: list[str] = []
        self._line: list[str] = []
        self._inked = False  # there is more than blanks in the line
        self._apart = False  # an empty line comes before the next text
        self._lists: list[int] = []  # the last number used; -1: without numbers
        self._mark = ""
        self._link = ""  # the address of the link that is open
        self._link_text: list[str] = []
        self._skipped: list[str] = []
        self._skipped_names: Counter[str] = Counter()
        self._kept_as_is = 0

    def text(self) -> str:
        self._close_link()
        self._end_line()
        return "\n".join(self._done)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        look_at_the_clock()
        attributes = {name: value or "" for name, value in attrs}
        if tag == "body":
            self._skipped.clear()
            self._skipped_names.clear()
        hidden = "hidden" in attributes or HIDDEN.search(attributes.get("style", ""))
        if tag in VOID:
            if not hidden and not self._skipped:
                self._void(tag, attributes)
        elif self._skipped or hidden or tag in SKIPPED:
            self._skipped.append(tag)
            self._skipped_names[tag] += 1
        else:
            self._open(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._end_skipped(tag)
        elif tag == "a":
            self._close_link()
        elif tag not in VOID:
            self._kept_as_is -= tag == "pre" and self._kept_as_is > 0
            if tag in ("ul", "ol") and self._lists:
                self._break(tag)
                self._lists.pop()
            self._break(tag)
            self._mark = "" if tag == "li" else self._mark

    def _end_skipped(self, tag: str) -> None:
        if self._skipped_names[tag]:
            while (name := self._skipped.pop()) != tag:
                self._skipped_names[name] -= 1
            self._skipped_names[tag] -= 1

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        if self._kept_as_is:
            first, *others = data.split("\n")
            self._add(first)
            for line in others:
                self._end_line(keep=True)
                self._add(line)
            return
        self._write(_SPACES.sub(" ", data))

    def _write(self, text: str) -> None:
        if not self._line or self._line[-1][-1:] == " ":
            text = text.lstrip(" ")
        self._add(text)
        if self._link:
            self._link_text.append(text)

    def _add(self, text: str) -> None:
        if text:
            self._line.append(text)
            self._inked = self._inked or not text.isspace()

    def _strip_end(self) -> None:
        while self._line and not self._line[-1].rstrip():
            self._line.pop()
        if self._line:
            self._line[-1] = self._line[-1].rstrip()

    def _void(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "br":
            self._apart |= not self._inked and bool(self._done)
            self._end_line()
        elif tag == "hr":
            self._end_line()
            self._add("-" * 20)
            self._end_line()
        elif tag == "img":
            self._write(_SPACES.sub(" ", attributes.get("alt", "")))

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        self._break(tag)
        if tag == "a":
            self._close_link()
            self._link = attributes.get("href", "").strip()
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._mark = self._next_mark()
        elif tag in ("td", "th") and self._inked:
            self._strip_end()
            self._add("  ")
        self._kept_as_is += tag == "pre"

    def _next_mark(self) -> str:
        indent = "  " * min(len(self._lists) - 1, _DEEPEST_LIST)
        if not self._lists or self._lists[-1] < 0:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1]}. "

    def _close_link(self) -> None:
        address, shown = self._link, "".join(self._link_text).strip()
        self._link = ""
        self._link_text.clear()
        if address.partition(":")[2].lstrip("/") == shown or address == shown:
            return
        # A slot at the beginning is a whole address, checked when it is filled in.
        if address.lower().startswith(_SHOWN_SCHEMES) or address[:1] == SLOT_OPEN:
            self._strip_end()
            self._write(f" ({address})" if shown else address)

    def _break(self, tag: str) -> None:
        if tag in APART or tag in LINES:
            self._end_line()
            self._apart |= tag in APART and not self._lists

    def _end_line(self, keep: bool = False) -> None:
        line = "".join(self._line)
        line = line.rstrip() if keep else line.strip()
        self._line.clear()
        self._inked = False
        if not line:
            return
        if self._apart and self._done:
            self._done.append("")
        self._apart = False
        self._done.append(self._mark + line)
        self._mark = ""


#: Around the number of a slot, when slots are carried through the conversion.
SLOT_OPEN, SLOT_CLOSE = "\ue000", "\ue001"
_SLOT = re.compile(f"{SLOT_OPEN}(\\d+){SLOT_CLOSE}")


def literals_to_text(literals: tuple[str, ...]) -> tuple[list[str], list[int]]:
    """Convert HTML that has slots between these literals: the text's literals and slot numbers.

    A slot can come out in another number than it went in: what stands in an image's address is
    dropped, and no slot is invented.
    """
    source: list[str] = []
    for number, literal in enumerate(literals):
        source.append(literal.replace(SLOT_OPEN, "").replace(SLOT_CLOSE, ""))
        source.append(f"{SLOT_OPEN}{number}{SLOT_CLOSE}")
    pieces = _SLOT.split(html_to_text("".join(source[:-1])))
    return pieces[::2], [int(number) for number in pieces[1::2]]
