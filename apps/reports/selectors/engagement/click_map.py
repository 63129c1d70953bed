"""The letter of a run with the figures of its links drawn on it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from django.template.defaultfilters import floatformat
from django.utils.html import format_html
from django.utils.translation import ngettext

from apps.core.content.preview import Preview, preview_program
from apps.core.content.program import Values
from apps.core.content.program.links import Walk
from apps.core.content.program.nobody import with_every_part
from apps.core.content.program.tracked import Tracker
from apps.core.content.program.values import TOKEN
from apps.core.text.formatting import grouped
from apps.mailings.fields import shown_given, values_for
from apps.mailings.models import Run
from apps.mailings.run_content import bodies_of
from apps.reports.selectors.engagement.parts import LinkRow

#: Where the links lead while the letter is made; they are found again by it.
_MARK: Final = "https://click-map.invalid"
_NOBODY: Final = "-"
_HREF: Final = re.compile(rf' href="{re.escape(_MARK)}/l/{_NOBODY}/(\d+)"')
_LINK: Final = re.compile(r'<a((?:\s+[\w:-]+="[^"]*")*)\s*>(.*?)</a>', re.DOTALL)
#: The letter has styles of its own: none of them reaches the figures.
_LOOK: Final = (
    "all:initial;display:inline-block;margin:0 .25em;padding:2px 6px;border-radius:6px;"
    "background:#164a6b;color:#fff;font:600 12px system-ui,sans-serif;cursor:pointer;"
    "vertical-align:middle;white-space:nowrap"
)


def values_of_first(run: Run, content: Mapping[str, Any]) -> Values:
    """What the letter is filled with: the fields of the run's first recipient."""
    delivery = run.deliveries.select_related("recipient").order_by("pk").first()
    if delivery is None:
        return Values({})
    given = shown_given(content.get("fields", {}), purpose=run.mailing.purpose)
    return values_for(delivery.recipient, given)


def drawn(
    content: Mapping[str, Any], values: Values, links: Sequence[LinkRow], urls: Mapping[int, str]
) -> Preview:
    """The letter with every conditional part; ``urls``: the people behind a link, by its number.

    Raises ContentRefused or RenderRefused.
    """
    bodies = bodies_of({**content, "utm": {}})
    numbered = Tracker(_MARK).change(lambda found: found.parts, in_html=True)
    html = with_every_part(Walk().html(bodies.html, numbered))
    values[TOKEN] = _NOBODY
    shown = preview_program(content["subject"], with_every_part(bodies.text), html, values)
    rows = {row.link.number: row for row in links}
    return replace(
        shown, html=_LINK.sub(lambda found: _with_figures(found, rows, urls), shown.html)
    )


def _with_figures(
    found: re.Match[str], rows: Mapping[int, LinkRow], urls: Mapping[int, str]
) -> str:
    attributes, inner = found[1], found[2]
    marked = _HREF.search(attributes)
    if marked is None:
        return found[0]
    number = int(marked[1])
    row, url = rows.get(number), urls.get(number)
    rest = _HREF.sub("", attributes)
    if row is None:  # it is not measured
        return f"<a{rest}>{inner}</a>"
    leads = format_html(' href="{}" target="_top"', url) if url else ' tabindex="0"'
    return f"<a{rest}{leads}>{inner}{_figures(row)}</a>"


def _figures(row: LinkRow) -> str:
    count = row.link.persons or row.link.clicks
    share = "" if row.share is None else f" · {floatformat(row.share, 1)}\N{NO-BREAK SPACE}%"
    clicked = ngettext("%(count)s click", "%(count)s clicks", row.link.clicks)
    title = f"{row.name}: {clicked % {'count': grouped(row.link.clicks)}}"
    return format_html(
        '<span style="{}" title="{}">{}{}</span>', _LOOK, title, grouped(count), share
    )
