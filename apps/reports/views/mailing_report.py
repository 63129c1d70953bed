"""The report of one mailing, and its runs as a file."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView, View

from apps.core.exports.tables import FORMS, Cell, table_response
from apps.core.http.costly import CostlyMixin
from apps.core.lists.table import Table, TableColumn
from apps.core.mixins import CacheMixin, OwnerFilterMixin
from apps.mailings.models import Mailing, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.mailings import newest_runs
from apps.mailings.selectors.totals import figures_of
from apps.reports.selectors.mailing_report import compared_with, counted, together
from apps.reports.selectors.statistics import FIGURE_NAMES, line_of, worst_first

#: The days of a mailing are shown as such from so many on; fewer are shown by the hour.
_DAYS: Final = 4
_DOMAIN_COLUMNS: Final = [
    TableColumn(name="domain", label=_("Domain"), phone="lead"),
    TableColumn(name="sent", label=FIGURE_NAMES["sent"], number=True, sort="sent"),
    TableColumn(
        name="not_delivered", label=FIGURE_NAMES["not_delivered"], number=True, sort="not_delivered"
    ),
    TableColumn(name="rate", label=FIGURE_NAMES["rate"], number=True, sort="rate", phone="side"),
]
#: What a file of the runs has of each.
_FIGURES: Final = (
    *("audience", "sent", "confirmed", "bounced", "failed", "skipped", "unknown", "remaining"),
    *("not_delivered", "rate"),
)


class MailingReport(CacheMixin, OwnerFilterMixin, TemplateView):
    """What became of one mailing: figures, reasons, domains, time, and the ones before it."""

    template_name = "reports/mailing.html"
    cache_timeout = 0

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Mailing.objects.select_related("owner", "message")
        mailing = self.visible_or_404(rows, pk=self.kwargs["pk"])
        self.cache_timeout = settings.CACHE_TIMEOUT_REPORTS
        line, run = line_of(mailing), last_run_of(mailing)
        # The counters are part of the key: as long as nothing moves, the kept answer is the answer.
        moved = "-".join(str(line.figures.counts[state]) for state in STATES)
        key = f"mailing-report:{mailing.pk}:{run.number if run else 0}:{moved}"
        found = self.cached(key, lambda: counted(mailing, run))
        before = compared_with(mailing, self.actor)
        table = Table(_DOMAIN_COLUMNS, self.request.GET)
        return super().get_context_data(
            mailing=mailing,
            figures=line.figures,
            run=run,
            runs=[(row, figures_of(row)) for row in newest_runs(mailing)],
            counted=found,
            times=_times(found.days, found.hours),
            table=table,
            domains=table.sort_rows(
                worst_first(found.domains),
                {name: attrgetter(f"figures.{name}") for name in ("sent", "not_delivered", "rate")},
            ),
            compared=before,
            average=together(before),
            **kwargs,
        )


class MailingReportExport(CostlyMixin, OwnerFilterMixin, View):
    """The runs of a mailing with their figures, as a file."""

    def is_costly(self, request: HttpRequest) -> bool:
        return True

    def get(self, request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
        mailing = self.visible_or_404(Mailing.objects.all(), pk=pk)
        for known in FORMS:
            if known == form:
                header = [_("Run"), _("Started"), _("Finished")]
                header += [FIGURE_NAMES[name] for name in _FIGURES]
                name = f"mailing-{mailing.pk}-report"
                labels = [str(label) for label in header]
                return table_response(form=known, name=name, header=labels, rows=_cells(mailing))
        raise Http404


def last_run_of(mailing: Mailing) -> Run | None:
    """The newest run there is: a reset mailing has the report of what was sent before."""
    return newest_runs(mailing).first()


def _cells(mailing: Mailing) -> Iterator[list[Cell]]:
    for run in mailing.runs.defer("content").order_by("number"):
        figures = figures_of(run)
        head: list[Cell] = [run.number, run.started_at, run.finished_at]
        yield [*head, *(getattr(figures, name) for name in _FIGURES)]


def _times(
    days: list[tuple[Any, int, int]], hours: list[tuple[Any, int, int]]
) -> list[tuple[str, int, int]]:
    """The bars of the chart: by the hour while it is a matter of a few days."""
    if len(days) >= _DAYS:
        return [(date_format(day, "j E"), sent, failed) for day, sent, failed in days]
    form = "H:i" if len(days) == 1 else "j E, H:i"
    return [
        (date_format(timezone.localtime(moment), form), sent, failed)
        for moment, sent, failed in hours
    ]
