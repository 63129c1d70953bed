"""The daily report: what became of yesterday's mailings, as one plain letter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.contracts import BackgroundJob
from apps.core.site import site_url
from apps.core.text.formatting import grouped, in_words
from apps.delivery.models import AccountState
from apps.delivery.service import service
from apps.mailings.models import Attempt, Run
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.mailings import waiting_text

ACCOUNT: Final = "email"
#: Mailings that are listed one by one.
SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """What was tried on the day, by what came of it. ``count``: for how many messages to one."""

    success: int
    failure: int
    unknown: int
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Tries):
    """What one mailing did on the day, and how its last run of the day stands now."""

    run: Run


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
    parts, transactional = parts_of(day), transactional_of(day)
    text = {"day": date_format(day, "DATE_FORMAT"), "site": site_url()}
    tried = [*parts, transactional]
    subject = _("Mailings on %(day)s: sent %(sent)s, failed %(failed)s") % {
        **text,
        "sent": grouped(sum(part.success for part in tried)),
        "failed": grouped(sum(part.failure for part in tried)),
    }
    lines = [
        _("Mailings on %(day)s (%(zone)s).")
        % {**text, "zone": timezone.get_current_timezone_name()},
        "",
        *_totals(parts, transactional),
        "",
        *_mailings(parts, now),
        *_needing(),
        site_url() + reverse("management:reports"),
    ]
    return subject, "\n".join(lines) + "\n"


def parts_of(day: date) -> list[Part]:
    """The mailings that tried something on this day of the site's zone, the busiest first.

    The runs are found first: attempts have no index by time alone.
    """
    runs = _at_work(day).filter(urgent=False).order_by("pk")
    by_mailing = {run.mailing_id: run for run in runs.select_related("mailing", "mailing__owner")}
    rows = _tries(day).filter(mailing__in=by_mailing)
    found: Any = rows.order_by().values("mailing_id").annotate(**_BY_STATUS)
    parts = [Part(run=by_mailing[row.pop("mailing_id")], **row) for row in found]
    return sorted(parts, key=lambda part: (-part.success - part.failure, part.run.pk))


def transactional_of(day: date) -> Tries:
    """The same for all messages to one recipient together."""
    runs = _at_work(day).filter(urgent=True).order_by()
    rows = _tries(day).filter(mailing__in=runs.values("mailing_id"))
    return Tries(**rows.aggregate(**_BY_STATUS, count=Count("mailing_id", distinct=True)))


_BY_STATUS: Final[dict[str, Any]] = {
    status: Count("pk", filter=Q(status=status)) for status in Attempt.Status.values
}


def _bounds(day: date) -> tuple[datetime, datetime]:
    zone = timezone.get_default_timezone()
    start = datetime.combine(day, time.min, zone)
    return start, datetime.combine(day + timedelta(days=1), time.min, zone)


def _at_work(day: date) -> QuerySet[Run]:
    start, end = _bounds(day)
    return Run.objects.filter(started_at__lt=end, last_progress_at__gte=start)


def _tries(day: date) -> QuerySet[Attempt]:
    start, end = _bounds(day)
    rows = Attempt.objects.filter(kind=Attempt.Kind.DELIVERY)
    return rows.filter(created_at__gte=start, created_at__lt=end)


def _totals(parts: list[Part], transactional: Tries) -> Iterator[str]:
    tried = [*parts, transactional]
    yield f"{_('Mailings')}: {grouped(len(parts))}"
    if transactional.count:
        yield f"{_('Transactional messages')}: {grouped(transactional.count)}"
    yield f"{_('Sent')}: {grouped(sum(part.success for part in tried))}"
    yield f"{_('Failed attempts')}: {grouped(sum(part.failure for part in tried))}"
    yield f"{_('Outcome unknown')}: {grouped(sum(part.unknown for part in tried))}"


def _mailings(parts: list[Part], now: datetime) -> Iterator[str]:
    for part in parts[:SHOWN]:
        run = part.run
        yield f"{run.mailing.name} (id:{run.mailing_id}), {run.mailing.owner.email}"
        figures_text = _("sent %(success)s, failed %(failure)s, unknown %(unknown)s")
        figures = {name: grouped(getattr(part, name)) for name in Attempt.Status.values}
        yield f"  {figures_text % figures}"
        done = run.state == Run.State.DONE
        standing = str(run.get_outcome_display()) if done else waiting_text(run, now)
        yield f"  #{run.number}: {standing} {_equation(run)}"
        yield ""
    if len(parts) > SHOWN:
        yield _("And %(count)s more.") % {"count": grouped(len(parts) - SHOWN)}
        yield ""


def _equation(run: Run) -> str:
    counts = [f"{state} {getattr(run, state)}" for state in STATES if getattr(run, state)]
    return f"({run.audience} = {' + '.join(counts) or '0'})"


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
