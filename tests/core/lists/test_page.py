"""A list page is declared: its filters, its columns and its rows."""

from __future__ import annotations

from datetime import date
from operator import attrgetter
from typing import Any

import pytest
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from django.utils.translation import gettext_lazy as _

from apps.core.lists.filters import ChoiceFilter, DayFilter, FilterForm, RowFilter, WordsFilter
from apps.core.lists.page import ListPage
from apps.core.mixins import OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Recipient
from tests.factories import RecipientFactory
from tests.people import Cast


class NameFilters(FilterForm):
    name = WordsFilter(longest=5)
    kind = ChoiceFilter([("old", "Old")])
    row = RowFilter()
    day = DayFilter()


class NameList(OwnerFilterMixin, ListPage[Recipient, NameFilters]):
    page_template = "names/list.html"
    results_template_name = "names/list_results.html"
    filter_form = NameFilters
    size = 2
    columns = {"id": attrgetter("pk"), "name": attrgetter("full_name")}
    headings = {"id": "ID", "name": _("Name")}
    export_name = "names"

    def get_queryset(self) -> OwnedQuerySet[Recipient]:
        mine = self.visible(Recipient.objects.all())
        return mine.filter(full_name__startswith=self.filters.value("name"))


def asked(cast: Cast, params: dict[str, str], **kwargs: str) -> Any:
    request: HttpRequest = RequestFactory().get("/", params)
    request.user = cast.owner
    return NameList.as_view()(request, **kwargs)


@pytest.fixture
def names(cast: Cast) -> list[Recipient]:
    RecipientFactory.create(full_name="Anna of somebody else")
    return [RecipientFactory.create(owner=cast.owner, full_name=f"Anna {n}") for n in range(3)]


@pytest.mark.django_db
def test_a_page_of_ones_own_rows_is_found_and_leads_on(cast: Cast, names: list[Recipient]) -> None:
    context = asked(cast, {"name": "Anna"}).context_data
    assert context["page"].rows == [names[2], names[1]]
    assert context["page"].next == f"after={names[1].pk}"
    assert context["keep"] == "name=Anna"
    assert context["filters"] == {"name": "Anna", "kind": "", "row": "", "day": ""}


@pytest.mark.django_db
def test_the_export_has_all_rows_that_the_filters_find(cast: Cast, names: list[Recipient]) -> None:
    answer = asked(cast, {"name": "Anna"}, form="csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == ["ID,Name", *(f"{row.pk},{row.full_name}" for row in names)]
    assert 'filename="names.csv"' in answer["Content-Disposition"]


@pytest.mark.django_db
def test_an_export_of_an_unknown_form_is_not_there(cast: Cast) -> None:
    with pytest.raises(Http404):
        asked(cast, {}, form="pdf")


@pytest.mark.parametrize(
    ("name", "written", "found"),
    [
        ("name", " Anna\x00 Petrova ", "Anna "),
        ("kind", "old", "old"),
        ("kind", "new", None),
        ("row", "12", 12),
        ("row", "-1", None),
        ("row", "9" * 19, None),
        ("row", "٣", None),
        ("day", "2026-11-29", date(2026, 11, 29)),
        ("day", "30.11.2026", date(2026, 11, 30)),
        ("day", "1/2/2026", date(2026, 2, 1)),
        ("day", "31.02.2026", None),
        ("day", "2026-02-30", None),
        ("day", "0001-01-01", None),
        ("day", "yesterday", None),
    ],
)
def test_a_filter_that_makes_no_sense_is_passed_over(name: str, written: str, found: Any) -> None:
    filters = NameFilters({name: written})
    assert filters.value(name) == found
    assert filters.written[name] == written


def test_a_filter_that_nobody_has_set_looks_for_nothing() -> None:
    filters = NameFilters({"another": "x"})
    assert not any(filters.value(name) for name in filters.fields)
    assert filters.query() == ""
