"""A compiled letter as its writer sees it: placeholders as they are written, every part shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import nh3

from apps.core.content.blocks.letter.parts import Part
from apps.core.content.html_contexts import escape_parts
from apps.core.content.html_text import sane_markup
from apps.core.content.rules import refuse_depth

_TAGS: Final = nh3.ALLOWED_TAGS | {"font", "center", "style", "s", "u", "sub", "sup"}
_LAYOUT: Final = {"style", "class", "align", "valign", "width", "height", "bgcolor", "dir", "role"}
_ATTRIBUTES: Final = {
    "*": _LAYOUT | {"aria-label", "data-node"},
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
    html = escape_parts(_flat(parts))
    refuse_depth(html)
    return nh3.clean(
        sane_markup(html),
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
            found[-1] += "#"  # nothing leads out of the editor
        else:
            first, *rest = _flat(part["parts"])
            found[-1] += first
            found += rest
    return found
