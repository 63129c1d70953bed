"""A list is sorted by every column that says how, and shows the columns that were chosen."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import pytest
from django.http import QueryDict

from apps.core import paging
from apps.core.lists.table import Table, TableColumn
from apps.core.paging import SortKey, sorted_page
from apps.mailings.models import Recipient
from tests.factories import RecipientFactory

COLUMNS = [
    TableColumn(name="name", label="Name", sort="full_name"),
    TableColumn(name="sent", label="Sent", sort="sent_total", number=True),
    TableColumn(name="added", label="Added", sort="pk"),
    TableColumn(name="city", label="City", shown=False),
]


def table(query: str = "") -> Table:
    return Table(COLUMNS, QueryDict(query))


def sorts(query: str = "") -> dict[str, tuple[str, str]]:
    return {head.column.name: (head.query, head.sorted) for head in table(query).heads}


def test_every_head_sorts_and_is_turned_round_by_a_second_click() -> None:
    assert sorts() == {
        "name": ("sort=name", ""),
        "sent": ("sort=-sent", ""),  # the greatest first, as one looks for figures
        "added": ("sort=old", "descending"),
    }
    assert sorts("sort=name")["name"] == ("sort=-name", "ascending")
    assert sorts("sort=-name")["name"] == ("sort=name", "descending")
    assert sorts("sort=-sent")["sent"] == ("sort=sent", "descending")
    assert sorts("sort=old")["added"] == ("sort=new", "ascending")
    assert sorts("sort=name")["added"] == ("sort=new", "")


@pytest.mark.parametrize("word", ["", "pk", "-added", "password", "-", "owner__password", "city"])
def test_only_what_a_column_says_is_sorted_by(word: str) -> None:
    assert table(f"sort={word}").key is None


def test_the_chosen_columns_are_shown_and_kept_in_the_address() -> None:
    assert [column.name for column in table().shown] == ["name", "sent", "added"]
    chosen = table("columns=city,secret&columns=sent&sort=-sent")
    assert [column.name for column in chosen.shown] == ["name", "sent", "city"]
    assert chosen.kept == {"columns": "sent,city"} and chosen.order == {"sort": "-sent"}
    assert chosen.shows("city") and not chosen.shows("added")


def test_rows_that_are_all_here_are_sorted_too() -> None:
    rows: list[dict[str, Any]] = [{"sent": 2}, {"sent": None}, {"sent": 9}]
    values = {"sent": itemgetter("sent")}
    assert [row["sent"] for row in table("sort=-sent").sort_rows(rows, values)] == [9, 2, None]
    assert [row["sent"] for row in table("sort=sent").sort_rows(rows, values)] == [2, 9, None]
    assert table("sort=name").sort_rows(rows, values) == rows


@pytest.mark.django_db
def test_pages_of_sorted_rows_lead_to_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b", "a", "c"):
        RecipientFactory.create(full_name=name)
    rows, key = Recipient.objects.all(), SortKey("full_name", "-name", descending=True)

    first = sorted_page(rows, {}, size=2, key=key)
    assert [row.full_name for row in first.rows] == ["c", "b"]
    assert (first.previous, first.next, first.partly) == ("", "page=2&sort=-name", False)
    second = sorted_page(rows, {"page": "2"}, size=2, key=key)
    assert [row.full_name for row in second.rows] == ["a"]
    assert (second.previous, second.next) == ("page=1&sort=-name", "")
    monkeypatch.setattr(paging, "SORTED", 2)
    newest = sorted_page(rows, {}, size=2, key=key)
    assert [row.full_name for row in newest.rows] == ["c", "a"] and newest.partly


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 18])
def test_a_page_that_cannot_be_is_no_error(page: str) -> None:
    row = RecipientFactory.create()
    found = sorted_page(Recipient.objects.all(), {"page": page}, size=2, key=SortKey("email", "e"))
    assert found.rows in ([row], [])
