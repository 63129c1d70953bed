"""A compiled letter as a recipient sees it, or its writer, safe to be shown in a frame."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import nh3

from apps.core.content.blocks.letter.parts import Part
from apps.core.content.html_contexts import escape_parts
from apps.core.content.html_text import sane_markup
from apps.core.content.rules import refuse_depth
from apps.core.content.template_language import parse, too_slow
from apps.core.content.time_budget import MAX_SECONDS, OverLimit, time_budget

View = Literal["desktop", "phone", "dark", "images_off", "text"]

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
_SOURCE: Final = re.compile(r'(<img\b[^>]*?) src="[^"]*"')


def filled_html(parts: Iterable[Part], fields: Mapping[str, Any] | None) -> str:
    """The parts with a recipient's values, each escaped for its place.

    Without ``fields`` the placeholders stand there as they are written. What only some are shown is
    shown.
    """
    return escape_parts(_flat(parts, fields))


def filled_text(parts: Iterable[Part], fields: Mapping[str, Any]) -> str:
    """The parts of the text with a recipient's values."""
    return "".join(_flat(parts, fields))


def safe_html(html: str, *, images: bool = True) -> str:
    """The same without script, form or frame. The place that shows it must forbid them as well.

    Raises HtmlTooDeep.
    """
    refuse_depth(html)
    cleaned = nh3.clean(
        sane_markup(html),
        tags=_TAGS,
        clean_content_tags={"script", "title"},
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="pass_through",
        link_rel=None,
    )
    return cleaned if images else _SOURCE.sub(r"\1", cleaned)


def within_budget(parts: Iterable[Part], fields: Mapping[str, Any] | None) -> str:
    """``filled_html``, unless it takes too long. Raises TemplateRefused."""
    try:
        with time_budget(MAX_SECONDS):
            return filled_html(parts, fields)
    except OverLimit as error:
        raise too_slow() from error


def _flat(parts: Iterable[Part], fields: Mapping[str, Any] | None) -> list[str]:
    """Literal, value, literal, … literal."""
    found = [""]
    for part in parts:
        if isinstance(part, str):
            found[-1] += part
        elif "placeholder" in part or "liquid" in part:
            _add(found, _values(part, fields))
        elif "each" in part:
            for inner, values in _items(part, fields):
                _add(found, _flat(inner, values))
        elif "href" in part and fields is None:
            found[-1] += "#"  # an address that is filled in leads nowhere yet
        else:
            _add(found, _flat(part["parts"], fields))
    return found


def _add(found: list[str], more: list[str]) -> None:
    found[-1] += more[0]
    found += more[1:]


def _values(part: Mapping[str, Any], fields: Mapping[str, Any] | None) -> list[str]:
    source: str = part.get("placeholder") or part["liquid"]
    if fields is not None:
        return parse(source).parts(fields)
    return ["", source, ""] if "placeholder" in part else [source]


def _items(part: Mapping[str, Any], fields: Mapping[str, Any] | None) -> Iterable[Any]:
    if fields is None:
        return [(part["parts"], None)]
    items = fields.get(part["each"])
    items = items[: part["limit"]] if isinstance(items, list) else []
    if not items:
        return [(part.get("empty") or [], fields)]
    named = [{f"item.{key}": str(value) for key, value in item.items()} for item in items]
    return [(part["parts"], {**fields, **item}) for item in named]
