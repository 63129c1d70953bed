"""What the pages ask about sending: the panel of one mailing, and the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.core.text.formatting import grouped
from apps.delivery.models import Heartbeat
from apps.delivery.selectors.actions import Action, actions_for
from apps.mailings.attachments import snapshot
from apps.mailings.models import Mailing, Run, RunRoute
from apps.mailings.models.ledger import STATES
from apps.mailings.selectors.equation import Term, equation_of, groups_of, left_out_of
from apps.mailings.selectors.mailings import (
    current_run_of,
    next_step,
    queue_places,
    routes_of,
)
from apps.mailings.selectors.standing import Standing, standing_of
from apps.mailings.selectors.totals import Figures, figures_of
from apps.mailings.services.reach import is_large
from apps.mailings.wait_reasons import reason_code, reason_text

#: The heartbeats that pages and health checks read: of the scheduler, and of its last crash.
SCHEDULER: Final = "scheduler"
SCHEDULER_CRASH: Final = "scheduler_crash"
QUEUE_SHOWN: Final = 100

#: Milliseconds between two polls: of an open run, and of a scheduled mailing.
_LIVE, _CALM = 2_000, 10_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the progress bar, in hundredths of its width, as text for SVG attributes."""

    state: str
    start: str
    width: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything that the run panel shows of one mailing at one moment."""

    mailing: Mailing
    run: Run | None
    standing: Standing
    groups: Sequence[Term]
    terms: Sequence[Term]
    left_out: Sequence[Term]
    routes: Sequence[RunRoute]
    segments: Sequence[Segment]
    percent: int
    settled: int
    left: timedelta | None
    next_step: str
    actions: Sequence[Action]
    poll_every: int

    @property
    def figures(self) -> Figures | None:
        """The figures of the run."""
        return figures_of(self.run) if self.run is not None else None

    @property
    def of_audience(self) -> str:
        """Of how many were sent, beside how many."""
        if self.run is None:
            return ""
        return _("of %(count)s") % {"count": grouped(self.run.audience)}

    @property
    def buttons(self) -> list[Action]:
        """What can be done now, the primary one first."""
        enabled = [action for action in self.actions if action.enabled]
        return sorted(enabled, key=lambda action: not action.primary)

    @property
    def closed(self) -> list[Action]:
        """What cannot be done now, each with the reason."""
        return [action for action in self.actions if not action.enabled]

    @property
    def announcement(self) -> str:
        """The text for a screen reader: it changes at every tenth, not at every message."""
        if self.run is not None and self.run.state == Run.State.PROCESSING:
            return _("Sending: %(percent)d %%.") % {"percent": self.percent // 10 * 10}
        return self.next_step


def panel_of(mailing: Mailing, *, now: datetime) -> Panel:
    """The panel of the mailing's current run. Needs ``mailing.owner`` to be loaded."""
    run = current_run_of(mailing)
    if run is not None:
        run.mailing = mailing
    turn = queue_places([run]).get(run.pk, "") if run is not None else ""
    return Panel(
        mailing=mailing,
        run=run,
        standing=standing_of(mailing, run, now),
        groups=groups_of(run) if run else [],
        terms=equation_of(run) if run else [],
        left_out=left_out_of(run) if run else [],
        routes=routes_of(run) if run else [],
        segments=_segments(run) if run else [],
        percent=percent_of(run) if run else 0,
        settled=settled_of(run) if run else 0,
        left=time_left(run) if run else None,
        next_step=next_step(mailing, run, now, turn=turn),
        actions=actions_for(
            run,
            mailing,
            now,
            many=run is None and is_large(mailing),
            edited=run is not None and is_edited(run, mailing),
        ),
        poll_every=_poll_every(run),
    )


def is_edited(run: Run, mailing: Mailing) -> bool:
    """True if a paused run sends another version of the message than the present one."""
    if run.state != Run.State.PAUSED:
        return False
    content = run.content
    edited = content.get("revision") != mailing.message.revision
    return edited or content.get("attachments", []) != snapshot(mailing.message)


def settled_of(run: Run) -> int:
    """Deliveries that this run will not touch any more."""
    return run.audience - run.pending - run.sending


