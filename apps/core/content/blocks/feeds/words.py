"""The words of an item in one text of a block, each made safe for the place where it lands.

A brace of a feed's must not begin a placeholder of the letter: it is sealed here, and written as
itself once the letter is compiled (``unsealed``).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote

from apps.core.content.blocks.feeds.entry import FeedEntry
from apps.core.content.blocks.links import PLACEHOLDER, is_link
from apps.core.content.html_contexts import HTML_ESCAPES, places
from apps.core.content.template_language import (
    ITEM,
    RenderRefused,
    Template,
    TemplateNotAllowed,
    TemplateRefused,
    parse,
)
from apps.core.errors import gettext_noop

_SEALS: Final = str.maketrans({"{": "\ue010", "}": "\ue011"})
_BRACES: Final = str.maketrans({"\ue010": "{", "\ue011": "}"})
_ROUND: Final = str.maketrans({"\ue010": "(", "\ue011": ")"})
_NO_SEALS: Final = str.maketrans({"\ue010": None, "\ue011": None})
_HTML: Final = r"\{\{\s*item\.html\s*\}\}"
_WHOLE: Final = re.compile(rf"<p>\s*{_HTML}\s*</p>|^\s*{_HTML}\s*$")
_ANCHOR: Final = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
_OF_ITEM: Final = re.compile(rf"\b{ITEM}\.\w")

Escape = Callable[[str], str]


def line_with(source: str, entry: FeedEntry) -> str:
    """A line of plain text."""
    return _put_in(source, entry, sealed)


def link_with(source: str, entry: FeedEntry) -> str:
    """An address; empty where the item has none for its beginning, or it would be no address."""
    found = PLACEHOLDER.match(source)
    begins = found is not None and _OF_ITEM.search(found.group()) is not None
    if begins and found is not None:
        start = (_value(found.group(), entry) or "").strip()
        rest = source[found.end() :]
        if not start or not is_link(start):
            return ""
        return start.translate(_SEALS) + _put_in(rest, entry, _link_part)
    return _put_in(source, entry, _link_part)


def rich_with(source: str, entry: FeedEntry) -> str:
    """Rich text; the item's own where its place is a paragraph of its own."""
    anchored = _ANCHOR.sub(lambda found: _anchor(found, entry), source)
    parts = _WHOLE.split(anchored)
    own = sealed(entry.html)
    return own.join(_put_in(part, entry, _escaped, html.unescape) for part in parts)


def fragment_with(source: str, entry: FeedEntry) -> str:
    """HTML with placeholders. Raises TemplateRefused for code that asks for the item."""
    if not _OF_ITEM.search(source):
        return source
    template = parse(source, in_repeat=True)
    if not template.is_plain:
        text = gettext_noop(
            "where a feed is repeated, HTML may hold placeholders such as {{ item.title }}, but"
            " no other code that asks for an item."
        )
        raise TemplateNotAllowed(text)
    return _plain_fragment(template, entry)


def unsealed(parts: Any) -> Any:
    """The parts of a compiled letter with the braces of the feed's words as they are."""
    if isinstance(parts, str):
        return parts.translate(_BRACES)
    if isinstance(parts, list):
        return [unsealed(one) for one in parts]
    if isinstance(parts, dict):
        return {name: _unsealed_value(name, one) for name, one in parts.items()}
    return parts


def _unsealed_value(name: str, value: Any) -> Any:
    """Inside code a brace would be code."""
    if name in ("liquid", "placeholder"):
        return str(value).translate(_ROUND)
    return unsealed(value) if isinstance(value, list) else value


def _plain_fragment(template: Template, entry: FeedEntry) -> str:
    values = entry.fields()
    found = [template.literals[0]]
    rows = zip(template.slots, template.fallbacks, places(template.literals), strict=True)
    for (name, fallback, place), literal in zip(rows, template.literals[1:], strict=True):
        if name in values:
            found.append(_safe(HTML_ESCAPES[place], values[name] or fallback))
        else:
            default = f' | default: "{fallback}"' if fallback else ""
            found.append(f"{{{{ {name}{default} }}}}")
        found.append(literal)
    return "".join(found)


def _safe(escape: Escape, value: str) -> str:
    try:
        return sealed(escape(value))
    except RenderRefused:  # no value for this place, such as a sentence in a style
        return ""


def _anchor(found: re.Match[str], entry: FeedEntry) -> str:
    """The link with its address, or its words alone where there is none."""
    address = html.unescape(found[1])
    if not _OF_ITEM.search(address):
        return found.group()
    link = link_with(address, entry)
    return f'<a href="{html.escape(link)}">{found[2]}</a>' if link else found[2]


def _put_in(source: str, entry: FeedEntry, escape: Escape, code: Callable[[str], str] = str) -> str:
    """Every placeholder that asks for the item alone, replaced; the others stay."""
    if "{{" not in source:
        return source

    def value(found: re.Match[str]) -> str:
        text = _value(code(found.group()), entry)
        return found.group() if text is None else escape(text)

    return PLACEHOLDER.sub(value, source)


def _value(placeholder: str, entry: FeedEntry) -> str | None:
    """What it says of the item; None where it asks for something else."""
    template = _parsed(placeholder)
    if template is None or not template.names:
        return None
    values = entry.fields(for_filters=not template.is_plain)
    if not all(name.startswith(f"{ITEM}.") or name == ITEM for name in template.names):
        return None
    try:
        return template.render(values)
    except (TemplateRefused, RenderRefused):
        return ""


@lru_cache(maxsize=256)
def _parsed(placeholder: str) -> Template | None:
    try:
        return parse(placeholder, in_repeat=True)
    except TemplateRefused:
        return None


def sealed(text: str) -> str:
    """The text with no brace that the letter's compiler would take for its own."""
    return text.translate(_NO_SEALS).translate(_SEALS)


def _escaped(text: str) -> str:
    return html.escape(sealed(text))


def _link_part(text: str) -> str:
    return quote(text, safe="")
