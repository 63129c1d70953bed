"""Reports: what became of mailings, one's own or, for managers, everybody's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView

from apps.core.exports.tables import Cell
from apps.core.lists.page import ListPage
from apps.core.mixins import CacheMixin, ManagerRequiredMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Delivery, Mailing, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.failures import reasons_of
from apps.mailings.selectors.mailings import listed, newest_runs
from apps.mailings.selectors.totals import Sums, figures_of
from apps.reports.selectors.statistics import (
    MailingStats,
    ReportFilters,
    asked_sums,
    by_day,
    by_domain,
    by_hour,
    line_of,
    lines_of,
    worst_first,
)
from apps.users.selectors import suggested_emails

IN_THE_CHART = 12
OWNERS_SHOWN = 50
#: What people call the columns of the export.
HEADINGS = {
    "id": "ID",
    "mailing": _("Mailing"),
    "owner": _("Owner"),
    "status": _("Status"),
    "runs": _("Runs"),
    "audience": _("Audience"),
    **{state: Delivery.State(state).label for state in STATES},
    "share": _("Delivery rate"),
    "scheduled": _("Scheduled"),
    "starts": _("Start"),
    "ends": _("End"),
    "repeat": _("Repeat"),
    "repeat_zone": _("Time zone"),
}


class ReportList(OwnerFilterMixin, ListPage[Mailing, ReportFilters]):
    """Statistics per mailing, with totals, from the runs' counters."""

    page_template = "reports/list.html"
    results_template_name = "reports/list_results.html"
    filter_form = ReportFilters
    export_name = "report"
    everybody = False

    @cached_property
    def sums(self) -> Sums:
        """What the totals and the lines are made of."""
        return asked_sums(self.actor, self.filters, now=timezone.now())

    def get_queryset(self) -> OwnedQuerySet[Mailing]:
        return listed(self.sums.mailings)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        lines = lines_of(self.sums, page.rows)
        return super().get_context_data(
            page=page,
            lines=lines,
            chart=_bars(lines),
            totals=self.sums.totals(),
            owners=self.sums.by_owner(OWNERS_SHOWN) if self.everybody else [],
            statuses=Mailing.Status.choices,
            everybody=self.everybody,
            people=suggested_emails() if self.everybody else [],
            **kwargs,
        )

    def table(self) -> tuple[Sequence[str], Iterator[list[Cell]]]:
        return [str(heading) for heading in HEADINGS.values()], self._cells()

    def _cells(self) -> Iterator[list[Cell]]:
        rows = self.get_queryset().order_by("pk")
        after = 0
        while page := list(rows.filter(pk__gt=after)[:500]):
            after = page[-1].pk
            for line in lines_of(self.sums, page):
                figures, mailing = line.figures, line.mailing
                counts = [figures.counts.get(state, 0) for state in STATES]
                head = [
                    mailing.pk,
                    mailing.name,
                    mailing.owner.email,
                    str(mailing.get_status_display()),
                    line.runs,
                ]
                yield [*head, figures.audience, *counts, figures.rate, *_plan_of(mailing)]


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
            domains=[
                (domain or "…", figures.sent, figures.failed)
                for domain, figures in worst_first(domains)
            ],
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
    sent = [line for line in lines if line.figures.sent or line.figures.failed]
    sent.sort(key=lambda line: -line.mailing.pk)
    return [
        (
            f"{line.mailing.name} (id:{line.mailing.pk})",
            line.figures.sent,
            line.figures.failed,
        )
        for line in reversed(sent[:IN_THE_CHART])
    ]


def _hour(moment: Any) -> str:
    return date_format(timezone.localtime(moment), "j E, H:i")


def _plan_of(mailing: Mailing) -> list[Cell]:
    """When it starts and ends, and whether and in which zone it is scheduled."""
    scheduled = _("yes") if mailing.scheduled else _("no")
    zone = mailing.repeat_zone if mailing.repeat else ""
    return [str(scheduled), mailing.starts_at, mailing.ends_at, mailing.repeat, zone]
