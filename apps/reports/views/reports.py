"""Reports: what became of mailings, one's own or, for managers, everybody's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.formats import date_format
from django.views.generic import TemplateView, View

from apps.core.exports.tables import FORMS, Cell, table_response
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import CacheMixin, ManagerRequiredMixin, OwnerFilterMixin, TwoTemplatesMixin
from apps.core.paging import filter_query, keyset_page
from apps.mailings.models import Mailing, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.failures import reasons_of
from apps.mailings.selectors.mailings import listed, newest_runs
from apps.mailings.selectors.totals import figures_of
from apps.reports.selectors.statistics import (
    FILTERS,
    MailingStats,
    asked_sums,
    by_day,
    by_domain,
    by_hour,
    line_of,
    lines_of,
)
from apps.users.selectors import suggested_emails

ON_A_PAGE = 50
IN_THE_CHART = 12
OWNERS_SHOWN = 50
_PLAN = ("scheduled", "starts", "ends", "repeat", "repeat_zone")
REPORT = ("id", "mailing", "owner", "status", "runs", "audience", *STATES, "share", *_PLAN)


class ReportList(TwoTemplatesMixin, OwnerFilterMixin, TemplateView):
    """Statistics per mailing, with totals, from the runs' counters."""

    page_template = "reports/list.html"
    results_template_name = "reports/list_results.html"
    everybody = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        params = self.request.GET
        sums = asked_sums(self.actor, params, now=timezone.now())
        page = keyset_page(listed(sums.mailings), params, size=ON_A_PAGE, newest_first=True)
        lines = lines_of(sums, page.rows)
        return super().get_context_data(
            page=page,
            lines=lines,
            chart=_bars(lines),
            totals=sums.totals(),
            owners=sums.by_owner(OWNERS_SHOWN) if self.everybody else [],
            keep=filter_query(params, *FILTERS),
            filters={name: params.get(name, "") for name in FILTERS},
            statuses=Mailing.Status.choices,
            everybody=self.everybody,
            people=suggested_emails() if self.everybody else [],
            **kwargs,
        )


class GlobalReports(ManagerRequiredMixin, ReportList):
    """Over all users, with the rates of each, for managers."""

    everybody = True


class MailingReport(CacheMixin, OwnerFilterMixin, TemplateView):
    """One mailing in charts, with a table beside each."""

    template_name = "reports/mailing.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Mailing.objects.select_related("owner")
        mailing = self.visible_or_404(rows, pk=self.kwargs["pk"])
        self.cache_timeout = settings.CACHE_TIMEOUT_REPORTS
        line, run = line_of(mailing), last_run_of(mailing)
        # The counters are part of the key: as long as nothing moves, the kept answer is the answer.
        moved = "-".join(str(line.figures.counts[state]) for state in STATES)
        key = f"report:{mailing.pk}:{run.number if run else 0}:{moved}"
        days, hours, domains, reasons = self.cached(key, lambda: _costly(mailing, run))
        return super().get_context_data(
            mailing=mailing,
            line=line,
            run=run,
            outcomes=[
                (state, line.figures.counts[state])
                for state in STATES
                if line.figures.counts[state]
            ],
            runs=[(row, figures_of(row)) for row in newest_runs(mailing)],
            days=[(date_format(day, "j E Y"), good, bad) for day, good, bad in days],
            hours=[(_hour(moment), good, bad) for moment, good, bad in hours],
            domains=domains,
            reasons=reasons,
            **kwargs,
        )


def last_run_of(mailing: Mailing) -> Run | None:
    """The newest run there is: a reset mailing has the report of what was sent before."""
    return newest_runs(mailing).first()


def _costly(mailing: Mailing, run: Run | None) -> tuple[Any, ...]:
    """What is costly to count about one mailing, without a word in anybody's language."""
    if run is None:
        return [], [], [], []
    return by_day(mailing), by_hour(mailing), by_domain(run), reasons_of(run)


def _bars(lines: list[MailingStats]) -> list[tuple[str, int, int]]:
    """The newest mailings of the page that were sent, the oldest of them first."""
    sent = [line for line in lines if line.figures.sent or line.figures.not_delivered]
    sent.sort(key=lambda line: -line.mailing.pk)
    return [
        (
            f"{line.mailing.name} (id:{line.mailing.pk})",
            line.figures.sent,
            line.figures.not_delivered,
        )
        for line in reversed(sent[:IN_THE_CHART])
    ]


def _hour(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "j E, H:i")


class ReportExport(CostlyMixin, OwnerFilterMixin, View):
    """The table of the report, as CSV or XLSX."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, form: str) -> HttpResponseBase:
        chosen = next((known for known in FORMS if known == form), None)
        if chosen is None:
            raise Http404
        return table_response(form=chosen, name="report", header=REPORT, rows=self._cells())

    def _cells(self) -> Iterator[list[Cell]]:
        sums = asked_sums(self.actor, self.request.GET, now=timezone.now())
        rows = listed(sums.mailings).order_by("pk")
        after = 0
        while page := list(rows.filter(pk__gt=after)[:500]):
            after = page[-1].pk
            for line in lines_of(sums, page):
                figures, mailing = line.figures, line.mailing
                counts = [figures.counts.get(state, 0) for state in STATES]
                head = [mailing.pk, mailing.name, mailing.owner.email, mailing.status, line.runs]
                yield [*head, figures.audience, *counts, figures.rate, *_plan_of(mailing)]


def _plan_of(mailing: Mailing) -> list[Cell]:
    """When it starts and ends, and whether and in which zone it is scheduled."""
    scheduled = "true" if mailing.scheduled else "false"
    zone = mailing.repeat_zone if mailing.repeat else ""
    return [scheduled, mailing.starts_at, mailing.ends_at, mailing.repeat, zone]
