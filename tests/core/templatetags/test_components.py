"""The components, as a page writes them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.contrib.messages import constants
from django.http import QueryDict
from django.template import Context, Template
from django.urls import reverse
from pytest_django.asserts import assertHTMLEqual

from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.lists.table import Table, TableColumn
from apps.core.text.small_chart import SmallChart
from tests.factories import UserFactory


def rendered(text: str, **values: Any) -> str:
    request = SimpleNamespace(path="/names/", user=None)
    context = Context({"request": request, **values})
    return " ".join(Template("{% load components %}" + text).render(context).split())


def test_a_head_has_what_it_is_given_and_no_empty_menu() -> None:
    head = (
        "{% page_head %}{% part 'heading' %}June & July{% endpart %}"
        "{% part 'more' %} {% endpart %}{% endpage_head %}"
    )
    shown = rendered(head)
    assert "<h1>June & July</h1>" in shown and "<details" not in shown
    assert rendered("{% page_head %}{% part 'heading' %}{% endpart %}{% endpage_head %}") == ""
    entry = head.replace("{% part 'more' %} ", "{% part 'more' %}<a href='/x'>Edit</a>")
    assert "<div class=\"menu-sheet\"><a href='/x'>Edit</a></div>" in rendered(entry)


class Names(FilterForm):
    folded = ("kind",)
    q = WordsFilter(longest=20, label="Name")
    kind = ChoiceFilter([("", "any"), ("old", "Old <ones>")], label="Kind")
    deep = ChoiceFilter([("1", "1")])


def test_an_applied_filter_is_a_chip_that_can_be_taken_away() -> None:
    form = Names({"q": "a&b", "kind": "old", "deep": "1"})
    shown = rendered("{% filter_chips form %}", form=form)
    assert "Name: a&amp;b" in shown and "Kind: Old &lt;ones&gt;" in shown
    assert 'href="?kind=old&amp;deep=1"' in shown
    assert rendered("{% filter_chips form %}", form=Names({"kind": "nonsense"})) == ""


def test_a_list_that_never_had_a_row_has_no_filters() -> None:
    empty, some = SimpleNamespace(rows=[]), SimpleNamespace(rows=[1])
    bar = "{% filter_bar form %}"
    assert rendered(bar, form=Names({}), page=empty) == ""
    assert 'name="q"' in rendered(bar, form=Names({}), page=some)
    assert 'name="deep"' not in rendered(bar, form=Names({}), page=some)
    assert 'name="q"' in rendered(bar, form=Names({"q": "x"}), page=empty, filtered="q=x")


def test_a_cell_of_a_column_that_is_not_shown_is_not_there() -> None:
    columns = [
        TableColumn(name="name", label="Name", phone="lead"),
        TableColumn(name="sent", label="Sent", number=True, sort="sent"),
        TableColumn(name="city", label="City", shown=False),
    ]
    rows = (
        "{% table_frame 'Names' %}<tr>{% cell 'name' %}<a href='/'>A &amp; B</a>{% endcell %}"
        "{% cell 'sent' %}5{% endcell %}{% cell 'city' %}Samara{% endcell %}</tr>"
        "{% endtable_frame %}"
    )
    shown = rendered(rows, table=Table(columns, QueryDict("sort=-sent")), keep="q=x")
    assert '<td class="cell-lead" title="A &amp; B"><a' in shown
    assert '<td class="cell-line number" data-label="Sent">5</td>' in shown
    assert "Samara" not in shown and 'aria-sort="descending"' in shown
    assert 'href="?q=x&amp;sort=sent"' in shown


def test_a_chart_of_one_day_is_a_sentence_and_of_none_another() -> None:
    chart = "{% small_chart rows 'Days' 'Sent' 'Failed' 'Nothing was sent.' %}"
    assert "Nothing was sent." in rendered(chart, rows=[("1 May", 0, 0)])
    one = rendered(chart, rows=[("1 May", 0, 0), ("2 May", 61, 4)])
    assert "Sent: 61, Failed: 4 — 2 May" in one and "<svg" not in one
    two = rendered(chart, rows=[("1 May", 3, 0), ("2 May", 61, 4)])
    assert "<svg" in two and "<table" in two


def test_a_quiet_week_is_not_fourteen_empty_columns() -> None:
    rows = [(str(day), int(day > 12), 0) for day in range(14)]
    assert len(SmallChart(rows).rows) == 7
    assert len(SmallChart([("0", 1, 0), *rows]).rows) == 15


@pytest.mark.django_db
def test_a_toast_undoes_what_it_reports() -> None:
    message = SimpleNamespace(level_tag="success", extra_tags="/undo/", level=constants.SUCCESS)
    request = SimpleNamespace(path="/", user=UserFactory.create())
    shown = rendered("{% toasts %}", messages=[message], request=request)
    assert 'class="flash flash-success"' in shown and 'action="/undo/"' in shown
    assert 'hx-swap-oob="beforeend:#toasts"' in rendered("{% toasts oob=True %}", messages=[])


def test_figures_badges_and_tabs_escape_what_they_show() -> None:
    shown = rendered(
        "{% kpi evil 1059 note=evil %}{% badge evil 'bad' %}{% tab '/x' evil here=True count=3 %}",
        evil="<b>",
    )
    assert "<b>" not in shown and "1,059" in shown.replace("\xa0", ",")
    assert '<span class="badge tone-bad">&lt;b&gt;</span>' in shown
    assert 'aria-current="page">&lt;b&gt;' in shown


def test_a_cell_that_is_not_shown_is_not_even_made() -> None:
    table = Table([TableColumn(name="name", label="Name")], QueryDict())
    cell = (
        "{% cell 'other' %}{{ costly }}{% endcell %}{% cell 'name' %}<b>A &amp; b</b>{% endcell %}"
    )

    def costly() -> str:
        raise AssertionError("made for nobody")

    shown = rendered(cell, table=table, costly=costly)
    assert (
        shown == '<td class="cell-line" data-label="Name" title="A &amp; b"><b>A &amp; b</b></td>'
    )


def test_the_address_of_a_row_is_that_of_url() -> None:
    for name, ids in (("recipients:detail", (7,)), ("mailings:delivery", (12, 3, 456_789))):
        text = "{% row_url name " + " ".join(map(str, ids)) + " %}"
        assert rendered(text, name=name) == reverse(name, args=ids)


def test_numbers_of_a_row_stand_in_the_columns_that_are_shown() -> None:
    columns = [TableColumn(name=name, label=name, number=True) for name in ("sent", "failed")]
    table = Table(columns, QueryDict("columns=sent"))
    row = SimpleNamespace(sent=61_000, failed=4)
    shown = rendered("{% number_cells row 'sent' 'failed' %}", table=table, row=row)
    assert shown.count("<td") == 1 and "61" in shown and "000</td>" in shown


def test_a_select_of_a_filter_is_written_as_django_writes_it() -> None:
    form = Names({"kind": "old"})
    django = forms.Select(choices=[("", "any"), ("old", "Old <ones>")])
    theirs = django.render("kind", "old", {"id": "filter-kind"})
    assertHTMLEqual(str(form["kind"]), theirs)
