"""The page of one run: the equation, and its deliveries with the server's response."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import TemplateView, View

from apps.core.exports.tables import FORMS, Cell, table_response
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import OwnerFilterMixin, TwoTemplatesMixin
from apps.core.paging import filter_query, keyset_page
from apps.core.text.formatting import in_words
from apps.mailings.failure_reasons import REASONS
from apps.mailings.models import Delivery
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.mailings import deliveries_of, equation_of, routes_of, shown_runs

ON_A_PAGE: Final = 50


class RunDetail(TwoTemplatesMixin, OwnerFilterMixin, TemplateView):
    """One run: the equation, and its deliveries by state with the server's response."""

    page_template = "mailings/run_detail.html"
    results_template_name = "mailings/run_detail_results.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        params = self.request.GET
        run = self.visible_or_404(
            shown_runs(), mailing_id=self.kwargs["pk"], number=self.kwargs["number"]
        )
        state = params.get("state", "")
        state = state if state in STATES else ""
        channel = params.get("channel", "")
        reason = params.get("reason", "")
        reason = reason if reason in REASONS else ""
        rows = deliveries_of(run, state, params.get("q", ""), channel, reason)
        return super().get_context_data(
            run=run,
            mailing=run.mailing,
            terms=equation_of(run),
            state=state,
            words=params.get("q", ""),
            keep=filter_query(params, "state", "q", "channel", "reason"),
            reason=reason,
            reason_label=REASONS[reason].label if reason else "",
            channel=channel,
            routes=routes_of(run),
            resolvable=state == "unknown"
            and run.mailing.owner_id == self.actor.pk
            and run.mailing.archived_at is None,
            page=keyset_page(rows, params, size=ON_A_PAGE, newest_first=False),
            **kwargs,
        )


class RunExport(CostlyMixin, OwnerFilterMixin, View):
    """The deliveries of a run, in one state or in all, as CSV or XLSX."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, pk: int, number: int, form: str) -> HttpResponseBase:
        run = self.visible_or_404(shown_runs(), mailing_id=pk, number=number)
        chosen = next((known for known in FORMS if known == form), None)
        if chosen is None:
            raise Http404
        params = request.GET
        state, query = params.get("state", ""), params.get("q", "")
        rows = deliveries_of(run, state, query, params.get("channel", ""), params.get("reason", ""))
        header = [
            "id",
            "recipient",
            "name",
            "channel",
            "address",
            "state",
            "code",
            "reply",
            "tries",
            "changed",
        ]
        name = f"mailing-{pk}-run-{number}"
        return table_response(form=chosen, name=name, header=header, rows=_cells(rows))


def _cells(rows: QuerySet[Delivery]) -> Iterator[list[Cell]]:
    for row in rows.order_by("pk").iterator(chunk_size=2000):
        yield [
            row.pk,
            row.recipient_id,
            row.recipient.full_name,
            str(row.get_channel_display()),
            row.address,
            str(row.get_state_display()),
            row.code,
            in_words(row.response),
            row.tries,
            row.changed_at,
        ]
