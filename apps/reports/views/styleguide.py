"""One page with all components, to look at them together; for superusers, and while developing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import TemplateView

from apps.core.lists.filters import ChoiceFilter, DayFilter, FilterForm, WordsFilter
from apps.core.lists.table import Table, TableColumn

_COLUMNS = [
    TableColumn(name="name", label="Name", sort="name", phone="lead"),
    TableColumn(name="status", label="Status", sort="status", phone="side"),
    TableColumn(name="sent", label="Sent", number=True, sort="sent"),
    TableColumn(name="city", label="City"),
    TableColumn(name="comment", label="Comment", shown=False),
]
_ROWS = [
    ("June menu", "good", "Sent", 61, "Самара", ""),
    (
        "A mailing with a name that is far too long for one column of a table",
        "warn",
        "Paused",
        12,
        "",
        "",
    ),
    ("Newsletter", "bad", "Failed", 1059, "Владивосток", "blocked by the provider"),
]
_DAYS = [(f"{day} November", day * 7 % 40, day % 3) for day in range(16, 30)]


class _Filters(FilterForm):
    folded = ("since",)
    q = WordsFilter(longest=200, label="Name")
    status = ChoiceFilter([("", "any"), ("sent", "Sent"), ("failed", "Failed")], label="Status")
    since = DayFilter(label="From")


class Styleguide(TemplateView):
    """The components, each as a page uses it."""

    template_name = "styleguide.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (settings.DEBUG or request.user.is_superuser):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        filters = _Filters(self.request.GET)
        return super().get_context_data(
            filters=filters.written,
            filter_form=filters,
            filtered=filters.query(),
            keep=filters.query(),
            table=Table(_COLUMNS, self.request.GET),
            page=SimpleNamespace(rows=_ROWS),
            days=_DAYS,
            one_day=[*(day[:1] + (0, 0) for day in _DAYS[:-1]), ("29 November", 61, 0)],
            **kwargs,
        )
