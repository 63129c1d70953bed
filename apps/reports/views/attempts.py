"""The history of everything that was tried, one's own or, for managers, everybody's."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import TemplateView, View

from apps.core.exports.tables import FORMS, table_response
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import ManagerRequiredMixin, OwnerFilterMixin, TwoTemplatesMixin
from apps.core.paging import filter_query
from apps.mailings.models import Attempt, Recipient
from apps.mailings.models.trigger import Trigger
from apps.mailings.selectors.mailings import attempts_of
from apps.reports.selectors.attempts import FILTERS, HEADER, cells_of, found_attempts, page_of
from apps.users.selectors import suggested_emails

ON_A_PAGE = 50


class AttemptList(TwoTemplatesMixin, OwnerFilterMixin, TemplateView):
    """A table, newest first. A manager's own page of it lies in the management."""

    page_template = "attempts/list.html"
    results_template_name = "attempts/list_results.html"
    everybody = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        params = self.request.GET
        return super().get_context_data(
            page=page_of(self.actor, params, size=ON_A_PAGE),
            keep=filter_query(params, *FILTERS),
            filters={name: params.get(name, "") for name in FILTERS},
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


class AttemptExport(CostlyMixin, OwnerFilterMixin, View):
    """What the filters find, as CSV or XLSX."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, form: str) -> HttpResponseBase:
        chosen = next((known for known in FORMS if known == form), None)
        if chosen is None:
            raise Http404
        rows = found_attempts(
            attempts_of(self.actor),
            request.GET,
            among=Recipient.objects.visible_to(self.actor),
        )
        return table_response(form=chosen, name="attempts", header=HEADER, rows=cells_of(rows))
