"""The report of one mailing, and its runs as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.generic import TemplateView, View

from apps.core.exports.tables import Cell, form_named, table_response
from apps.core.http.costly import CostlyMixin
from apps.core.lists.table import Table, TableColumn
from apps.core.mixins import CacheMixin, OwnerFilterMixin
from apps.core.paging import row_id
from apps.mailings.models import Mailing, Run, Tracking
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.engagement.reactions import levels_of, reactions_of
from apps.mailings.selectors.mailings import newest_runs
from apps.mailings.selectors.totals import figures_of
from apps.reports.selectors.engagement.report import RunReport
from apps.reports.selectors.mailing_report import (
    compared_with,
    counted,
    domain_rows,
    reactions_of_all,
    together,
)
from apps.reports.selectors.statistics import FIGURE_NAMES, line_of, worst_first
from apps.reports.views.engagement import best_text, drawn_times

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
_MEASURED_COLUMNS: Final = [
    *_DOMAIN_COLUMNS,
    TableColumn(name="opened", label=FIGURE_NAMES["opened"], number=True, sort="opened"),
    TableColumn(name="clicked", label=FIGURE_NAMES["clicked"], number=True, sort="clicked"),
]
_SORTS: Final = {
    "sent": attrgetter("figures.sent"),
    "not_delivered": attrgetter("figures.not_delivered"),
    "rate": attrgetter("figures.rate"),
    "opened": attrgetter("opened"),
    "clicked": attrgetter("clicked"),
}
#: What a file of the runs has of each.
_FIGURES: Final = (
    *("audience", "sent", "confirmed", "bounced", "failed", "skipped", "unknown", "remaining"),
    *("not_delivered", "rate"),
)

#: What it has of the reactions; nothing for a run that was not measured.
_REACTIONS: Final = {
    "person": FIGURE_NAMES["opened"],
    "machine": pgettext_lazy("figure", "Machine only"),
    "unclear": pgettext_lazy("figure", "Cannot know"),
    "nothing": pgettext_lazy("figure", "Nothing seen"),
    "clicked": FIGURE_NAMES["clicked"],
}


class MailingReport(CacheMixin, OwnerFilterMixin, TemplateView):
    """What became of one mailing: figures, reactions, reasons, domains, time, and those before it.

    ``?run=``: what is said of one run alone is said of this one, and not of the newest.
    """

    template_name = "reports/mailing.html"
    cache_timeout = 0

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = Mailing.objects.select_related("owner", "message")
        mailing = self.visible_or_404(rows, pk=self.kwargs["pk"])
        self.cache_timeout = settings.CACHE_TIMEOUT_REPORTS
        runs = list(newest_runs(mailing))
        line, run = line_of(mailing), run_asked(runs, self.request.GET.get("run", ""))
        # The counters are part of the key: as long as nothing moves, the kept answer is the answer.
        moved = "-".join(str(line.figures.counts[state]) for state in STATES)
        key = f"mailing-report:{mailing.pk}:{run.number if run else 0}:{moved}"
        found = self.cached(key, lambda: counted(mailing, run))
        before = compared_with(mailing, self.actor)
        return super().get_context_data(
            mailing=mailing,
            line=line,
            figures=line.figures,
            run=run,
            runs=[(row, figures_of(row)) for row in runs],
            counted=found,
            times=_times(found.days, found.hours),
            compared=before,
            average=together(before),
            average_reactions=reactions_of_all(before),
            **self._reactions(run, found.domains),
            **kwargs,
        )

    def _reactions(
        self, run: Run | None, domains: list[tuple[str, dict[str, int]]]
    ) -> dict[str, Any]:
        """What readers did with the run; it moves with every reaction and is never kept."""
        level = levels_of([run.pk])[run.pk] if run is not None else Tracking.OFF
        measured = level == Tracking.PERSONS
        table = Table(_MEASURED_COLUMNS if measured else _DOMAIN_COLUMNS, self.request.GET)
        found = worst_first(domain_rows(run, domains, measured=measured))
        context = {"table": table, "domains": table.sort_rows(found, _SORTS)}
        if run is None:
            return context
        report = RunReport(run, level)
        by, opens, clicks = drawn_times(report, self.request.GET.get("by", ""))
        return context | {
            "report": report,
            "drawn_by": by,
            "opens": opens,
            "clicks": clicks,
            "hours": [(f"{hour.hour:02}:00", hour.opens, 0) for hour in report.hours],
            "best": best_text(report),
        }


class MailingReportExport(CostlyMixin, OwnerFilterMixin, View):
    """The runs of a mailing with their figures, as a file."""

    def is_costly(self, request: HttpRequest) -> bool:
        return True

    def get(self, request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
        mailing = self.visible_or_404(Mailing.objects.all(), pk=pk)
        known = form_named(form)
        if known is None:
            raise Http404
        header = [_("Run"), _("Started"), _("Finished")]
        header += [FIGURE_NAMES[name] for name in _FIGURES]
        header += _REACTIONS.values()
        name = f"mailing-{mailing.pk}-report"
        labels = [str(label) for label in header]
        return table_response(form=known, name=name, header=labels, rows=_cells(mailing))


def run_asked(runs: Sequence[Run], number: str) -> Run | None:
    """The run of this number, else the newest: a reset mailing has the report of what was sent."""
    asked = row_id(number)
    return next((run for run in runs if run.number == asked), runs[0] if runs else None)


def _cells(mailing: Mailing) -> Iterator[list[Cell]]:
    runs = list(mailing.runs.defer("content").order_by("number"))
    levels = levels_of([run.pk for run in runs])
    for run in runs:
        figures, reactions = figures_of(run), reactions_of(run)
        head: list[Cell] = [run.number, run.started_at, run.finished_at]
        measured = levels[run.pk] == Tracking.PERSONS
        yield [
            *head,
            *(getattr(figures, name) for name in _FIGURES),
            *(getattr(reactions, name) if measured else None for name in _REACTIONS),
        ]


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
