"""The components that pages are made of; the page /styleguide/ shows each of them.

A block tag renders ``templates/components/<its name>.html`` with what stands between its ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import unescape
from typing import Any, cast
from urllib.parse import urlencode

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.urls import get_script_prefix, reverse
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.core.text.formatting import grouped
from apps.core.text.small_chart import SmallChart

register = template.Library()
_TAG = re.compile(r"<[^>]*>")


def _rendered(context: Context, name: str, **values: Any) -> SafeString:
    """A component's template, in the context of the page that uses it."""
    assert context.template is not None
    with context.push(**values):
        return context.template.engine.get_template(f"components/{name}.html").render(context)


def _parts_of(context: Context) -> dict[str, SafeString]:
    """The parts of the head that are being gathered for this page."""
    found: dict[str, SafeString] = cast(Any, context.render_context).setdefault("parts", {})
    return found


@register.simple_block_tag(takes_context=True)
def part(context: Context, content: SafeString, name: str) -> str:
    """A part of the head of a page (see ``page_head``)."""
    parts = _parts_of(context)
    parts[name] = SafeString(content.strip())
    return ""


@register.simple_block_tag(takes_context=True)
def page_head(context: Context, content: SafeString) -> SafeString:
    """The head of a page from its parts: trail, heading, status, lead, actions, more."""
    parts = _parts_of(context)
    if not parts.get("heading"):
        return SafeString("")
    return _rendered(context, "page_head", parts=parts)


@register.simple_block_tag
def more_menu(content: SafeString, label: str = "") -> SafeString:
    """The "…" menu. Without entries there is none."""
    if not content.strip():
        return SafeString("")
    text = (
        '<details class="menu more">'
        '<summary class="btn btn-outline-secondary btn-icon" title="{0}">'
        '<span aria-hidden="true">⋯</span><span class="visually-hidden">{0}</span></summary>'
        '<div class="menu-sheet">{1}</div></details>'
    )
    return format_html(text, label or _("More actions"), content)


@register.simple_tag
def menu_off(label: str, reason: str) -> SafeString:
    """An entry of a menu that cannot be used now, and why."""
    text = '<span class="menu-off" aria-disabled="true">{}<small>{}</small></span>'
    return format_html(text, label, reason)


@register.simple_tag(takes_context=True)
def filter_bar(context: Context, form: Any, target: str = "#results") -> SafeString:
    """The filters of a list; on a list that has never had a row there are none."""
    page = context.get("page")
    if page is not None and not page.rows and not context.get("filtered"):
        return SafeString("")
    for field in (*form.shown, *form.more):
        kind = "form-select" if hasattr(field.field.widget, "choices") else "form-control"
        field.field.widget.attrs["class"] = kind
    return _rendered(context, "filter_bar", form=form, target=target)


@register.simple_tag(takes_context=True)
def filter_chips(context: Context, form: Any) -> SafeString:
    """The filters that are applied, each with its ×. Belongs into the results of the list."""
    table = context.get("table")
    kept = urlencode({**table.order, **table.kept}) if table is not None else ""
    chips = [(chip, "&".join(filter(None, (chip.query, kept)))) for chip in form.chips]
    return _rendered(context, "filter_chips", chips=chips)


@register.simple_block_tag(takes_context=True)
def table_frame(
    context: Context, content: SafeString, label: str, *, pick: bool = False, act: bool = False
) -> SafeString:
    """The table of a list around its rows; its heads are those of ``table``.

    ``pick``: every row begins with a checkbox; ``act``: it ends with a cell of buttons.
    """
    return _rendered(context, "table_frame", rows_html=content, label=label, pick=pick, act=act)


class CellNode(template.Node):
    """A cell of the column of this name; what stands in it is made only where that is shown.

    A node of its own: a page has hundreds, and a block tag makes its content for hidden ones, too.
    """

    def __init__(
        self, nodelist: NodeList, name: FilterExpression, title: FilterExpression | None
    ) -> None:
        self.nodelist, self._name, self._title = nodelist, name, title

    def render(self, context: Context) -> SafeString:
        table, name = context["table"], self._name.resolve(context)
        if not table.shows(name):
            return SafeString("")
        inner = self.nodelist.render(context).strip()
        title = self._title and self._title.resolve(context)
        if title is None:
            title = "" if table.column(name).number else _text_of(inner)
        whole = f' title="{escape(title)}"' if title else ""
        return SafeString(f"{table.cell_start(name, filled=bool(inner))}{whole}>{inner}</td>")


def _text_of(inner: str) -> str:
    """The words of a cell without its tags, in which all that came from people is escaped."""
    return " ".join(unescape(_TAG.sub("", inner)).split())


@register.tag
def cell(parser: Parser, token: Token) -> CellNode:
    """``{% cell name title %}…{% endcell %}``; without a title it is what stands in the cell."""
    name, *rest = token.split_contents()[1:]
    title = parser.compile_filter(rest[0].removeprefix("title=")) if rest else None
    nodelist = parser.parse(("endcell",))
    parser.delete_first_token()
    return CellNode(nodelist, parser.compile_filter(name), title)


