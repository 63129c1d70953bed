"""Rich text as it is stored: paragraphs, lists, marks and links, and nothing beside.

Whatever an editor, a paste or a program hands over is brought into this one form before it is
kept. The row writers rely on it: links have one attribute, everything else has none.
"""

from __future__ import annotations

import html as entities
import re
from typing import Final

import nh3

from apps.core.content.blocks.links import checked_link, is_link
from apps.core.content.blocks.typography import NO_BREAK, plain_blanks
from apps.core.content.html_nesting import is_too_deep
from apps.core.content.html_text import sane_markup

TAGS: Final = frozenset("p ul ol li br strong em u s a sub sup".split())
#: What means the same as a tag that is kept.
_SAME: Final = {"b": "strong", "i": "em", "del": "s", "strike": "s", "ins": "u"}
#: What begins a line of its own: it becomes a paragraph.
_LINES: Final = frozenset(
    "div h1 h2 h3 h4 h5 h6 blockquote pre section article header footer tr dt dd figcaption".split()
)
_READ: Final = set(TAGS | _SAME.keys() | _LINES)
_DROPPED: Final = {"script", "style", "title", "template", "textarea", "iframe", "noscript"}
_SCHEMES: Final = {"http", "https", "mailto", "tel"}
_RENAMED: Final = re.compile(
    rf"<(/?)({'|'.join(sorted((_SAME.keys() | _LINES), key=len, reverse=True))})>"
)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_DEAD_LINK: Final = re.compile(r"<a>(.*?)</a>", re.DOTALL)
_EMPTY: Final = re.compile(r"<(p|li|ul|ol|strong|em|u|s|sub|sup)>\s*</\1>")
_IN_BRACES: Final = re.compile(r"\{\{(?:[^{}<]|<[^<>{}]{0,200}>){1,400}\}\}")


class TooDeep(ValueError):
    """The source is nested so deep that cleaning it would take seconds."""


def clean_rich(source: str) -> str:
    """The source in the form that is stored; the same again when it is in that form.

    Raises TooDeep. Placeholders stay, also where an editor has put marks into their braces.
    """
    source = _CONTROLS.sub("", source)
    if "<" not in source and "&" not in source and ">" not in source:
        return plain_blanks(source)
    if is_too_deep(source):
        raise TooDeep("the text is nested too deeply")
    cleaned = _cleaned(_IN_BRACES.sub(_without_marks, sane_markup(source)), _READ)
    if _RENAMED.search(cleaned):
        cleaned = _cleaned(_RENAMED.sub(_renamed, cleaned), set(TAGS))
    cleaned = plain_blanks(_DEAD_LINK.sub(r"\1", cleaned).replace("&nbsp;", NO_BREAK))
    while (thinner := _EMPTY.sub("", cleaned)) != cleaned:
        cleaned = thinner
    return cleaned.strip()


def _cleaned(source: str, tags: set[str]) -> str:
    return nh3.clean(
        source,
        tags=tags,
        attributes={"*": set(), "a": {"href"}},
        attribute_filter=_address,
        clean_content_tags=_DROPPED,
        url_schemes=_SCHEMES,
        link_rel=None,
    )


def _address(tag: str, attribute: str, value: str) -> str | None:
    return checked_link(value) if value.strip() and is_link(value.strip()) else None


def _renamed(found: re.Match[str]) -> str:
    return f"<{found[1]}{_SAME.get(found[2], 'p')}>"


def _without_marks(found: re.Match[str]) -> str:
    code = entities.unescape(re.sub(r"<[^<>]*>", "", found.group())).replace(NO_BREAK, " ")
    return entities.escape(code, quote=False)
