"""Raw HTML with code in it, as a block may hold it: one balanced fragment between tags."""

from __future__ import annotations

import re
from typing import Final

from apps.core.content.html_contexts import Place, PlaceFinder, TemplatePlace, places
from apps.core.content.html_text import MARKUP, VOID, html_to_text, without_declarations
from apps.core.content.template_language import Template, TemplateRefused, parse
from apps.core.errors import gettext_noop

_NAME: Final = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_CODE: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_WORDS_MARK: Final = re.compile(r"<!--\[if|<!\[endif\]")
#: What browsers take for the end of a comment, and hardly anything else does.
_ODD_END: Final = re.compile(r"--!>|(?<!\]>)<!---?>")
_ITEM: Final = re.compile(r"\bitem\.(?=\w)")
_PLAIN: Final = re.compile(r"\{\{\s*[\w.-]+\s*\}\}")
#: Elements whose end may be left out.
_OPEN_ENDED: Final = frozenset("p li dt dd td th tr tbody thead tfoot option colgroup".split())
#: What no fragment holds: it would be the frame of the letter, or a form of somebody's.
_FOREIGN: Final = frozenset("html head body frame frameset iframe object embed script base".split())


def checked(source: str) -> str:
    """The source, if it can stand in a letter. Raises TemplateRefused, mostly TemplatePlace."""
    template = parsed(source)
    bare = _CODE.sub("", source)
    _refuse_comments(bare)
    _refuse_places(template, bare)
    reason = _imbalance(bare)
    if reason:
        raise TemplatePlace(reason)
    return source


def parsed(source: str) -> Template:
    """The template; ``item.name``, which a repeat fills in, is a name like another."""
    return parse(_ITEM.sub("attributes.", source))


def is_code(source: str) -> bool:
    """True if more stands in it than text and plain placeholders."""
    return bool(_CODE.search(_PLAIN.sub("", source)))


def text_of(source: str) -> str:
    """The fragment as readable text, its code kept when it still is code without the tags."""
    text = html_to_text(source)
    try:
        parsed(text)
    except TemplateRefused:  # a tag that it stood in is gone, and half of it with it
        return html_to_text(_CODE.sub("", source))
    return text


def without_comments(source: str) -> str:
    """For where Word's conditional comments would stand in another one."""
    return _COMMENT.sub("", source)


def _refuse_comments(bare: str) -> None:
    """Raise TemplatePlace for a comment that would reach on, in a browser or in Word."""
    marks = _WORDS_MARK.findall(bare)
    in_turn = all(mark.startswith("<!--") is (n % 2 == 0) for n, mark in enumerate(marks))
    closed = "<!" not in _COMMENT.sub("", bare) and not _ODD_END.search(bare)
    if not closed or not in_turn or len(marks) % 2:
        raise TemplatePlace(gettext_noop("a tag or a comment is not closed."))


def _refuse_places(template: Template, bare: str) -> None:
    if template.is_plain:
        places(template.literals)
    finder = PlaceFinder()
    ends = [finder.read(bare), finder.read('<a href="')]
    if ends != [Place.TEXT, Place.LINK]:  # in a tag, a comment, or an element of raw text
        raise TemplatePlace(gettext_noop("a tag or a comment is not closed."))


def _imbalance(source: str) -> str:
    """Why the fragment would reach out of its block; empty when it does not."""
    still_open: list[str] = []
    for markup in MARKUP.findall(without_declarations(source)):
        found = _NAME.match(markup)
        if found is None:
            continue
        name = found[2].lower()
        if name in _FOREIGN:
            return gettext_noop("a block of HTML holds no page, frame or script.")
        if not found[1]:
            if name not in VOID and not markup.endswith("/>"):
                still_open.append(name)
            continue
        while still_open and still_open[-1] != name and still_open[-1] in _OPEN_ENDED:
            still_open.pop()
        if name in VOID:
            continue
        if not still_open or still_open.pop() != name:
            return gettext_noop("it closes an element that it has not opened.")
    if set(still_open) - _OPEN_ENDED:
        return gettext_noop("it opens an element that it does not close.")
    return ""