@register.simple_tag(takes_context=True)
def number_cells(context: Context, row: object, *names: str) -> SafeString:
    """The cells of the columns of these names, each with the row's number of that name."""
    table = context["table"]
    return SafeString(
        "".join(
            f"{table.cell_start(name, filled=True)}>{grouped(getattr(row, name))}</td>"
            for name in names
            if table.shows(name)
        )
    )


@lru_cache(maxsize=256)
def _address_of_rows(name: str, count: int, prefix: str) -> tuple[str, ...]:
    """An address around its ids; asked once for each name, and not for every row."""
    marks = [f"90000000{number}" for number in range(count)]
    return tuple(re.split("|".join(marks), reverse(name, args=marks)))


@register.simple_tag
def row_url(name: str, *ids: int) -> SafeString:
    """The address of a row by its ids: ``url``, for the rows of a table."""
    first, *others = _address_of_rows(name, len(ids), get_script_prefix())
    numbered = (f"{int(number)}{part}" for number, part in zip(ids, others, strict=True))
    return SafeString(first + "".join(numbered))


@register.simple_tag
def pick(value: int, label: object) -> SafeString:
    """The cell with the checkbox of a row."""
    return SafeString(
        '<td class="pick"><input class="form-check-input" type="checkbox" name="ids"'
        f' value="{int(value)}" aria-label="{escape(label)}"></td>'
    )


@register.simple_tag(takes_context=True)
def column_chooser(context: Context, table: Any) -> SafeString:
    """The menu that says which columns are shown."""
    return _rendered(context, "column_chooser", chosen_of=table)


@register.simple_block_tag(takes_context=True)
def bulk_bar(
    context: Context, content: SafeString, total: int | None = None, *, exact: bool = True
) -> SafeString:
    """What can be done with the selected rows; ``total``: all of so many that were found."""
    return _rendered(context, "bulk_bar", acts=content, total=total, exact=exact)


@register.simple_block_tag(takes_context=True)
def empty(context: Context, content: SafeString, title: str, sentence: str = "") -> SafeString:
    """A page or a block without anything: what it is, a sentence, one thing to do."""
    return _rendered(
        context, "empty", title=title, sentence=sentence, acts=SafeString(content.strip())
    )


@register.simple_tag(takes_context=True)
def toasts(context: Context, *, oob: bool = False) -> SafeString:
    """What has just been done, with Undo; ``oob``: in an answer to htmx, added to the page."""
    return _rendered(context, "toasts", oob=oob)


@register.simple_block_tag
def kpis(content: SafeString, label: str = "") -> SafeString:
    """Figures in a line."""
    named = format_html(' aria-label="{}"', label) if label else ""
    return format_html('<dl class="kpis"{}>{}</dl>', named, content)


@register.simple_tag(takes_context=True)
def kpi(
    context: Context, label: str, value: Any, note: Any = "", url: str = "", tone: str = ""
) -> SafeString:
    """One figure of the line, with a note, a link and a tone (good, warn, bad) where it has one."""
    named = {"label": label, "value": value, "note": note, "url": url, "tone": tone}
    return _rendered(context, "kpi", **named)


@register.simple_tag(takes_context=True)
def small_chart(
    context: Context,
    rows: Sequence[tuple[str, float, float]],
    title: str,
    good: str,
    bad: str = "",
    empty: str = "",
) -> SafeString:
    """Bars of one or two kinds by day or hour; one is a sentence, none the sentence ``empty``."""
    drawn = SmallChart(rows)
    names = {"title": title, "good": good, "bad": bad, "nothing": empty, "one": ""}
    if drawn.only is not None:
        label, well, badly = drawn.only
        figures = [f"{name}: {grouped(n)}" for name, n in ((good, well), (bad, badly)) if n]
        names["one"] = f"{', '.join(figures)} — {label}"
    return _rendered(context, "small_chart", chart=drawn, **names)


@register.simple_tag
def badge(label: Any, tone: str = "plain") -> SafeString:
    """A word that stands out: plain, accent, good, warn, bad, odd, off."""
    return SafeString(f'<span class="badge tone-{escape(tone)}">{conditional_escape(label)}</span>')


@register.simple_block_tag
def tabs(content: SafeString, label: str) -> SafeString:
    """The pages of one section."""
    return format_html('<nav class="tabs" aria-label="{}">{}</nav>', label, content)


@register.simple_tag
def tab(url: str, label: object, *, here: bool = False, count: int | None = None) -> SafeString:
    """One page of the section."""
    shown = "" if count is None else format_html(' <span class="muted">{}</span>', count)
    lit = mark_safe(' class="here" aria-current="page"') if here else ""
    return format_html('<a href="{}"{}>{}{}</a>', url, lit, label, shown)


@register.simple_tag
def file_field(field: Any, label: str, accept: str = "", *, at_once: bool = False) -> SafeString:
    """A file to choose, under a label of ours: the browser's own speaks another language.

    ``at_once``: its form is sent as soon as the file is chosen; without JavaScript by its button.
    """
    attrs = {"accept": accept} if accept else {}
    button = format_html('<span class="btn btn-outline-secondary">{}</span>', label)
    chosen = mark_safe('<span class="chosen" data-chosen></span>')
    inner = format_html("{}{}{}", field.as_widget(attrs=attrs), button, chosen)
    sent = mark_safe(" data-send-at-once") if at_once else ""
    return format_html('<label class="file-pick" data-file-pick{}>{}</label>', sent, inner)
