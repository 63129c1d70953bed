"""Raw HTML with code in it, as a block may hold it: one balanced fragment between tags."""

from __future__ import annotations

import re
from typing import Final

from apps.core.content.html_contexts import Place, PlaceFinder, TemplatePlace, places
from apps.core.content.html_nesting import MAX_DEPTH
from apps.core.content.html_text import MARKUP, VOID, html_to_text, without_declarations
from apps.core.content.template_language import Template, TemplateRefused, parse
from apps.core.errors import gettext_noop

_NAME: Final = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_OPENING: Final = re.compile(r"\{[{%]")
_TAG_NAME: Final = re.compile(r"\{%-?\s*(\w+)")
_END_RAW: Final = re.compile(r"\{%-?\s*endraw\s*-?%\}")
_BEGINNINGS: Final = frozenset("if unless case for".split())
_ENDS: Final = frozenset("endif endunless endcase endfor".split())
_BLOCKS: Final = _BEGINNINGS | _ENDS | frozenset("else elsif when".split())
_OPEN, _CLOSE = "\ue000", "\ue001"
_SEAL: Final = re.compile(f"{_OPEN}(\\w+){_CLOSE}")
_MARKUP_OR_SEAL: Final = re.compile(f"{_SEAL.pattern}|{MARKUP.pattern}")
_WORDS_MARK: Final = re.compile(r"<!--\[if|<!\[endif\]")
#: What browsers take for the end of a comment, and hardly anything else does.
_ODD_END: Final = re.compile(r"--!>|(?<!\]>)<!---?>")
_ITEM: Final = re.compile(r"\bitem\.(?=\w)")
_PLAIN: Final = re.compile(r"\{\{\s*[\w.-]+\s*\}\}")
#: Elements whose end may be left out.
_OPEN_ENDED: Final = frozenset("p li dt dd td th tr tbody thead tfoot option colgroup".split())
#: What no fragment holds: it would be the frame of the letter, or a form of somebody's.
_FOREIGN: Final = frozenset(
    "html head body frame frameset iframe noframes object embed noembed script base template"
    " plaintext xmp".split()
)

_LEFT_OPEN: Final = gettext_noop("it opens an element that it does not close.")


def checked(source: str) -> str:
    """The source, if it can stand in a letter. Raises TemplateRefused, mostly TemplatePlace."""
    template = parsed(source)
    sealed = _sealed(source)
    bare = _SEAL.sub("", sealed)
    _refuse_comments(bare)
    _refuse_places(template, bare)
    reason = _Balance().fault(without_declarations(sealed))
    if reason:
        raise TemplatePlace(reason)
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
        return html_to_text(_SEAL.sub("", _sealed(source)))
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


def _sealed(source: str) -> str:
    """The source without its code; of each tag only the name is left, in a seal."""
    source = source.replace(_OPEN, "").replace(_CLOSE, "")
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
        if name is None:
            continue
        if name[1] == "raw" and (stop := _END_RAW.search(source, position)):
            kept.append(source[position : stop.start()])
            position = stop.end()
        elif name[1] in _BLOCKS:
            kept.append(f"{_OPEN}{name[1]}{_CLOSE}")
    return "".join((*kept, source[position:]))


def _refuse_comments(bare: str) -> None:
    """Raise TemplatePlace for a comment that would reach on, in a browser or in Word."""
    marks = _WORDS_MARK.findall(bare)
    in_turn = all(mark.startswith("<!--") is (n % 2 == 0) for n, mark in enumerate(marks))
    closed = "<!" not in without_comments(bare) and not _ODD_END.search(bare)
    if not closed or not in_turn or len(marks) % 2:
        raise TemplatePlace(gettext_noop("a tag or a comment is not closed."))


def _refuse_places(template: Template, bare: str) -> None:
    if template.is_plain:
        places(template.literals)
    finder = PlaceFinder()
    ends = [finder.read(bare), finder.read('<a href="')]
    if ends != [Place.TEXT, Place.LINK]:  # in a tag, a comment, or an element of raw text
        raise TemplatePlace(gettext_noop("a tag or a comment is not closed."))


class _Balance:
    """Reads a fragment, and says why it would reach out of its block or of one of its branches."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._begun: list[list[str]] = []  # what was open where each condition or loop begins

    def fault(self, sealed: str) -> str:
        """Empty when there is none."""
        for found in _MARKUP_OR_SEAL.finditer(sealed):
            reason = self._tag(found[1]) if found[1] else self._element(found.group())
            if reason:
                return reason
        return _LEFT_OPEN if self._closed_by_others() else ""

    def _element(self, markup: str) -> str:
        found = _NAME.match(markup)
        if found is None or (name := found[2].lower()) in VOID:
            return ""
        if name in _FOREIGN:
            return gettext_noop("a block of HTML holds no page, frame or script.")
        if not found[1]:
            self._open.append(name)  # also with a slash at its end, which HTML passes over
            if len(self._open) > MAX_DEPTH:
                return gettext_noop("its elements stand too deep in each other.")
            return ""
        while self._open and self._open[-1] != name and self._open[-1] in _OPEN_ENDED:
            self._open.pop()
        if not self._open or self._open.pop() != name:
            return gettext_noop("it closes an element that it has not opened.")
        return ""

    def _tag(self, name: str) -> str:
        """A branch leaves open what was open before it, and nothing else."""
        if name in _BEGINNINGS:
            self._begun.append(self._closed_by_others())
        elif not self._begun or self._begun[-1] != self._closed_by_others():
            return _LEFT_OPEN
        elif name in _ENDS:
            self._begun.pop()
        return ""

    def _closed_by_others(self) -> list[str]:
        return [name for name in self._open if name not in _OPEN_ENDED]
