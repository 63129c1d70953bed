"""The daily report: what became of yesterday's mailings, as one plain letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.core.contracts import BackgroundJob
from apps.core.site import site_url
from apps.core.text.formatting import grouped, in_words
from apps.delivery.models import AccountState
from apps.delivery.service import service
from apps.mailings.models import Attempt, Mailing, Run
from apps.mailings.selectors.equation import equation_of
from apps.mailings.selectors.mailings import waiting_text
from apps.mailings.selectors.totals import Figures, Period, Sums, Totals

ACCOUNT: Final = "email"
#: Mailings that are listed one by one.
SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Part:
    """What one mailing did on the day, and its last run of the day as it stands now."""

    run: Run
    figures: Figures


class DailyReport(BackgroundJob):
    """Yesterday's figures, once for every recipient, when the hour has come."""

    name = "daily_report"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        local = timezone.localtime(now, timezone.get_default_timezone())
        if local.hour >= settings.DAILY_REPORT_HOUR:
            send(local.date() - timedelta(days=1), now=now)


def send(day: date, *, now: datetime, mark: str = "") -> dict[str, str]:
    """Send the report of this day to all who want it and have not got it.

    Returns the verdict by address. ``mark`` makes it another letter: it is sent once more.
    """
    if not settings.DAILY_REPORT_RECIPIENTS:
        return {}
    with translation.override(settings.LANGUAGE_CODE), timezone.override(None):
        subject, text = letter_of(day, now=now)
    return {
        address: service.send_system_message(
            key=f"daily:{day.isoformat()}:{address}{mark}",
            account=ACCOUNT,
            address=address,
            subject=subject,
            text=text,
        )
        for address in settings.DAILY_REPORT_RECIPIENTS
    }


def letter_of(day: date, *, now: datetime) -> tuple[str, str]:
    """Subject and text, in the active language and time zone."""
    sums = sums_of(day, now)
    totals, parts = sums.totals(), parts_of(day, sums)
    text = {"day": date_format(day, "DATE_FORMAT"), "site": site_url()}
    subject = _("Mailings on %(day)s: sent %(sent)s, failed %(failed)s") % {
        **text,
        "sent": grouped(totals.figures.sent),
        "failed": grouped(totals.figures.failed),
    }
    lines = [
        _("Mailings on %(day)s (%(zone)s).")
        % {**text, "zone": timezone.get_current_timezone_name()},
        "",
        *_totals(totals, failed_attempts(day)),
        "",
        *_mailings(parts, now),
        *_needing(),
        site_url() + reverse("management:reports"),
    ]
    return subject, "\n".join(lines) + "\n"


def sums_of(day: date, now: datetime) -> Sums:
    """The figures of what was tried on this day of the site's zone, as a report of the day has
    them."""
    return Sums(Mailing.objects.all(), Period(*_bounds(day), now))


def parts_of(day: date, sums: Sums) -> list[Part]:
    """The mailings that tried something on the day, the busiest first."""
    runs = _at_work(day).filter(urgent=False).order_by("pk")
    by_mailing = {run.mailing_id: run for run in runs.select_related("mailing", "mailing__owner")}
    figures = sums.by_mailing(list(by_mailing))
    parts = [Part(run, figures[pk][0]) for pk, run in by_mailing.items()]
    busy = [part for part in parts if part.figures.audience]
    return sorted(busy, key=lambda part: (-part.figures.audience, part.run.pk))


def failed_attempts(day: date) -> int:
    """How many attempts failed on the day. A delivery may have several, and succeed at last.

    The runs are found first: attempts have no index by time alone.
    """
    start, end = _bounds(day)
    rows = Attempt.objects.filter(kind=Attempt.Kind.DELIVERY, status=Attempt.Status.FAILURE)
    rows = rows.filter(created_at__gte=start, created_at__lt=end)
    return rows.filter(mailing__in=_at_work(day).order_by().values("mailing_id")).count()


def _bounds(day: date) -> tuple[datetime, datetime]:
    zone = timezone.get_default_timezone()
    start = datetime.combine(day, time.min, zone)
    return start, datetime.combine(day + timedelta(days=1), time.min, zone)


def _at_work(day: date) -> QuerySet[Run]:
    start, end = _bounds(day)
    return Run.objects.filter(started_at__lt=end, last_progress_at__gte=start)


def _totals(totals: Totals, failed_attempts: int) -> Iterator[str]:
    figures = totals.figures
    yield f"{_('Mailings')}: {grouped(totals.mailings)}"
    if totals.transactional:
        yield f"{_('Transactional messages')}: {grouped(totals.transactional)}"
    yield f"{pgettext('figure', 'Sent')}: {grouped(figures.sent)}"
    if figures.bounced:
        yield f"{_('of these bounced')}: {grouped(figures.bounced)}"
    yield f"{pgettext('figure', 'Failed')}: {grouped(figures.failed)}"
    yield f"{pgettext('figure', 'Unknown')}: {grouped(figures.unknown)}"
    if figures.rate is not None:
        yield f"{_('Delivery rate')}: {number_format(figures.rate)} %"
    yield f"{_('Failed attempts')}: {grouped(failed_attempts)}"


def _mailings(parts: list[Part], now: datetime) -> Iterator[str]:
    for part in parts[:SHOWN]:
        run = part.run
        yield f"{run.mailing.name} (id:{run.mailing_id}), {run.mailing.owner.email}"
        yield "  " + _("sent %(sent)s, failed %(failed)s, unknown %(unknown)s") % {
            name: grouped(getattr(part.figures, name)) for name in ("sent", "failed", "unknown")
        }
        done = run.state == Run.State.DONE
        standing = str(run.get_outcome_display()) if done else waiting_text(run, now)
        yield f"  #{run.number}: {standing} {_equation(run)}"
        yield ""
    if len(parts) > SHOWN:
        yield _("And %(count)s more.") % {"count": grouped(len(parts) - SHOWN)}
        yield ""


def _equation(run: Run) -> str:
    terms = [f"{term.label} {grouped(term.count)}" for term in equation_of(run) if term.count]
    return f"({grouped(run.audience)} = {' + '.join(terms) or '0'})"


def _needing() -> Iterator[str]:
    """What needs a decision."""
    unknown = Run.objects.filter(unknown__gt=0).count()
    if unknown:
        text = _("Runs with deliveries of unknown outcome, for a person to decide: %(count)s.")
        yield text % {"count": grouped(unknown)}
    for row in AccountState.objects.filter(
        state=AccountState.State.DOWN, name__in=settings.ACCOUNTS
    ):
        facts = {"account": row.name, "error": in_words(row.last_error)}
        yield _("The sending account %(account)s needs attention: %(error)s") % facts
    yield ""
