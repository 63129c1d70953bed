"""Pausing users whose messages bounce or are reported as spam, by the counters of their runs.

What a user sent in the last days is judged as a whole: of these very messages, how many came back
for good and how many were complained about. Nothing here is done for a single message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncHour

from apps.core.responses.stored import NOTHING, Response
from apps.mailings.ledger import runs
from apps.mailings.models import Channel, Run, RunRoute, SendingPause
from apps.mailings.wait_reasons import rate_too_high

log = structlog.get_logger(__name__)

#: A run counts while it is open, and for so long after its end: complaints take days to come.
WINDOW: Final = timedelta(days=7)
#: Of fewer messages no share is judged, nor one that so few cases make.
SAMPLE: Final = 100
CASES: Final = 3

_SENT: Final = F("sent") + F("delivered") + F("bounced") + F("failed") + F("unknown")


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of messages that were sent. ``hour``: when their runs ended; None: open ones."""

    sent: int
    hard_bounces: int
    complaints: int
    hour: datetime | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """A share that is above its limit, and by what figures."""

    reason: str
    detail: Response


def excess_of(figures: Sequence[Figures]) -> Excess | None:
    """What is too much about these messages, taken together."""
    sent = sum(one.sent for one in figures)
    if sent < SAMPLE:
        return None
    complaints = sum(one.complaints for one in figures)
    hard_bounces = sum(one.hard_bounces for one in figures)
    shares = (
        (Run.Reason.COMPLAINT_RATE, complaints, settings.LIMIT_COMPLAINT_PERCENT),
        (Run.Reason.BOUNCE_RATE, hard_bounces, settings.LIMIT_BOUNCE_PERCENT),
    )
    for reason, count, limit in shares:
        if limit and count >= CASES and 100 * count > limit * sent:
            return Excess(reason, rate_too_high(count, sent, limit))
    return None


def is_suspect(run: runs.LockedRun) -> bool:
    """True if this run alone would pause its owner. Reads nothing but the run."""
    settled = run.audience - run.left
    sent = settled - sum(run.counts[state] for state in ("suppressed", "expired", "cancelled"))
    return excess_of([Figures(sent, run.hard_bounces, run.complaints)]) is not None


def check_all(now: datetime) -> list[int]:
    """Judge every user who gives cause. Returns those whose pause began, changed or ended."""
    owners = _recent(now).order_by().values_list("mailing__owner")
    cases = owners.annotate(hard=Sum("hard_bounces"), complained=Sum("complaints"))
    suspects = cases.filter(Q(hard__gte=CASES) | Q(complained__gte=CASES))
    paused = SendingPause.objects.exclude(reason="").values_list("owner_id", flat=True)
    found = {owner_id for owner_id, *_ in suspects} | set(paused)
    return [owner_id for owner_id in sorted(found) if check(owner_id, now)]


@transaction.atomic
def check(owner_id: int, now: datetime) -> bool:
    """Judge what this user has sent, and pause or let go. True: that has changed something."""
    rows = SendingPause.objects.filter(owner_id=owner_id)
    pause = rows.select_for_update().first() or SendingPause(owner_id=owner_id)
    figures = _figures(owner_id, now, after_run=pause.excused_run)
    excess = excess_of(figures)
    if excess is None:
        return _end(pause)
    before = (pause.reason, pause.until)
    begins = pause.pk is None or not pause.reason
    pause.reason, pause.detail, pause.until = excess.reason, excess.detail, _too_old_at(figures)
    if begins:
        pause.began_at = now
    if pause.pk is None:
        SendingPause.objects.bulk_create([pause], ignore_conflicts=True)  # somebody was quicker
    else:
        pause.save()
    if begins:
        facts = {"user_id": owner_id, "reason": str(pause.reason), "figures": pause.detail}
        transaction.on_commit(partial(log.warning, "sending_paused", **facts))
    return before != (pause.reason, pause.until)


def pause_of(owner_id: int, now: datetime) -> runs.OwnerPause | None:
    """The pause of this user that is in force now."""
    pause = SendingPause.objects.in_force(now).filter(owner_id=owner_id).first()
    return runs.OwnerPause(pause.reason, pause.detail, pause.until) if pause else None


@transaction.atomic
def lift(owner_id: int) -> bool:
    """End the pause for a manager: what was sent so far counts no more. False: there was none."""
    pause = SendingPause.objects.select_for_update().filter(owner_id=owner_id).first()
    if pause is None or not pause.reason:
        return False
    newest = Run.objects.order_by("-pk").values_list("pk", flat=True).first()
    pause.excused_run = newest or 0
    return _end(pause)


def count(run: runs.LockedRun, *, hard_bounces: int = 0, complaints: int = 0) -> None:
    """So many more of the run's messages came back for good, or were complained about."""
    if hard_bounces or complaints:
        Run.objects.filter(pk=run.id).update(
            hard_bounces=F("hard_bounces") + hard_bounces, complaints=F("complaints") + complaints
        )


def hold(run: runs.LockedRun) -> bool:
    """Put a run off whose owner may not send now, with the reason. True: it was."""
    if not run.owner_active:
        runs.defer(run, Run.Reason.OWNER_BLOCKED, None)
    elif run.pause is not None:
        runs.defer(run, run.pause.reason, run.pause.until, run.pause.detail)
    return not run.may_send


def _end(pause: SendingPause) -> bool:
    if pause.pk is None or not pause.reason:
        return False
    pause.reason, pause.detail, pause.until, pause.began_at = "", NOTHING, None, None
    pause.save()
    transaction.on_commit(partial(log.info, "sending_pause_over", user_id=pause.owner_id))
    return True


def _recent(now: datetime) -> QuerySet[Run]:
    """The runs that count: those that send email, and are open or ended a short time ago."""
    recent = ~Q(state=Run.State.DONE) | Q(finished_at__gt=now - WINDOW)
    by_mail = Exists(RunRoute.objects.filter(run=OuterRef("pk"), channel=Channel.EMAIL))
    return Run.objects.filter(recent, Q(channel=Channel.EMAIL) | by_mail)


def _figures(owner_id: int, now: datetime, *, after_run: int) -> list[Figures]:
    """By the hour in which the runs ended: that is as many rows, however many runs there are."""
    mine = _recent(now).filter(mailing__owner_id=owner_id, pk__gt=after_run)
    hours = mine.order_by().values(hour=TruncHour("finished_at", tzinfo=UTC))
    rows = hours.annotate(
        was_sent=Coalesce(Sum(_SENT), 0),
        hard=Coalesce(Sum("hard_bounces"), 0),
        complained=Coalesce(Sum("complaints"), 0),
    )
    names = ("was_sent", "hard", "complained", "hour")
    return [Figures(*row) for row in rows.values_list(*names)]


def _too_old_at(figures: Sequence[Figures]) -> datetime | None:
    """When so many of these messages are too old to count that the rest is not too much."""
    open_ones = [one for one in figures if one.hour is None]
    ended = {one.hour: one for one in figures if one.hour is not None}
    for hour in sorted(ended):
        del ended[hour]
        if excess_of([*open_ones, *ended.values()]) is None:
            return hour + timedelta(hours=1) + WINDOW
    return None
