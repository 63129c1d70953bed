"""A message as one recipient will see it, safe to be shown in a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import nh3

from apps.core.content.html_text import sane_markup
from apps.core.content.program import (
    Program,
    Text,
    Values,
    from_html,
    from_text,
    html_steps,
    pieces_of,
    readable_steps,
)
from apps.core.content.rules import refuse_depth
from apps.core.content.template_language import parse, too_slow
from apps.core.content.time_budget import MAX_SECONDS, OverLimit, time_budget

_LAYOUT: Final = {"style", "class", "align", "valign", "width", "height", "bgcolor", "color", "dir"}
_ATTRIBUTES: Final = {
    "*": _LAYOUT,
    "a": {"href", "title"},
    "img": {"src", "alt", "border"},
    "table": {"cellpadding", "cellspacing", "border", "role"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "font": {"face", "size"},
}
_TAGS: Final = nh3.ALLOWED_TAGS | {"font", "center", "style"}


@dataclass(frozen=True, slots=True)
class Preview:
    """``html`` holds no script, no form and no frame; the place that shows it must still forbid
    them. ``source`` is the HTML as it is sent, to be shown as text alone."""

    subject: str
    text: str
    html: str
    source: str = ""


def preview(subject: str, text: str, html: str, fields: Mapping[str, str]) -> Preview:
    """Fill in the message. Raises ContentRefused or RenderRefused where it cannot be filled."""
    with _budget():
        return _preview(subject, from_text(text), from_html(html), Values(fields))


def preview_program(subject: str, text: Program, html: Program, values: Values) -> Preview:
    """The same for bodies that are compiled already."""
    with _budget():
        return _preview(subject, text, html, values)


@contextmanager
def _budget() -> Iterator[None]:
    try:
        with time_budget(MAX_SECONDS):
            yield
    except OverLimit as error:
        raise too_slow() from error


def _preview(subject: str, text: Program, html: Program, values: Values) -> Preview:
    filled = pieces_of(html_steps(html), Text()).fill(values)
    refuse_depth(filled)
    plain = pieces_of(readable_steps(text, html), Text()).fill(values)
    return Preview(
        subject=" ".join(parse(subject).render(values).split()),
        text=plain,
        html=nh3.clean(
            sane_markup(filled),
            tags=_TAGS,
            clean_content_tags={"script", "title"},
            attributes=_ATTRIBUTES,
            url_schemes={"http", "https", "mailto", "tel"},
            link_rel=None,
        ),
        source=filled,
    )
