"""The components that pages are made of; the page /styleguide/ shows each of them.

A block tag renders ``templates/components/<its name>.html`` with what stands between its ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape
from typing import Any, cast
from urllib.parse import urlencode

from django import template
from django.template.context import Context
from django.utils.html import escape, format_html, strip_tags
from django.utils.safestring import SafeString, mark_safe

from apps.core.text.formatting import grouped
from apps.core.text.small_chart import SmallChart

register = template.Library()


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


@register.simple_block_tag(takes_context=True)
def more_menu(context: Context, content: SafeString, label: str = "") -> SafeString:
    """The "…" menu. Without entries there is none."""
    if not content.strip():
        return SafeString("")
    return _rendered(context, "more_menu", entries=content, menu_label=label)


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


@register.simple_block_tag(takes_context=True)
def cell(context: Context, content: SafeString, name: str, title: str | None = None) -> SafeString:
    """A cell of the column of this name; nothing when that is not shown."""
    table = context["table"]
    if not table.shows(name):
        return SafeString("")
    inner = content.strip()
    if title is None:
        number = table.column(name).number
        title = "" if number else " ".join(unescape(strip_tags(inner)).split())
    whole = f' title="{escape(title)}"' if title else ""
    return SafeString(f"{table.cell_start(name, filled=bool(inner))}{whole}>{inner}</td>")


@register.simple_tag
def pick(value: int, label: object) -> SafeString:
    """The cell with the checkbox of a row."""
    box = '<input class="form-check-input" type="checkbox" name="ids" value="{}" aria-label="{}">'
    return format_html('<td class="pick">{}</td>', format_html(box, str(value), label))


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
    rows: Sequence[tuple[str, int, int]],
    title: str,
    good: str,
    bad: str,
    empty: str = "",
) -> SafeString:
    """Bars of two kinds by day or hour; one bar is a sentence, none the sentence ``empty``."""
    drawn = SmallChart(rows)
    names = {"title": title, "good": good, "bad": bad, "nothing": empty, "one": ""}
    if drawn.only is not None:
        label, well, badly = drawn.only
        figures = [f"{name}: {grouped(n)}" for name, n in ((good, well), (bad, badly)) if n]
        names["one"] = f"{', '.join(figures)} — {label}"
    return _rendered(context, "small_chart", chart=drawn, **names)


@register.simple_tag
def badge(label: object, tone: str = "plain") -> SafeString:
    """A word that stands out: plain, accent, good, warn, bad, odd."""
    return format_html('<span class="badge tone-{}">{}</span>', tone, label)


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
def file_field(field: Any, label: str, accept: str = "") -> SafeString:
    """A file to choose, under a label of ours: the browser's own speaks another language."""
    attrs = {"accept": accept} if accept else {}
    button = format_html('<span class="btn btn-outline-secondary">{}</span>', label)
    chosen = mark_safe('<span class="chosen" data-chosen></span>')
    inner = format_html("{}{}{}", field.as_widget(attrs=attrs), button, chosen)
    return format_html('<label class="file-pick" data-file-pick>{}</label>', inner)
