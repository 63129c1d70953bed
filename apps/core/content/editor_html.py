"""HTML as it is stored: what an editor of text has done to code is undone.

The visual editor knows only text: it writes blanks as ``&nbsp;`` and escapes quotation marks and
``>`` inside braces, where the template language reads code. Braces are always put right; the rest
only in what came from the visual editor, for who writes a no-break space in the source means
it. The editor's HTML is cleaned as well: of all editors' bugs the worst is a script tag
(CVE-2025-15056).
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable
from typing import Final

import nh3

from apps.core.content.html_nesting import is_too_deep
from apps.core.content.html_text import sane_markup
from apps.core.content.rules import MAX_BYTES

#: What the visual editor offers. Anything else in its HTML is no work of the writer's.
EDITOR_TAGS: Final = {
    "p", "br", "h1", "h2", "h3", "strong", "b", "em", "i", "u", "s", "a", "ol", "ul", "li",
    "blockquote",
}  # fmt: skip
EDITOR_ATTRIBUTES: Final = {"a": {"href", "title"}}
_SCHEMES: Final = {"http", "https", "mailto", "tel"}
_NO_BREAK: Final = "\u00a0"
#: Longer than any tag that is taken, however much of it was escaped.
_LONGEST: Final = 4_000
_OPENING: Final = re.compile(r"\{[{%]")
_ENTITIES: Final = re.compile(
    r"&(?:nbsp|quot|amp|lt|gt|apos|#39|#34|#160|#x27|#x22|#xa0);", re.IGNORECASE
)
_BLANKS: Final = re.compile(r"(?:&nbsp;| )+")
_MARKUP: Final = re.compile(r"<[^<>]{0,2000}>")
_EMPTY: Final = re.compile(r"<p>\s*</p>")
_OPEN, _CLOSE = "\ue000", "\ue001"
_HELD: Final = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
#: So many no-break spaces, and not one that breaks, nobody has typed.
_NOBODYS: Final = 3


def stored_html(source: str, *, visual: bool = False) -> str:
    """The source with code in its braces; as a person meant it when it is the visual editor's."""
    refused = len(source) > MAX_BYTES or is_too_deep(source)  # before it is stored
    if refused or not (visual or _is_of_an_editor(source)):
        return stored_text(source, decode=_decoded)
    source = source.replace(_OPEN, "").replace(_CLOSE, "")
    held: list[str] = []

    def hold(code: str) -> str:
        held.append(_decoded(_MARKUP.sub("", code)).replace(_NO_BREAK, " "))
        return f"{_OPEN}{len(held) - 1}{_CLOSE}"

    rest = _outside_markup(_in_braces(source, hold), _with_blanks)
    if visual:
        rest = _EMPTY.sub("<p><br></p>", _cleaned(rest))
    return _HELD.sub(lambda found: held[int(found[1])], rest)


def stored_text(source: str, *, decode: Callable[[str], str] = str) -> str:
    """The source with plain blanks in its braces: for a subject and a plain text."""
    return _in_braces(source, lambda code: decode(code).replace(_NO_BREAK, " "))


def _decoded(code: str) -> str:
    return _ENTITIES.sub(lambda found: entities.unescape(found.group()), code)


def _cleaned(source: str) -> str:
    return nh3.clean(
        sane_markup(source),
        tags=EDITOR_TAGS,
        attributes=EDITOR_ATTRIBUTES,
        clean_content_tags={"script", "style", "title"},
        url_schemes=_SCHEMES,
        link_rel=None,
    )


def _in_braces(source: str, change: Callable[[str], str]) -> str:
    """Everything from ``{{`` to ``}}`` and from ``{%`` to ``%}`` changed; in linear time."""
    done: list[str] = []
    position, begin = 0, 0
    closings = {"}}": 0, "%}": 0}  # the next one of each: looked for once, not at every opening
    while opening := _OPENING.search(source, begin):
        start, mark = opening.start(), "}}" if opening.group() == "{{" else "%}"
        if closings[mark] < start + 2:
            found = source.find(mark, start + 2)
            closings[mark] = found if found >= 0 else len(source)
        end = closings[mark]
        if end == len(source) or end > start + _LONGEST:
            begin = start + 1
            continue
        done += (source[position:start], change(source[start : end + 2]))
        position = begin = end + 2
    return "".join((*done, source[position:]))


def _outside_markup(source: str, change: Callable[[str], str]) -> str:
    done: list[str] = []
    position = 0
    for tag in _MARKUP.finditer(source):
        done += (change(source[position : tag.start()]), tag.group())
        position = tag.end()
    return "".join((*done, change(source[position:])))


def _with_blanks(text: str) -> str:
    """A blank for a single no-break space; of several in a row only the last can break."""
    return _BLANKS.sub(_run, text)


def _run(found: re.Match[str]) -> str:
    length = found.group().replace("&nbsp;", " ").count(" ")
    return "&nbsp;" * (length - 1) + " "


def _is_of_an_editor(source: str) -> bool:
    """True if it bears the editor's mark: no blank that breaks, or ``&nbsp;`` inside braces."""
    if "&nbsp;" not in source:
        return False
    codes: list[str] = []

    def aside(code: str) -> str:
        codes.append(code)
        return ""

    texts = _MARKUP.split(_in_braces(source, aside))
    if any(blank in text for text in texts for blank in " \n"):
        return False
    longest = max(text.count("&nbsp;") for text in texts)
    return longest >= _NOBODYS or any("&nbsp;" in code for code in codes)
