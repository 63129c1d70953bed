"""The history of everything that was tried, one's own or, for managers, everybody's."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.views.generic import TemplateView

from apps.core.lists.page import ListPage
from apps.core.mixins import ManagerRequiredMixin, OwnerFilterMixin
from apps.core.paging import KeysetPage
from apps.mailings.models import Attempt
from apps.mailings.models.trigger import Trigger
from apps.reports.selectors.attempts import (
    HEADINGS,
    WORDED,
    AttemptFilters,
    attempts_asked_for,
    page_of,
)
from apps.users.selectors import suggested_emails


class AttemptList(OwnerFilterMixin, ListPage[Attempt, AttemptFilters]):
    """A table, newest first. A manager's own page of it lies in the management."""

    page_template = "attempts/list.html"
    results_template_name = "attempts/list_results.html"
    filter_form = AttemptFilters
    columns = WORDED
    headings = HEADINGS
    export_name = "attempts"
    everybody = False

    def get_queryset(self) -> QuerySet[Attempt]:
        return attempts_asked_for(self.actor, self.filters)

    def get_page(self) -> KeysetPage[Attempt]:
        return page_of(self.actor, self.get_queryset(), self.request.GET, size=self.size)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            statuses=Attempt.Status.choices,
            triggers=Trigger.choices,
            everybody=self.everybody,
            people=suggested_emails() if self.everybody else [],
            **kwargs,
        )


class AllAttempts(ManagerRequiredMixin, AttemptList):
    """Everybody's, for managers."""

    everybody = True


class AttemptDetail(OwnerFilterMixin, TemplateView):
    """One attempt, all of it."""

    template_name = "attempts/detail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Attempt.objects.select_related("mailing", "mailing__owner", "recipient", "delivery")
        attempt = self.visible_or_404(rows, pk=self.kwargs["pk"])
        return super().get_context_data(attempt=attempt, **kwargs)
