"""Reports of all mailings, one's own or, for managers, everybody's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from apps.core.exports.tables import Cell
from apps.core.lists.page import ListPage
from apps.core.lists.table import TableColumn
from apps.core.mixins import ManagerRequiredMixin, OwnerFilterMixin
from apps.core.models import OwnedQuerySet
from apps.mailings.models import Delivery, Mailing
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.mailings import listed
from apps.mailings.selectors.totals import Sums
from apps.reports.selectors.statistics import (
    FIGURE_COLUMNS,
    FIGURE_NAMES,
    AllReportFilters,
    ReportFilters,
    asked_sums,
    figure_order,
    last_days,
    lines_of,
)
from apps.users.selectors import suggested_emails

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


_MAILING = TableColumn(name="mailing", label=_("Mailing"), phone="lead")
_OWNER = TableColumn(name="owner", label=_("Owner"))
_STATUS = TableColumn(name="status", label=_("Status"), shown=False)
_STARTS = TableColumn(name="starts", label=_("Start"), sort="pk")
_RUNS = TableColumn(name="runs", label=_("Runs"), number=True, shown=False, phone="")


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

    def get_table_columns(self) -> Sequence[TableColumn]:
        owner = [_OWNER] if self.actor.sees_all else []
        return [_MAILING, *owner, _STATUS, _STARTS, _RUNS, *FIGURE_COLUMNS]

    def get_queryset(self) -> OwnedQuerySet[Mailing]:
        rows = listed(self.sums.mailings)
        column = self.page_table.sorted_by
        return rows.annotate(**figure_order(self.sums, column.name)) if column else rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = self.get_page()
        return super().get_context_data(
            page=page,
            lines=lines_of(self.sums, page.rows),
            totals=self.sums.totals(),
            days=[] if self.filters.query() else self._days(),
            owners=self.sums.by_owner(OWNERS_SHOWN) if self.everybody else [],
            everybody=self.everybody,
            people=suggested_emails() if self.everybody else [],
            **kwargs,
        )

    def _days(self) -> list[tuple[str, int, int]]:
        days = last_days(self.actor, timezone.localdate())
        return [(date_format(day, "j E"), sent, failed) for day, sent, failed in days]

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
                    line.standing.label,
                    line.runs,
                ]
                yield [*head, figures.audience, *counts, figures.rate, *_plan_of(mailing)]


class GlobalReports(ManagerRequiredMixin, ReportList):
    """Over all users, with the figures of each, for managers."""

    everybody = True
    filter_form = AllReportFilters


#: The columns of the export by user.
_BY_USER = (
    *("audience", "sent", "confirmed", "bounced", "failed", "skipped", "unknown", "remaining"),
    *("not_delivered", "rate"),
)


class ReportByUser(GlobalReports):
    """The figures of each user as a file."""

    export_name = "report-by-user"

    def table(self) -> tuple[Sequence[str], Iterator[list[Cell]]]:
        header = [str(_("User")), *(str(FIGURE_NAMES[name]) for name in _BY_USER)]
        return header, self._users()

    def _users(self) -> Iterator[list[Cell]]:
        for email, figures in self.sums.by_owner():
            yield [email, *(getattr(figures, name) for name in _BY_USER)]


def _plan_of(mailing: Mailing) -> list[Cell]:
    """When it starts and ends, and whether and in which zone it is scheduled."""
    scheduled = _("yes") if mailing.scheduled else _("no")
    zone = mailing.repeat_zone if mailing.repeat else ""
    return [str(scheduled), mailing.starts_at, mailing.ends_at, mailing.repeat, zone]
