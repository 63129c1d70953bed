"""A compiled letter as its writer sees it: placeholders as they are written, every part shown."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any, Final

import nh3

from apps.core.content.blocks.letter.parts import Part
from apps.core.content.html_contexts import escape_parts
from apps.core.content.html_text import sane_markup
from apps.core.content.rules import refuse_depth

_TAGS: Final = nh3.ALLOWED_TAGS | {"font", "center", "style", "s", "u", "sub", "sup"}
_LAYOUT: Final = {"style", "class", "align", "valign", "width", "height", "bgcolor", "dir", "role"}
#: What the editor finds parts and texts by.
_MARKS: Final = {f"data-{name}" for name in ("node", "line", "rich", "gap", "empty", "add")}
_ATTRIBUTES: Final = {
    "*": _LAYOUT | _MARKS | {"aria-label"},
    "a": {"href", "title"},
    "img": {"src", "alt", "border"},
    "table": {"cellpadding", "cellspacing", "border"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "font": {"face", "size", "color"},
}


def written_html(parts: Iterable[Part]) -> str:
    """Safe HTML without script, form or frame; the place that shows it must forbid them as well.

    Raises HtmlTooDeep.
    """
    return _cleaned(escape_parts(_flat(parts)))


def written_rows(parts: Iterable[Part]) -> str:
    """The same of rows, which stand in a table only."""
    cleaned = _cleaned(f"<table>{escape_parts(_flat(parts))}</table>")
    return cleaned.removeprefix("<table><tbody>").removesuffix("</tbody></table>")


def _cleaned(source: str) -> str:
    refuse_depth(source)
    return nh3.clean(
        sane_markup(source),
        tags=_TAGS,
        clean_content_tags={"script", "title"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )


def _flat(parts: Iterable[Part]) -> list[str]:
    """Literal, value, literal, … literal."""
    found = [""]
    for part in parts:
        if isinstance(part, str):
            found[-1] += part
        elif "placeholder" in part:
            found += [part["placeholder"], ""]
        elif "liquid" in part:
            found[-1] += part["liquid"]
        elif "href" in part:
            found[-1] += _address(part["parts"])
        else:
            first, *rest = _flat(part["parts"])
            found[-1] += first
            found += rest
    return found


def _address(parts: Iterable[Any]) -> str:
    """A link's address as it is written; no placeholder in it is a value yet."""
    return "".join(
        part if isinstance(part, str) else html.escape(part.get("placeholder", ""))
        for part in parts
    )
