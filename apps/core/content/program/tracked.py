"""Links that pass by this site, so that it is counted who follows them.

A tracked link is a literal, the token of its letter and the link's number: the token is one value
of each letter, written as it is. Where the link leads is kept beside the letter, and never in the
address. Not tracked are links that only their recipient's data show whole, those that say
``data-track="off"``, and in a repeat or in Liquid those with placeholders: what these stand for
is known in there only. A link of the text that the HTML has as well is the same link.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from typing import Final

from apps.core.content.program.links import Change, Found, Walk, source_of
from apps.core.content.program.parts import Fragment, Link, Part, Placeholder, Program
from apps.core.content.program.pieces import Pieces, Text, pieces_of
from apps.core.content.program.queries import is_fixed, is_web, plain, with_query
from apps.core.content.program.sources import from_html
from apps.core.content.program.steps import html_steps
from apps.core.content.program.values import TOKEN, Values

_TOKEN: Final = Placeholder(f"{{{{ {TOKEN} }}}}")
_END: Final = re.compile(r"</body\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a tracked link leads, with its placeholders, and what its reader sees of it.

    ``kept``: its number among the links of the document, where it is one of a block.
    """

    number: int
    address: str
    label: str
    kept: int


class Tracker:
    """Gathers the links of one letter, and leads them by ``base``: the address of this site."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._numbers: dict[int, int] = {}
        self._off: set[int] = set()
        self.destinations: list[Destination] = []

    def change(self, before: Change, *, in_html: bool) -> Change:
        """The change that tracks a link, once ``before`` has changed it."""

        def tracked(found: Found) -> Sequence[Part]:
            changed = before(found)
            parts = _whole(changed)
            if not self._is_tracked(found, parts):
                return changed
            base = escape(self._base) if in_html else self._base
            return f"{base}/l/", _TOKEN, f"/{self._number(found, parts, in_html)}"

        return tracked

    def ended(self, html: Program) -> Program:
        """The HTML with what counts openings at its end, and the trap for robots."""
        base = escape(self._base)
        seen = f'.gif" alt="" width="1" height="1"><a href="{base}/l/'
        hidden = '/0" style="display:none" aria-hidden="true" tabindex="-1"></a>'
        end: list[Part] = [f'<img src="{base}/o/', _TOKEN, seen, _TOKEN, hidden]
        return replace(html, parts=_with_end(html.parts, end))

    def _is_tracked(self, found: Found, parts: Sequence[Part]) -> bool:
        if found.is_off:
            self._off.add(found.number)
        if found.number in self._off or not is_web(parts):
            return False
        if not all(isinstance(part, (str, Placeholder)) for part in parts):
            return False
        return not found.is_inside or is_fixed(found.parts)

    def _number(self, found: Found, parts: Sequence[Part], in_html: bool) -> int:
        number = self._numbers.get(found.number)
        if number is None:
            number = self._numbers[found.number] = len(self.destinations) + 1
            address = _address(parts) if in_html else source_of(parts)
            one = Destination(number, address.strip(), found.label, found.kept)
            self.destinations.append(one)
        return number


def tracked(
    text: Program,
    html: Program,
    changes: tuple[Change, Change],
    tracker: Tracker,
    *,
    with_text: bool,
) -> tuple[Program, Program]:
    """Text and HTML with their links led by the tracker.

    ``changes``: what becomes of a link of the HTML and of the text before it is tracked.
    ``with_text``: those of the text as well, which a letter without HTML always has tracked.
    """
    walk = Walk()
    in_html = walk.html(html, tracker.change(changes[0], in_html=True))
    of_text = changes[1]
    if with_text or html.is_empty:
        of_text = tracker.change(of_text, in_html=False)
    return walk.text(text, of_text), html if html.is_empty else tracker.ended(in_html)


def _whole(parts: Sequence[Part]) -> Sequence[Part]:
    """The address with parameters that a text could not have had: they are filled in, and
    encoded, when the link is followed."""
    match [*parts]:
        case [Link(parts=inner, query=query)] if is_web(inner):
            return with_query(inner, query, "&")
    return parts


def _address(parts: Sequence[Part]) -> str:
    """As a browser reads it."""
    return "".join(plain(part) if isinstance(part, str) else source_of([part]) for part in parts)


def _with_end(parts: Sequence[Part], end: Sequence[Part]) -> tuple[Part, ...]:
    """The end before ``</body>``; where there is none, behind everything."""
    for at in range(len(parts) - 1, -1, -1):
        part = parts[at]
        if isinstance(part, Fragment) and _END.search(part.source):
            place = [*_END.finditer(part.source)][-1].start()
            source = part.source[:place] + source_of(end) + part.source[place:]
            return (*parts[:at], replace(part, source=source), *parts[at + 1 :])
        if isinstance(part, str) and _END.search(part):
            place = [*_END.finditer(part)][-1].start()
            return (*parts[:at], part[:place], *end, part[place:], *parts[at + 1 :])
    return (*parts, *end)


@lru_cache(maxsize=1_024)
def filling(address: str) -> Callable[[Values], str]:
    """What fills a destination in for a recipient, as the letter itself would have."""
    if "{{" not in address:
        return lambda _values: address
    pieces: Pieces[str] = pieces_of(html_steps(from_html(_link_to(address))), Text())
    return lambda values: _href_of(pieces.fill(values))


_BRACES: Final = re.compile(r"(\{\{.*?\}\})", re.DOTALL)


def _link_to(address: str) -> str:
    pieces = _BRACES.split(address)
    return '<a href="%s"></a>' % "".join(
        one if at % 2 else escape(one) for at, one in enumerate(pieces)
    )


def _href_of(html: str) -> str:
    reader = _Href()
    reader.feed(html)
    return reader.found


class _Href(HTMLParser):
    found = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found = dict(attrs).get("href") or ""
