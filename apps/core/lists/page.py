"""The one kind of list: found by filters, read a page at a time, taken away as a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from django.db import models
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import cached_property
from django.views.generic import TemplateView

from apps.core.exports.tables import Cell, Column, cells_of, form_named, table_response
from apps.core.http.costly import CostlyMixin
from apps.core.lists.filters import FilterForm
from apps.core.lists.table import Table, TableColumn
from apps.core.mixins import TwoTemplatesMixin
from apps.core.paging import KeysetPage, filter_query, keyset_page, sorted_page

Row = TypeVar("Row", bound=models.Model)
Filters = TypeVar("Filters", bound=FilterForm)


class ListPage(CostlyMixin, TwoTemplatesMixin, TemplateView, ABC, Generic[Row, Filters]):
    """A list declares its rows, filters and templates; whose they are says the mixin before it.

    An address with ``form`` (csv, xlsx) is the export of the same rows: ``columns`` by name, each
    under its heading for people, in a file called ``export_name``. It takes a place, as whatever is
    costly.

    ``table_columns`` are those of the page: sorted by each that says how, shown as chosen.
    """

    filter_form: type[Filters]
    size: int = 50
    newest_first: bool = True
    columns: Mapping[str, Column] = {}
    headings: Mapping[str, Any] = {}
    table_columns: Sequence[TableColumn] = ()
    export_name: str = ""

    @abstractmethod
    def get_queryset(self) -> models.QuerySet[Row]:
        """The rows that the filters find, in no order."""

    @cached_property
    def filters(self) -> Filters:
        """What the list is asked for."""
        return self.filter_form(self.request.GET)

    def get_table_columns(self) -> Sequence[TableColumn]:
        """The columns of the page's table."""
        return self.table_columns

    @cached_property
    def page_table(self) -> Table:
        """Which columns are shown, and by which one the rows are sorted."""
        params = self.request.GET
        return Table(self.get_table_columns(), params, newest_first=self.newest_first)

    def get_page(self) -> KeysetPage[Row]:
        """The page that is asked for."""
        rows, params, key = self.get_queryset(), self.request.GET, self.page_table.key
        if key is not None:
            return sorted_page(rows, params, size=self.size, key=key)
        return keyset_page(rows, params, size=self.size, newest_first=self.newest_first)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        if "page" not in kwargs:
            kwargs["page"] = self.get_page()
        filters, table = self.filters, self.page_table
        kept = {**filters.written, **table.kept}
        return super().get_context_data(
            filters=filters.written,
            filter_form=filters,
            filtered=filters.query(),
            table=table,
            keep=filter_query(kept, *kept),
            **kwargs,
        )

    def is_costly(self, request: HttpRequest) -> bool:
        return "form" in self.kwargs

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if "form" in kwargs:
            return self.export(kwargs["form"])
        return super().get(request, *args, **kwargs)

    def export(self, form: str) -> HttpResponseBase:
        """The rows as a file."""
        known = form_named(form)
        if known is None:
            raise Http404
        header, rows = self.table()
        return table_response(
            form=known,
            name=self.get_export_name(),
            header=header,
            rows=rows,
            asked=self.filters.query(),
        )

    def get_export_name(self) -> str:
        """The file's name without its ending."""
        return self.export_name

    def table(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """The header and the rows of the export, oldest first."""
        header = [str(self.headings[name]) for name in self.columns]
        return header, cells_of(self.get_queryset(), self.columns)
