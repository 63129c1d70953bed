"""What readers did with one run: the letter with its clicks, and the figures as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from csp.decorators import csp
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.generic import View

from apps.core.errors import DomainError
from apps.core.exports.tables import Cell, form_named, table_response
from apps.core.http.costly import CostlyMixin
from apps.core.mixins import OwnerFilterMixin
from apps.core.text.formatting import refusal_text
from apps.mailings.models import Run
from apps.mailings.run_content import content_in, level_in
from apps.mailings.selectors.mailings import shown_runs
from apps.mailings.views.previews import FRAMED, Frame
from apps.reports.selectors.engagement.click_map import drawn, values_of_first
from apps.reports.selectors.engagement.report import RunReport

#: Days in which something was seen; more are drawn by the day unless hours are asked for.
_DAYS: Final = 3
#: The figures of a line of the export, in the order of its columns.
_FIGURES: Final = ("recipients", "opened", "clicked", "openings", "clicks", "machines", "share")
Bars = list[tuple[str, int, int]]


def drawn_times(report: RunReport, asked: str) -> tuple[str, Bars, Bars]:
    """By what time is drawn ("hour" or "day"), the bars of openings and those of clicks."""
    days = report.times.by_day()
    by = asked if asked in ("hour", "day") else "hour" if len(days) <= _DAYS else "day"
    rows: list[tuple[str, int, int]]
    if by == "day":
        rows = [(date_format(day, "j E"), opens, clicks) for day, opens, clicks in days]
    else:
        hours = report.times.by_hour()
        rows = [(date_format(hour, "j E, H:i"), opens, clicks) for hour, opens, clicks in hours]
    return by, [(label, n, 0) for label, n, _c in rows], [(label, n, 0) for label, _o, n in rows]


def best_text(report: RunReport) -> str:
    """The hour of the day at which most was opened, in words."""
    best = report.best
    if best is None:
        return ""
    hours = {"start": f"{best.hour:02}:00", "end": f"{(best.hour + 1) % 24:02}:00"}
    return _("Most openings: between %(start)s and %(end)s.") % hours


class _OfRun(OwnerFilterMixin):
    """Finds the run that the address names."""

    def report(self, pk: int, number: int) -> RunReport:
        """Its report. Raises Http404 for a run that measures nothing."""
        found: Run = self.visible_or_404(shown_runs(), mailing_id=pk, number=number)
        report = RunReport(found, level_in(found.content))
        if not report.is_measured:
            raise Http404
        return report


#: The figure beside a link leads the whole page to those who followed it.
_LEADS_ON: Final = [*FRAMED["sandbox"], "allow-top-navigation-by-user-activation"]


@method_decorator(csp({**FRAMED, "sandbox": _LEADS_ON}), name="dispatch")
class ClickMapFrame(_OfRun, Frame):
    """The letter as it was sent, each link with how many followed it."""

    def get(self, request: HttpRequest, pk: int, number: int, version: int) -> HttpResponse:
        report = self.report(pk, number)
        content = content_in(report.run, version)
        if content is None:
            raise Http404
        links = [row for row in report.links if row.link.version == version]
        people = reverse("mailings:run", args=[pk, number])
        urls = {row.link.number: f"{people}?link={row.link.pk}" for row in links}
        context: dict[str, Any] = {}
        try:
            shown = drawn(
                content,
                values_of_first(report.run, content),
                links,
                urls if report.reactions is not None else {},
            )
            context["preview"] = shown
        except DomainError as refusal:
            context["refusal"] = refusal_text(refusal)
        return render(request, "messages/frame.html", context)


class EngagementExport(CostlyMixin, _OfRun, View):
    """The figures of a run's reactions as one table, a part after the other."""

    def is_costly(self, request: HttpRequest) -> bool:
        return True

    def get(self, request: HttpRequest, pk: int, number: int, form: str) -> HttpResponseBase:
        report = self.report(pk, number)
        known = form_named(form)
        if known is None:
            raise Http404
        name = f"mailing-{pk}-run-{number}-reactions"
        return table_response(form=known, name=name, header=_header(), rows=_rows(report))


def _header() -> list[str]:
    return [
        pgettext("export", "Part"),
        pgettext("export", "What"),
        _("Address"),
        _("Recipients"),
        _("Opened (persons)"),
        pgettext("figure", "Clicked"),
        pgettext("reactions", "Openings"),
        pgettext("reactions", "Clicks"),
        _("Clicks of machines"),
        _("Share, %"),
    ]


def _rows(report: RunReport) -> Iterator[list[Cell]]:
    for step in report.funnel:
        yield _row(_("Funnel"), step.label, recipients=step.count, share=step.of_all)
    for term in report.reactions.terms if report.reactions is not None else ():
        yield _row(_("Reaction"), term.label, recipients=term.count)
    for row in report.links:
        yield _row(
            _("Link"),
            row.name,
            row.link.address,
            clicked=row.link.persons if report.reactions is not None else None,
            clicks=row.link.clicks,
            machines=row.link.machine_clicks,
            share=row.share,
        )
    for part, shares in ((_("Device"), report.devices), (_("Mail program"), report.clients)):
        for one in shares:
            yield _row(part, one.name, opened=one.opened, clicked=one.clicked, share=one.share)
    for day, opens, clicks in report.times.by_day():
        yield _row(_("Day"), day.isoformat(), openings=opens, clicks=clicks)
    for hour in report.hours:
        name = f"{hour.hour:02}:00"
        yield _row(_("Hour of the day"), name, openings=hour.opens, clicks=hour.clicks)


def _row(part: str, what: object, address: str = "", **figures: float | None) -> list[Cell]:
    return [part, str(what), address, *(figures.get(name) for name in _FIGURES)]
