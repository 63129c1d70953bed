"""HTML as messengers take it: a handful of tags, well nested, the rest as text and lines."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from html.parser import HTMLParser

from apps.core.content.html_text import APART, HIDDEN, LINES, SKIPPED, VOID, sane_markup
from apps.core.content.time_budget import look_at_the_clock

_KEPT = {
    **dict.fromkeys(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6"), "b"),
    **dict.fromkeys(("i", "em", "cite"), "i"),
    **dict.fromkeys(("u", "ins"), "u"),
    **dict.fromkeys(("s", "strike", "del"), "s"),
    **{name: name for name in ("a", "code", "pre", "blockquote", "tg-spoiler")},
}
_REST = re.compile(r"[^\x00-\x20\x7f]+")
_SPACES = re.compile(r"[ \t\n\r\f\v\u00a0]+")
_WITHOUT_TAGS_INSIDE = frozenset({"code", "pre"})


@dataclass(frozen=True, slots=True)
class Marked:
    """``length`` is that of the text without tags, in the units of UTF-16."""

    html: str
    length: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one messenger knows: tags, by the names of ``_KEPT``, and the schemes of links."""

    tags: frozenset[str]
    schemes: tuple[str, ...] = ("https", "http")

    def links(self, address: str) -> bool:
        """True if a link may lead to this address."""
        scheme, colon, rest = address.partition(":")
        return bool(colon) and scheme.lower() in self.schemes and _REST.fullmatch(rest) is not None


def chat_html(source: str, dialect: Dialect) -> Marked:
    """The readable part of this HTML with the tags that the messenger knows."""
    writer = _Writer(dialect)
    writer.feed(sane_markup(source))
    writer.close()
    return writer.marked()


def chat_text(text: str) -> Marked:
    """A plain text."""
    text = text.strip()
    return Marked(html.escape(text, quote=False), units(text))


def units(text: str) -> int:
    """The length as messengers count it."""
    return len(text.encode("utf-16-le")) // 2


class _Writer(HTMLParser):
    def __init__(self, dialect: Dialect) -> None:
        super().__init__(convert_charrefs=True)
        self._dialect = dialect
        self._out: list[str] = []
        self._length = 0
        self._open: list[tuple[str, str]] = []  # (source tag, tag written or "")
        self._skipped: list[str] = []
        self._break = 0  # line ends that come before the next text
        self._begun = False  # some text has been written
        self._at_start = True  # of a line
        self._mark = ""
        self._lists: list[int] = []

    def marked(self) -> Marked:
        while self._open:
            self._close()
        return Marked("".join(self._out).strip(), self._length)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        look_at_the_clock()
        attributes = {name: value or "" for name, value in attrs}
        hidden = "hidden" in attributes or HIDDEN.search(attributes.get("style", ""))
        if tag == "body":
            self._skipped.clear()
        if tag in VOID:
            if not hidden and not self._skipped:
                self._void(tag, attributes)
        elif self._skipped or hidden or tag in SKIPPED:
            self._skipped.append(tag)
        else:
            self._begin(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        look_at_the_clock()
        if self._skipped:
            if tag in self._skipped:
                while self._skipped.pop() != tag:
                    pass
            return
        if tag in VOID or not any(source == tag for source, _ in self._open):
            return
        while self._open[-1][0] != tag:
            self._close()
        self._close()
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        if any(written == "pre" for _, written in self._open):
            self._write(data)
            return
        text = _SPACES.sub(" ", data)
        if self._at_start or self._break:
            text = text.lstrip(" ")
        if text:
            self._write(text)

    def _void(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "br":
            self._break = min(self._break + 1, 2)
        elif tag == "hr":
            self._part("p")
        elif tag == "img":
            self.handle_data(attributes.get("alt", ""))

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        self._part(tag)
        if tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else -1)
        elif tag == "li":
            self._mark = self._next_mark()
        elif tag in ("td", "th") and not self._at_start and not self._break:
            self._write(" ")
        written, extra = self._tag_for(tag, attributes)
        if written:
            self._flush()
            self._out.append(f"<{written}{extra}>")
        self._open.append((tag, written))

    def _tag_for(self, tag: str, attributes: dict[str, str]) -> tuple[str, str]:
        """The tag to be written and its attribute; empty where it would be refused."""
        already = {written for _, written in self._open}
        written = _KEPT.get(tag, "")
        if tag == "span" and "tg-spoiler" in attributes.get("class", "").split():
            written = "tg-spoiler"
        if written not in self._dialect.tags:
            return "", ""
        if written in already or already & _WITHOUT_TAGS_INSIDE:
            return "", ""
        if written != "a":
            return written, ""
        link = attributes.get("href", "").strip()
        return ("a", f' href="{html.escape(link)}"') if self._dialect.links(link) else ("", "")

    def _close(self) -> None:
        _, written = self._open.pop()
        if written:
            self._out.append(f"</{written}>")

    def _next_mark(self) -> str:
        if not self._lists or self._lists[-1] < 0:
            return "• "
        self._lists[-1] += 1
        return f"{self._lists[-1]}. "

    def _part(self, tag: str) -> None:
        """A block begins or ends here."""
        if tag in APART and not self._lists:
            self._break = 2
        elif tag in APART or tag in LINES:
            self._break = max(self._break, 1)

    def _flush(self) -> None:
        """Write the line ends and the list mark that wait for a text."""
        if self._break and self._begun and not (self._at_start and self._break == 1):
            self._put("\n" * self._break)
            self._at_start = True
        self._break = 0
        if self._mark:
            self._put(self._mark)
            self._mark = ""

    def _write(self, text: str) -> None:
        self._flush()
        self._put(text)
        self._begun = True
        self._at_start = text.endswith("\n")

    def _put(self, text: str) -> None:
        self._out.append(html.escape(text, quote=False))
        self._length += units(text)
