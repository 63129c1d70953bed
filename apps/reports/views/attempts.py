"""The delivery log: everything that was tried, one's own or, for managers, everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import ManagerRequiredMixin, OwnerFilterMixin
from apps.core.paging import KeysetPage
from apps.mailings.failure_reasons import explain_attempt
from apps.mailings.models import Attempt
from apps.reports.selectors.attempts import (
    HEADINGS,
    WORDED,
    AllAttemptFilters,
    AttemptFilters,
    attempts_asked_for,
    listed_attempts,
    mailings_offered,
    page_of,
    tone_of,
)
from apps.users.selectors import suggested_emails

_COLUMNS = [
    TableColumn(name="recipient", label=_("Recipient"), phone="lead"),
    TableColumn(name="status", label=_("Status"), phone="side"),
    TableColumn(name="reason", label=_("Reason")),
    TableColumn(name="mailing", label=_("Mailing")),
    TableColumn(name="run", label=_("Run"), shown=False, phone=""),
    TableColumn(name="trigger", label=_("Started by"), shown=False, phone=""),
    TableColumn(name="account", label=_("Account"), shown=False, phone=""),
    TableColumn(name="owner", label=_("Owner"), shown=False),
    TableColumn(name="reply", label=_("Server response"), shown=False, phone=""),
    TableColumn(name="when", label=_("When"), sort="pk"),
]


class AttemptList(OwnerFilterMixin, ListPage[Attempt, AttemptFilters]):
    """A table, newest first. A manager's own page of it lies in the management."""

    page_template = "attempts/list.html"
    results_template_name = "attempts/list_results.html"
    filter_form = AttemptFilters
    columns = WORDED
    headings = HEADINGS
    export_name = "attempts"
    everybody = False

    @cached_property
    def filters(self) -> AttemptFilters:
        """What the log is asked for; mailings are offered by their names."""
        filters = self.filter_form(self.request.GET)
        mailings = mailings_offered(self.actor, filters.value("mailing"))
        filters.offer("mailing", [("", _("any mailing")), *mailings])
        return filters

    def get_table_columns(self) -> Sequence[TableColumn]:
        if self.actor.sees_all:
            return _COLUMNS
        return [column for column in _COLUMNS if column.name != "owner"]

    def get_queryset(self) -> QuerySet[Attempt]:
        return attempts_asked_for(self.actor, self.filters)

    def get_page(self) -> KeysetPage[Attempt]:
        rows = listed_attempts(self.get_queryset())
        return page_of(self.actor, rows, self.request.GET, size=self.size)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        return super().get_context_data(
            page=page,
            rows=[(row, explain_attempt(row), tone_of(row)) for row in page.rows],
            everybody=self.everybody,
            people=suggested_emails() if self.everybody else [],
            **kwargs,
        )


class AllAttempts(ManagerRequiredMixin, AttemptList):
    """Everybody's, for managers."""

    everybody = True
    filter_form = AllAttemptFilters


class AttemptDetail(OwnerFilterMixin, TemplateView):
    """One attempt, all of it."""

    template_name = "attempts/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Attempt.objects.select_related("mailing", "mailing__owner", "recipient", "delivery")
        attempt = self.visible_or_404(rows, pk=self.kwargs["pk"])
        return super().get_context_data(attempt=attempt, why=explain_attempt(attempt), **kwargs)
