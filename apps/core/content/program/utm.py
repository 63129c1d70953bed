"""UTM: parameters by which the statistics of a site know the letter that somebody came from.

``utm`` holds what is given by the keys of UTM without their ``utm_``; a value may hold plain
placeholders. A link that has such parameters of its own gets none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from apps.core.content.program.links import Change, Found
from apps.core.content.program.parts import Link, Part, Placeholder
from apps.core.content.program.queries import has_utm, is_fixed, is_web, with_query
from apps.core.content.template_language import TemplateRefused, parse
from apps.core.errors import ContentRefused, gettext_noop

KEYS: Final = ("source", "medium", "campaign", "content", "term")
#: Characters of one value.
LONGEST: Final = 200
_PLACEHOLDER: Final = re.compile(r"(\{\{.*?\}\})")


class UtmInvalid(ContentRefused):
    """A UTM parameter is too long, or has more in it than words and plain placeholders."""

    code = "utm_invalid"


def checked(given: Mapping[str, str]) -> dict[str, str]:
    """The parameters that say something. Raises UtmInvalid."""
    found = {key: " ".join(given.get(key, "").split()) for key in KEYS}
    for key, value in found.items():
        if len(value) > LONGEST or not value.isprintable() or not _is_plain(value):
            text = gettext_noop(
                "utm_%(key)s is up to %(limit)d characters, with placeholders such as"
                ' {{ name }} or {{ name | default: "none" }}.'
            )
            raise UtmInvalid(text, key=key, limit=LONGEST)
    return {key: value for key, value in found.items() if value}


def _is_plain(value: str) -> bool:
    try:
        return parse(value).is_plain
    except TemplateRefused:
        return False


def tagged(utm: Mapping[str, str], blocks: Sequence[str], *, in_html: bool) -> Change:
    """The change that adds the parameters to a link.

    ``blocks``: in which block each link of the document stands, which is what ``utm_content`` says
    where it is not given.
    """
    ampersand = "&amp;" if in_html else "&"

    def change(found: Found) -> Sequence[Part]:
        if has_utm(found.parts):
            return found.parts
        block = blocks[found.kept - 1] if 0 < found.kept <= len(blocks) else ""
        given = utm if "content" in utm or not block else {**utm, "content": block}
        query = query_of(given, "&")
        # In a text a value stands as it is; in a link it must be encoded.
        if not is_web(found.parts) or not (in_html or is_fixed(query)):
            return (Link(found.number, found.parts, query),)
        return with_query(found.parts, query_of(given, ampersand), ampersand)

    return change


def query_of(utm: Mapping[str, str], ampersand: str) -> tuple[Part, ...]:
    """The parameters as a query, in the order of their keys."""
    made: list[Part] = []
    for key in KEYS:
        if utm.get(key):
            made += [f"{ampersand if made else ''}utm_{key}=", *_value(utm[key])]
    return tuple(_joined(made))


def shown(utm: Mapping[str, str]) -> str:
    """The query as people read it."""
    return "&".join(f"utm_{key}={utm[key]}" for key in KEYS if utm.get(key))


def _value(value: str) -> Iterator[Part]:
    for at, piece in enumerate(_PLACEHOLDER.split(value)):
        if at % 2:
            yield Placeholder(piece)
        elif piece:
            yield quote(piece, safe="")


def _joined(parts: Sequence[Part]) -> Iterator[Part]:
    """Neighbouring texts as one."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        if text:
            yield text
        text = ""
        yield part
    if text:
        yield text
