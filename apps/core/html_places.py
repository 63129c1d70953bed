"""Where in an HTML source a value lands, and how it is escaped there.

A value can stand in text, in a quoted attribute, as a link or as a part of one, and in a style.
Anywhere else (a script, an event handler, a tag's or attribute's name, an attribute without
quotation marks) escaping cannot make it safe, so the source is refused.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum, auto
from urllib.parse import quote

from apps.core.errors import gettext_noop
from apps.core.template_language import RenderRefused, TemplateRefused


class TemplatePlace(TemplateRefused):
    """A value stands where it cannot be made safe."""

    code = "template_place"


class BadText(RenderRefused):
    """A value that no text can hold: NUL, or half of a character pair."""

    code = "bad_text"


class BadUrl(RenderRefused):
    """A value that is not a link, where a link begins."""

    code = "bad_url"


class BadStyle(RenderRefused):
    """A value that is not plain, inside a style."""

    code = "bad_style"


class Place(Enum):
    """A kind of place, by what a value may do there."""

    TEXT = auto()  # between tags, in a comment, in an ordinary quoted attribute
    LINK = auto()  # begins a link: the whole of it, or its scheme and host
    LINK_PART = auto()  # inside a link
    STYLE = auto()
    NOWHERE = auto()


_LINKS = frozenset(
    "href src action formaction background poster cite longdesc data srcset ping xlink:href".split()
)
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>=][^\s/>=]*)(\s*=\s*)?")
_UNQUOTED = re.compile(r"[^\s>\"']*")
_SAFE_LINK = re.compile(r"(?:https?|mailto|tel):[^\x00-\x1f\x7f]*", re.IGNORECASE)
_SAFE_STYLE = re.compile(r"[\w#%., +-]*")


class PlaceFinder:
    """Reads literals in their order and says, between two, in what place a value stands."""

    def __init__(self) -> None:
        self._state: Callable[[str, int], int] = self._text
        self._element = ""
        self._attribute = ""
        self._quote = ""
        self._begun = False
        self.place = Place.TEXT

    def read(self, literal: str) -> Place:
        """Go on to the end of this literal; the place there."""
        self.place = Place.TEXT
        position = 0
        while position < len(literal):
            position = self._state(literal, position)
        if self._state == self._value:
            self.place = self._value_place()
            self._begun = True
        elif self._state in (self._tag, self._declaration):
            self.place = Place.NOWHERE
        elif self._state == self._raw:
            self.place = Place.STYLE if self._element == "style" else Place.NOWHERE
        return self.place

    def _text(self, literal: str, position: int) -> int:
        start = literal.find("<", position)
        if start < 0:
            return len(literal)
        if literal.startswith("<!--[if", start):  # Outlook reads what is inside as HTML
            self._state = self._declaration
        elif literal.startswith("<!--", start):
            self._state = self._comment
            return start + 2
        elif match := _TAG.match(literal, start):
            self._state = self._tag
            self._element = "" if match.group(1) else match.group(2).lower()
            return match.end()
        elif literal[start + 1 : start + 2] in ("!", "?", "/"):
            self._state = self._declaration
        elif start + 1 == len(literal):  # the value would become the tag's name
            self._state = self._declaration
        return start + 1

    def _comment(self, literal: str, position: int) -> int:
        return self._until("-->", literal, position)

    def _declaration(self, literal: str, position: int) -> int:
        return self._until(">", literal, position)

    def _until(self, mark: str, literal: str, position: int) -> int:
        end = literal.find(mark, position)
        if end < 0:
            return len(literal)
        self._state = self._text
        return end + len(mark)

    def _tag(self, literal: str, position: int) -> int:
        match = _ATTRIBUTE.match(literal, position)
        if match is None:
            end = literal.find(">", position)
            if end >= 0:
                raw = self._element in ("script", "style")
                self._state = self._raw if raw else self._text
                return end + 1
            return len(literal)
        position = match.end()
        if not match.group(2):
            return position
        self._attribute, self._quote = match.group(1).lower(), literal[position : position + 1]
        if self._quote and self._quote in "\"'":
            self._state, self._begun = self._value, False
            return position + 1
        unquoted = _UNQUOTED.match(literal, position)
        return unquoted.end() if unquoted else position

    def _value(self, literal: str, position: int) -> int:
        end = literal.find(self._quote, position)
        stop = len(literal) if end < 0 else end
        self._begun = self._begun or not literal[position:stop].isspace() and stop > position
        if end < 0:
            return stop
        self._state = self._tag
        return end + 1

    def _value_place(self) -> Place:
        name = self._attribute
        if name.startswith("on") or name == "srcdoc":
            return Place.NOWHERE
        if name == "style":
            return Place.STYLE
        if name in _LINKS:
            return Place.LINK_PART if self._begun else Place.LINK
        return Place.TEXT

    def _raw(self, literal: str, position: int) -> int:
        end = literal.lower().find(f"</{self._element}", position)
        if end < 0:
            return len(literal)
        self._state, self._element = self._tag, ""
        return end + 2


def places(literals: Sequence[str]) -> list[Place]:
    """The place of each value between these literals. Raises TemplatePlace."""
    finder = PlaceFinder()
    found: list[Place] = []
    line = 1
    for literal in literals[:-1]:
        line += literal.count("\n")
        found.append(finder.read(literal))
        if found[-1] is Place.NOWHERE:
            raise TemplatePlace(
                gettext_noop(
                    "a value may stand in text, in a quoted attribute, a link or a style;"
                    " not in a script, a handler, a tag, or without quotation marks."
                ),
                line,
            )
    return found


def raw_text(value: str) -> str:
    """As it is: for plain text."""
    if "\0" in value:
        raise BadText(gettext_noop("There is a NUL character in a value."))
    return value


def escape_text(value: str) -> str:
    """For HTML text and quoted attributes."""
    return html.escape(raw_text(value))


def whole_link(value: str) -> str:
    """A link as it is, when it is one that only opens a page, a letter or a call."""
    link = value.strip()
    if link and not _SAFE_LINK.fullmatch(link):
        raise BadUrl(
            gettext_noop("A value used as a link is not an http, https, mailto or tel address.")
        )
    return link.replace(" ", "%20")


def link_part(value: str) -> str:
    """A piece of a link, with everything percent-encoded that has a meaning in links."""
    return quote(raw_text(value), safe="")


def plain_style(value: str) -> str:
    """A number, a colour or a word inside a style."""
    if not _SAFE_STYLE.fullmatch(value):
        raise BadStyle(
            gettext_noop("A value used in a style is not a plain number, colour or word.")
        )
    return value


def _escape_link(value: str) -> str:
    return html.escape(whole_link(value))


HTML_ESCAPES: dict[Place, Callable[[str], str]] = {
    Place.TEXT: escape_text,
    Place.LINK: _escape_link,
    Place.LINK_PART: link_part,
    Place.STYLE: plain_style,
}

#: The same values in the plain text that is made from the HTML.
TEXT_ESCAPES: dict[Place, Callable[[str], str]] = {
    Place.TEXT: raw_text,
    Place.LINK: whole_link,
    Place.LINK_PART: link_part,
    Place.STYLE: plain_style,
}


def escape_parts(parts: Sequence[str]) -> str:
    """Join literal, value, literal, … of an HTML source, each value escaped for its place."""
    return "".join(_escaped(parts))


def _escaped(parts: Sequence[str]) -> Iterable[str]:
    values = parts[1::2]
    found = places(parts[::2])
    for literal, value, place in zip(parts[::2], values, found, strict=False):
        yield literal
        yield HTML_ESCAPES[place](value)
    yield parts[-1]
