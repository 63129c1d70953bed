"""Raw HTML with code in it, as a block may hold it: one balanced fragment between tags."""

from __future__ import annotations

import re
from typing import Final

from apps.core.content.html_contexts import TemplatePlace
from apps.core.content.html_text import html_to_text
from apps.core.content.program.safe_places import SafePlaces
from apps.core.content.template_language import Template, TemplateRefused, parse
from apps.core.errors import gettext_noop

_OPENING: Final = re.compile(r"\{[{%]")
_TAG_NAME: Final = re.compile(r"\{%-?\s*(\w+)")
_END_RAW: Final = re.compile(r"\{%-?\s*endraw\s*-?%\}")
_WORDS_MARK: Final = re.compile(r"<!--\[if|<!\[endif\]")
#: What browsers take for the end of a comment, and hardly anything else does.
_ODD_END: Final = re.compile(r"--!>|(?<!\]>)<!---?>")
_ITEM: Final = re.compile(r"\bitem\.(?=\w)")
_PLAIN: Final = re.compile(r"\{\{\s*[\w.-]+\s*\}\}")
#: What no fragment holds: it would be the frame of the letter, or a form of somebody's.
_FOREIGN: Final = frozenset(
    "html head body frame frameset iframe noframes object embed noembed script base template"
    " plaintext xmp".split()
)


def checked(source: str) -> str:
    """The source, if it can stand in a letter. Raises TemplateRefused, mostly TemplatePlace.

    It is judged as the program of the letter will judge it (SafePlaces): as Word reads it, with
    what stands in conditional comments, and as everybody else does, without.
    """
    parsed(source)
    _refuse_comments(_without_code(source))
    for reading in dict.fromkeys((source, without_comments(source))):
        _BlockPlaces().fragment(reading)
    return source


def parsed(source: str) -> Template:
    """The template; ``item.name``, which a repeat fills in, is a name like another."""
    return parse(_ITEM.sub("attributes.", source))


def is_code(source: str) -> bool:
    """True if more stands in it than text and plain placeholders."""
    rest = _PLAIN.sub("", source)
    return "{{" in rest or "{%" in rest


def text_of(source: str) -> str:
    """The fragment as readable text, its code kept when it still is code without the tags."""
    text = html_to_text(source)
    try:
        parsed(text)
    except TemplateRefused:  # a tag that it stood in is gone, and half of it with it
        return html_to_text(_without_code(source))
    return text


def without_comments(source: str) -> str:
    """For where Word's conditional comments would stand in another one."""
    kept: list[str] = []
    position = 0
    while (start := source.find("<!--", position)) >= 0:
        end = source.find("-->", start)
        if end < 0:
            break
        kept.append(source[position:start])
        position = end + 3
    return "".join((*kept, source[position:]))


def _without_code(source: str) -> str:
    """The source without its tags and placeholders; what stands between raw tags is kept."""
    kept: list[str] = []
    position = 0
    while opening := _OPENING.search(source, position):
        start = opening.start()
        end = source.find("}}" if opening[0] == "{{" else "%}", start + 2)
        if end < 0:
            break
        kept.append(source[position:start])
        position = end + 2
        name = _TAG_NAME.match(source, start)
        if name and name[1] == "raw" and (stop := _END_RAW.search(source, position)):
            kept.append(source[position : stop.start()])
            position = stop.end()
    return "".join((*kept, source[position:]))


def _refuse_comments(bare: str) -> None:
    """Raise TemplatePlace for a comment that would reach on, in a browser or in Word."""
    marks = _WORDS_MARK.findall(bare)
    in_turn = all(mark.startswith("<!--") is (n % 2 == 0) for n, mark in enumerate(marks))
    closed = "<!" not in without_comments(bare) and not _ODD_END.search(bare)
    if not closed or not in_turn or len(marks) % 2:
        raise TemplatePlace(gettext_noop("a tag or a comment is not closed."))


class _BlockPlaces(SafePlaces):
    """Stricter than a letter as a whole: a block is no page."""

    def element_begins(self, name: str) -> None:
        self._refuse_foreign(name)
        super().element_begins(name)

    def element_ends(self, name: str) -> None:
        self._refuse_foreign(name)
        super().element_ends(name)

    def _refuse_foreign(self, name: str) -> None:
        if name in _FOREIGN:
            text = gettext_noop("a block of HTML holds no page, frame or script.")
            raise TemplatePlace(text, self.line)
