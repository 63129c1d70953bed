"""A reader of letters that forgives nothing, once with a browser's eyes and once with Word's."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())
_FOR_WORD: Final = re.compile(r"<!--\[if (?:[a-z]+ )*mso[^\]]*\]>(.*?)<!\[endif\]-->", re.DOTALL)
_NOT_FOR_WORD: Final = re.compile(r"<!--\[if !mso\]><!-->(.*?)<!--<!\[endif\]-->", re.DOTALL)


class Reader(HTMLParser):
    """Tags and texts of a letter; what is wrong in it stands in ``faults``."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        if self._open:
            self.faults.append(f"never closed: {self._open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) != len(names):
            self.faults.append(f"<{tag}> has an attribute twice")
        if any(value is None or re.search("[<>=\"']", name) for name, value in attrs):
            self.faults.append(f"<{tag}> has a broken attribute: {names}")
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self._open.append(tag)
        self._refuse_place(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def _refuse_place(self, tag: str) -> None:
        """Table parts stand in tables, and rows in nothing else."""
        around = self._open[-2] if len(self._open) > 1 else ""
        allowed = {"tr": ("table", "tbody"), "td": ("tr",), "th": ("tr",), "tbody": ("table",)}
        if tag in allowed and around not in allowed[tag]:
            self.faults.append(f"<{tag}> in <{around}>")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        around = self._open[-1] if self._open else ""
        if around in ("table", "tbody", "tr") and data.strip():
            self.faults.append(f"text in <{around}>: {data[:30]!r}")
        if around not in ("style", "title"):
            self.texts.append(data)

    def found(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def browser(source: str) -> Reader:
    """What every client but Word reads."""
    return Reader(re.sub(r"<!--.*?-->", "", _FOR_WORD.sub("", source), flags=re.DOTALL))


def word(source: str) -> Reader:
    """What Outlook reads: what is meant for it, without what is not."""
    return Reader(
        re.sub(
            r"<!--.*?-->", "", _FOR_WORD.sub(r"\1", _NOT_FOR_WORD.sub("", source)), flags=re.DOTALL
        )
    )
