"""Notifications for owners about their runs and accounts. Found by queries, not sent by the
engine, which stays free for sending.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q

from apps.delivery.models import AccountState
from apps.mailings.models import FeedCheck, Mailing, Run, SendingPause
from apps.mailings.recurrence import missed
from apps.mailings.wait_reasons import reasons_that
from apps.users.notifications import NewNotification, notify
from apps.users.selectors import overseers

#: Waits that are news. A wait for a start, or one's own pause, is none.
_NEWS: Final = reasons_that(lambda wait: wait.notify)
_RECENT: Final = timedelta(hours=6)


def notify_owners(now: datetime) -> None:
    """Notify owners, once each, why runs wait and how they ended; managers, what is down.

    Of the messages to one recipient only what a person has to decide is news.
    """
    of_runs = (*_waits(), *_ends(now), *_missed(now), *_not_started(now), *_feeds(now))
    notify([*of_runs, *_accounts(), *_sending_pauses(now)])


def _waits() -> Iterator[NewNotification]:
    rows = Run.objects.filter(state__in=(Run.State.DEFERRED, Run.State.PAUSED), reason__in=_NEWS)
    rows = rows.filter(urgent=False)
    for run in rows.select_related("mailing").defer("content"):
        # News again by reason and day: an hourly limit is no news every hour.
        day = run.updated_at.date() if run.deferred_until is None else run.deferred_until.date()
        yield NewNotification(
            run.mailing.owner_id,
            "run_waits",
            f"run:{run.pk}:waits",
            {
                **_about(run.mailing),
                "channel": run.channel,
                "reason": run.reason,
                "detail": run.reason_detail,
                "until": run.deferred_until.isoformat() if run.deferred_until else "",
            },
            mark=f"{run.reason}:{day}",
        )


def _ends(now: datetime) -> Iterator[NewNotification]:
    wrong = Q(unknown__gt=0) | Q(urgent=False) & (Q(failed__gt=0) | Q(expired__gt=0))
    rows = Run.objects.filter(wrong, state=Run.State.DONE, finished_at__gt=now - _RECENT)
    for run in rows.select_related("mailing").defer("content"):
        names = ("failed", "unknown", "expired", "cancelled")
        figures = {name: getattr(run, name) for name in names}
        figures["outcome"] = run.outcome
        facts = {**_about(run.mailing), **figures}
        mark = str(run.finished_at)
        yield NewNotification(
            run.mailing.owner_id, "run_ended", f"run:{run.pk}:done", facts, mark=mark
        )


def _missed(now: datetime) -> Iterator[NewNotification]:
    rows = Mailing.objects.filter(
        status=Mailing.Status.CREATED, archived_at=None, starts_at__lt=now, ends_at__gt=now
    )
    for mailing in rows:
        if missed(mailing, now):
            key = f"mailing:{mailing.pk}:missed:{mailing.starts_at.isoformat()}"
            yield NewNotification(mailing.owner_id, "start_missed", key, _about(mailing))


def _not_started(now: datetime) -> Iterator[NewNotification]:
    """One for each reason for which a due mailing cannot start."""
    rows = Mailing.objects.filter(
        status=Mailing.Status.CREATED, archived_at=None, starts_at__lte=now, ends_at__gt=now
    )
    for mailing in rows.exclude(start_refusal={}):
        code = mailing.start_refusal["code"]
        key = f"mailing:{mailing.pk}:refused:{code}:{mailing.starts_at.isoformat()}"
        facts = {**_about(mailing), "refusal": mailing.start_refusal}
        yield NewNotification(mailing.owner_id, "start_refused", key, facts)


def _feeds(now: datetime) -> Iterator[NewNotification]:
    """Starts that were passed over because the feed could not be read until their end."""
    rows = FeedCheck.objects.filter(passed=True, at__gt=now - _RECENT, mailing__archived_at=None)
    for check in rows.exclude(code=FeedCheck.Code.NO_ITEMS).select_related("mailing"):
        key = f"mailing:{check.mailing_id}:feed:{check.occurrence.isoformat()}"
        facts = {**_about(check.mailing), "refusal": check.detail}
        yield NewNotification(check.mailing.owner_id, "feed_failed", key, facts)


def _accounts() -> Iterator[NewNotification]:
    down = AccountState.objects.filter(state=AccountState.State.DOWN, name__in=settings.ACCOUNTS)
    for row in down:
        for owner_id in overseers().values_list("pk", flat=True):
            facts = {"account": row.name, "error": row.last_error}
            yield NewNotification(
                owner_id, "account_down", f"account:{row.name}:{row.last_error_at}", facts
            )


def _sending_pauses(now: datetime) -> Iterator[NewNotification]:
    """For the paused user: what to do. For managers: whom it is about."""
    seniors = list(overseers().values_list("pk", flat=True))
    for pause in SendingPause.objects.in_force(now).select_related("owner"):
        facts = {"reason": pause.reason, "detail": pause.detail}
        facts["until"] = pause.until.isoformat() if pause.until else ""
        key, mark = f"user:{pause.owner_id}:paused", f"{pause.reason}:{pause.began_at}"
        yield NewNotification(pause.owner_id, "sending_paused", key, facts, mark=mark)
        for senior in set(seniors) - {pause.owner_id}:
            about = {**facts, "user": pause.owner_id, "email": pause.owner.email}
            yield NewNotification(senior, "user_paused", key, about, mark=mark)


def _about(mailing: Mailing) -> dict[str, object]:
    return {"mailing": mailing.pk, "name": mailing.name}
