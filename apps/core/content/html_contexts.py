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

from apps.core.content.template_language import RenderRefused, TemplateRefused
from apps.core.content.time_budget import look_at_the_clock
from apps.core.errors import gettext_noop


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
    STYLE_LINK = auto()  # begins the address inside ``url()``, in a style attribute
    NOWHERE = auto()


_LINKS = frozenset(
    "href src action formaction background poster cite longdesc data srcset ping xlink:href".split()
)
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>=][^\s/>=]*)(\s*=\s*)?")
_UNQUOTED = re.compile(r"[^\s>\"']*")
_RAW = {
    name: re.compile(f"</{name}", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title")
}
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_SAFE_SCHEMES = frozenset("http https mailto tel sms cid".split())
_NEXT_PICTURE = re.compile(r".*,\s+", re.DOTALL)
_SAFE_LINK = re.compile(r"(?:https?|mailto|tel):[^\x00-\x1f\x7f]*", re.IGNORECASE)
_HEAD = 64  # characters of a link that hold its scheme
_BREAKS_STYLE = re.compile(r"""[\s"'()<>\\;{}]""")
_SAFE_STYLE = re.compile(r"[\w#%., +-]*")


class _Style:
    """Where in a style its text has come to: in a property's value, and in an address or not."""

    _MARK = re.compile(r"url\(|[:;{}]", re.IGNORECASE)

    def __init__(self) -> None:
        self.in_value = False
        self.in_address = False
        self.begun = False

    def read(self, text: str) -> None:
        text = html.unescape(text)
        position = 0
        while position < len(text):
            if self.in_address:
                end = text.find(")", position)
                stop = len(text) if end < 0 else end
                self.begun = self.begun or bool(text[position:stop].strip(" \t\r\n\"'"))
                self.in_address = end < 0
                position = stop + 1
                continue
            mark = self._MARK.search(text, position)
            if mark is None:
                return
            position = mark.end()
            if mark.group() in ":;{}":
                self.in_value = mark.group() == ":"
            else:
                self.in_address, self.begun = True, False

    def place(self) -> Place:
        if not self.in_address:
            return Place.STYLE if self.in_value else Place.NOWHERE
        found = Place.LINK_PART if self.begun else Place.STYLE_LINK
        self.begun = True
        return found


class PlaceFinder:
    """Reads literals in their order and says, between two, in what place a value stands."""

    def __init__(self) -> None:
        self._state: Callable[[str, int], int] = self._text
        self._element = ""
        self._attribute = ""
        self._quote = ""
        self._begun = False
        self._head = ""  # of a link: what it begins with
        self._style = _Style()
        self.place = Place.TEXT

    @property
    def is_between_tags(self) -> bool:
        """True where an element could begin: neither in a tag nor in a comment, script or title."""
        return self._state == self._text

    @property
    def standing(self) -> tuple[object, ...]:
        """In what the text so far has ended; two that are equal go on alike."""
        if self.is_between_tags:
            return ()
        attribute = (self._attribute, self._quote) if self._state == self._value else ()
        return self._state, self._element, *attribute

    def element_begins(self, name: str) -> None:
        """A start tag was met. For those who count elements."""

    def element_ends(self, name: str) -> None:
        """An end tag was met, or the end of a tag that closes itself (``<v:fill />``)."""

    def read(self, literal: str) -> Place:
        """Go on to the end of this literal; the place of the value there."""
        self.go_on(literal)
        return self.value()

    def go_on(self, literal: str) -> None:
        """Go on to the end of this literal."""
        position = 0
        while position < len(literal):
            look_at_the_clock()
            position = self._state(literal, position)

    def value(self) -> Place:
        """The place of the value that stands here; of a link the rest is a part from then on."""
        self.place = Place.TEXT
        if self._state == self._value:
            self.place = self._value_place()
            self._begun = True
        elif self._state in (self._tag, self._declaration):
            self.place = Place.NOWHERE
        elif self._state == self._raw:
            self.place = self._raw_place()
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
            name = match.group(2).lower()
            self._element = "" if match.group(1) else name
            (self.element_ends if match.group(1) else self.element_begins)(name)
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
                if ":" in self._element and literal[end - 1 : end] == "/":
                    self.element_ends(self._element)
                self._state = self._raw if self._element in _RAW else self._text
                self._style = _Style()
                return end + 1
            return len(literal)
        position = match.end()
        if not match.group(2):
            return position
        self._attribute, self._quote = match.group(1).lower(), literal[position : position + 1]
        if self._quote and self._quote in "\"'":
            self._state, self._begun = self._value, False
            self._head, self._style = "", _Style()
            return position + 1
        unquoted = _UNQUOTED.match(literal, position)
        return unquoted.end() if unquoted else position

    def _value(self, literal: str, position: int) -> int:
        end = literal.find(self._quote, position)
        stop = len(literal) if end < 0 else end
        self._read_value(literal[position:stop])
        if end < 0:
            return stop
        self._state = self._tag
        return end + 1

    def _read_value(self, text: str) -> None:
        if self._attribute == "style":
            self._style.read(text)
        elif self._attribute in _LINKS:
            if self._attribute == "srcset" and (picture := _NEXT_PICTURE.match(text)):
                self._begun, self._head, text = False, "", text[picture.end() :]
            self._head = (self._head + html.unescape(text[:_HEAD]))[:_HEAD]
            self._begun = self._begun or bool(text.strip())

    def _value_place(self) -> Place:
        name = self._attribute
        if name.startswith("on") or name == "srcdoc":
            return Place.NOWHERE
        if name == "style":
            return self._style.place()
        if name not in _LINKS:
            return Place.TEXT
        if not self._begun:
            return Place.LINK
        scheme = _SCHEME.match(self._head)
        safe = scheme is None or scheme.group(1).lower() in _SAFE_SCHEMES
        return Place.LINK_PART if safe else Place.NOWHERE

    def _raw_place(self) -> Place:
        if self._element in ("title", "textarea"):
            return Place.TEXT
        # In a style sheet an address could not be escaped as it is in an attribute.
        plain = self._element == "style" and not self._style.in_address
        return Place.STYLE if plain else Place.NOWHERE

    def _raw(self, literal: str, position: int) -> int:
        end = _RAW[self._element].search(literal, position)
        if self._element == "style":
            self._style.read(literal[position : end.start() if end else len(literal)])
        if end is None:
            return len(literal)
        self.element_ends(self._element)
        self._state, self._element = self._tag, ""
        return end.start() + 2


def places(literals: Sequence[str]) -> list[Place]:
    """The place of each value between these literals. Raises TemplatePlace."""
    finder = PlaceFinder()
    found: list[Place] = []
    line = 1
    for literal in literals[:-1]:
        line += literal.count("\n")
        found.append(finder.read(literal))
        if found[-1] is Place.NOWHERE:
            raise no_place(line)
    return found


def no_place(line: int) -> TemplatePlace:
    """What is said of a value in this line that stands where it cannot be made safe."""
    text = gettext_noop(
        "a value may stand in text, in a quoted attribute, a link, or behind the"
        " colon in a style; not in a script, a handler, a tag, an address in a style"
        " sheet, or without quotation marks."
    )
    return TemplatePlace(text, line)


def raw_text(value: str) -> str:
    """As it is: for plain text."""
    if "\0" in value:
        raise BadText
    return value


def escape_text(value: str) -> str:
    """For HTML text and quoted attributes."""
    return html.escape(raw_text(value))


def whole_link(value: str) -> str:
    """A link as it is, when it is one that only opens a page, a letter or a call."""
    link = value.strip()
    if link and not _SAFE_LINK.fullmatch(link):
        raise BadUrl
    return link.replace(" ", "%20")


def link_part(value: str) -> str:
    """A piece of a link, with everything percent-encoded that has a meaning in links."""
    return quote(raw_text(value), safe="")


def plain_style(value: str) -> str:
    """A number, a colour or a word inside a style."""
    if not _SAFE_STYLE.fullmatch(value):
        raise BadStyle
    return value


def style_link(value: str) -> str:
    """A web address inside ``url()`` in a style, quoted there or not."""
    link = whole_link(value)
    if link and not link.lower().startswith(("http://", "https://")):
        raise BadUrl
    return _BREAKS_STYLE.sub(lambda found: quote(found.group(), safe=""), link)


def _escape_style_link(value: str) -> str:
    return html.escape(style_link(value))


def _escape_link(value: str) -> str:
    return html.escape(whole_link(value))


HTML_ESCAPES: dict[Place, Callable[[str], str]] = {
    Place.TEXT: escape_text,
    Place.LINK: _escape_link,
    Place.LINK_PART: link_part,
    Place.STYLE: plain_style,
    Place.STYLE_LINK: _escape_style_link,
}

#: The same values in the plain text that is made from the HTML.
TEXT_ESCAPES: dict[Place, Callable[[str], str]] = {
    Place.TEXT: raw_text,
    Place.LINK: whole_link,
    Place.LINK_PART: link_part,
    Place.STYLE: plain_style,
    Place.STYLE_LINK: style_link,
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