def percent_of(run: Run) -> int:
    """How much of the run is settled; never 100 before everything is."""
    if run.audience == 0:
        return 100 if run.state == Run.State.DONE else 0
    return settled_of(run) * 100 // run.audience


def time_left(run: Run) -> timedelta | None:
    """The time left at the present rate, or None when nothing is being sent."""
    if run.state != Run.State.PROCESSING or run.rate <= 0:
        return None
    return timedelta(seconds=round((run.pending + run.sending) / run.rate))


def _poll_every(run: Run | None) -> int:
    if run is None:
        return _CALM
    return 0 if run.state == Run.State.DONE else _LIVE


def _segments(run: Run) -> list[Segment]:
    """The settled states side by side, then what is in flight; the rest of the bar is empty."""
    segments, start = [], 0.0
    if run.audience:
        for state in (*STATES[2:], "sending"):
            width = getattr(run, state) * 100 / run.audience
            if width:
                segments.append(Segment(state, f"{start:.3f}", f"{width:.3f}"))
            start += width
    return segments


def scheduler_beat() -> datetime | None:
    """When the scheduler last looked, in whichever process it lives."""
    return scheduler_moments()[0]


def scheduler_moments() -> tuple[datetime | None, datetime | None]:
    """When the scheduler last looked, and when one that a site watches last crashed."""
    rows = Heartbeat.objects.filter(name__in=(SCHEDULER, SCHEDULER_CRASH))
    found = dict(rows.values_list("name", "beat_at"))
    return found.get(SCHEDULER), found.get(SCHEDULER_CRASH)


def open_runs(actor: Actor) -> QuerySet[Run]:
    """Runs of mailings that are not done, in the order in which they are served."""
    runs = Run.objects.visible_to(actor).filter(urgent=False).exclude(state=Run.State.DONE)
    runs = runs.filter(mailing__archived_at=None).defer("content")
    return runs.select_related("mailing", "mailing__owner").order_by(
        "account", "priority", "queued_at", "pk"
    )


def open_transactional(actor: Actor) -> int:
    """How many messages to one recipient are being sent, or wait."""
    runs = Run.objects.visible_to(actor).filter(urgent=True, mailing__archived_at=None)
    return runs.exclude(state=Run.State.DONE).count()


def coming_mailings(actor: Actor, *, now: datetime) -> QuerySet[Mailing]:
    """Mailings whose start lies ahead, the nearest first. Disabled ones are among them."""
    rows = (
        Mailing.objects.visible_to(actor)
        .filter(status=Mailing.Status.CREATED, archived_at=None, starts_at__gt=now)
        .exclude(scheduled_at=None)
    )
    return rows.filter(owner__is_active=True).select_related("owner").order_by("starts_at", "pk")


def queue_status(actor: Actor, *, now: datetime) -> dict[str, Any]:
    """What ``/queue/poll/`` answers (the names are fixed; others read them)."""
    runs = list(open_runs(actor)[:QUEUE_SHOWN])
    at_work = next((run for run in runs if run.state == Run.State.PROCESSING), None)
    waiting = (Run.State.PREPARING, Run.State.QUEUED)
    starting = coming_mailings(actor, now=now).filter(is_active=True)
    return {
        "active": [run_status(run, now) for run in runs],
        "active_mailing": (
            {"id": at_work.mailing_id, "name": at_work.mailing.name} if at_work else None
        ),
        "queued_count": sum(run.state in waiting for run in runs),
        "next_mailing_at": starting.values_list("starts_at", flat=True).first(),
    }


def run_status(run: Run, now: datetime) -> dict[str, Any]:
    """The run for programs: the queue's poll and ``manage.py mailing --json``."""
    left = time_left(run)
    return {
        "id": run.pk,
        "mailing_id": run.mailing_id,
        "number": run.number,
        "name": run.mailing.name,
        "state": run.state,
        **{state: getattr(run, state) for state in STATES},
        "total": run.audience,
        "percent": percent_of(run),
        "reason_code": reason_code(run),
        "reason_text": reason_text(run),
        "deferred_until": run.deferred_until,
        "next_run_at": run.deferred_until,
        "rate": run.rate,
        "eta": now + left if left is not None else None,
        "last_progress_at": run.last_progress_at,
    }
