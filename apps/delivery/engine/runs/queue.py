"""The queue: whose turn it is on an account, and whose wait is over.

Every account has two lanes. In the urgent one the messages to one recipient go, past all mailings.
In the other one priority goes first; among equals the owners take turns, and each owner's runs keep
the order in which they were queued.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from django.db import transaction
from django.db.models import Count, Exists, Max, Min, OuterRef, Q, Subquery

from apps.delivery import accounts
from apps.delivery.engine.routing.routes import return_to_earlier
from apps.delivery.engine.runs.feeds import PASSED, READ, in_time
from apps.delivery.models import AccountState
from apps.mailings.ledger import dialect, runs
from apps.mailings.models import Mailing, Run, RunRoute, SendingPause
from apps.mailings.wait_reasons import RATES

#: Seconds for which a run is sent before another owner's run may have the account.
TURN_SECONDS: Final = 10.0


def accounts_with_work(*, urgent: bool) -> dict[str, int]:
    """Accounts that have runs to start or to continue, in this lane, and how many they have.

    A run whose last deliveries are already claimed needs no other worker; but it still has one,
    which the others cannot count on.
    """
    to_begin = Q(state=Run.State.QUEUED)
    to_go_on = Q(state=Run.State.PROCESSING, pending__gt=0)
    rows = Run.objects.filter(to_begin | Q(state=Run.State.PROCESSING), urgent=urgent)
    counted = (
        rows.order_by("account")
        .values("account")
        .annotate(all=Count("pk"), waiting=Count("pk", filter=to_begin | to_go_on))
    )
    found = counted.filter(waiting__gt=0)
    return dict(found.values_list("account", "waiting" if urgent else "all"))


def may_begin(account: str, *, urgent: bool) -> bool:
    """True if a run of the lane could be started now."""
    queued = Run.objects.filter(account=account, urgent=urgent, state=Run.State.QUEUED)
    return queued.exists() and _has_free_slot(accounts.state_row(account), urgent=urgent)


def _has_free_slot(row: AccountState, *, urgent: bool) -> bool:
    """True if one more of the account's runs may be sent. In the urgent lane any number."""
    sending = Run.objects.filter(account=row.name, urgent=urgent, state=Run.State.PROCESSING)
    return urgent or sending.count() < row.max_processing_runs


def runs_to_freeze() -> list[int]:
    """The runs whose audience is not frozen yet, the oldest first."""
    found = Run.objects.filter(state=Run.State.PREPARING, stopping=False)
    found = found.exclude(reason=Run.Reason.FILES)  # whole, and waiting for its recipients' files
    return list(found.order_by("id").values_list("pk", flat=True))


def next_run(
    account: str, *, urgent: bool = False, without: Collection[int] = (), join: int | None = None
) -> int | None:
    """The run to work on now: the first in the queue if there is room, or one that is being sent.

    At most ``max_processing_runs`` are being sent; in the urgent lane any number. ``without``: runs
    that are in the caller's other hands. ``join``: so many workers may send one run.
    """
    with transaction.atomic():
        row = AccountState.objects.select_for_update().get(pk=accounts.state_row(account).pk)
        if _has_free_slot(row, urgent=urgent):
            first = _promote(account, urgent=urgent)
            if first is not None:
                return first
    # One whose last deliveries are in other hands needs no second worker.
    sending = Run.objects.filter(account=account, urgent=urgent, state=Run.State.PROCESSING)
    waiting = sending.filter(pending__gt=0).exclude(pk__in=without)
    if join is not None:
        alive = Q(workers__ended_at__isnull=True, workers__revoked_at__isnull=True)
        waiting = waiting.annotate(hands=Count("workers", filter=alive)).filter(hands__lt=join)
    return waiting.order_by("priority", "queued_at").values_list("pk", flat=True).first()


def _promote(account: str, *, urgent: bool) -> int | None:
    """Start the first run in the lane's queue. None when the queue is empty."""
    while (run_id := _first_in_line(account, urgent=urgent)) is not None:
        now = dialect.database_now()
        if Run.objects.filter(pk=run_id, state=Run.State.QUEUED).update(
            state=Run.State.PROCESSING, reason="", last_progress_at=now
        ):
            Run.objects.filter(pk=run_id, started_at__isnull=True).update(started_at=now)
            return run_id
    return None


def _first_in_line(account: str, *, urgent: bool) -> int | None:
    """Priority first; then the owner whose turn is longest ago; then the time it was queued."""
    lane = Run.objects.filter(account=account, urgent=urgent)
    queued = lane.filter(state=Run.State.QUEUED).order_by("priority", "queued_at", "pk")
    yielded = lane.exclude(state=Run.State.DONE).filter(yielded_at__isnull=False).order_by()
    turns = dict(yielded.values_list("mailing__owner").annotate(at=Max("yielded_at")))
    if not turns:
        return queued.values_list("pk", flat=True).first()
    rows = queued.values("priority", "mailing__owner", "pk")
    never = datetime.min.replace(tzinfo=UTC)
    first = min(
        rows,
        key=lambda row: (row["priority"], turns.get(row["mailing__owner"]) or never),
        default=None,
    )
    return first["pk"] if first is not None else None


def must_yield(run: runs.LockedRun, *, since: float) -> bool:
    """True if it is another run's turn on this account. ``since``: seconds this one was sent.

    A better priority need not wait; another owner waits for the end of the turn.
    """
    queued = Run.objects.filter(account=run.account, urgent=False, state=Run.State.QUEUED)
    priority = Run.objects.filter(pk=run.id).values("priority")
    if queued.filter(priority__lt=Subquery(priority)).exists():
        return True
    others = queued.filter(priority=Subquery(priority)).exclude(mailing__owner=run.owner_id)
    return since >= TURN_SECONDS and others.exists()


def waits_again(run_id: int, account: str) -> bool:
    """True if a run that was being sent has yielded, and is back in this account's queue."""
    return Run.objects.filter(pk=run_id, account=account, state=Run.State.QUEUED).exists()


def resume_due() -> int:
    """Put back into the queue every run whose wait is over. Returns how many.

    A run that queues for one of its channels goes back to an earlier one that need not wait.
    """
    woken = 0
    for run_id in _maybe_due():
        with transaction.atomic():
            run = runs.lock(run_id)
            if run is not None and _is_due(run):
                runs.enqueue(run)
                woken += 1
    return woken + sum(_earlier_route_due(run_id) for run_id in _queued_elsewhere())


def _maybe_due() -> list[int]:
    """Runs whose wait seems to be over, in one look: any number of messages to one may wait."""
    out = AccountState.objects.exclude(state=AccountState.State.READY).values("name")
    waiting = RunRoute.objects.filter(run=OuterRef("pk"), reason=Run.Reason.ACCOUNT_DISABLED)
    fixed = ~Q(account__in=out) | Exists(waiting.exclude(account__in=out))
    barred = SendingPause.objects.in_force(dialect.database_now()).values("owner")
    paused = (
        Q(reason=Run.Reason.OWNER_BLOCKED, mailing__owner__is_active=True)
        | Q(~Q(mailing__owner__in=barred), reason__in=RATES)
        | Q(reason=Run.Reason.MAILING_DISABLED, mailing__is_active=True)
        | Q(fixed, reason=Run.Reason.ACCOUNT_DISABLED)
    )
    over = Q(state=Run.State.DEFERRED, deferred_until__lte=dialect.database_now())
    rows = Run.objects.filter(over | Q(paused, state=Run.State.PAUSED))
    return list(rows.order_by("priority", "queued_at").values_list("pk", flat=True))


def _queued_elsewhere() -> list[int]:
    over = RunRoute.objects.filter(until__lte=dialect.database_now(), run__state=Run.State.QUEUED)
    return list(over.exclude(reason="").order_by().values_list("run_id", flat=True).distinct())


@transaction.atomic
def _earlier_route_due(run_id: int) -> bool:
    run = runs.lock(run_id)
    if run is None or run.state != Run.State.QUEUED:
        return False
    earlier = RunRoute.objects.filter(run_id=run_id, until__lte=run.now)
    return return_to_earlier(run, list(earlier.values_list("channel", flat=True)))


def _is_due(run: runs.LockedRun) -> bool:
    """True if what this run waited for is over. A manual pause is ended only manually."""
    row = Run.objects.only("reason", "deferred_until", "state").get(pk=run.id)
    if run.state == Run.State.DEFERRED:
        return row.deferred_until is not None and row.deferred_until <= run.now
    if run.state != Run.State.PAUSED:
        return False
    match row.reason:
        case Run.Reason.OWNER_BLOCKED:
            return run.owner_active
        case Run.Reason.BOUNCE_RATE | Run.Reason.COMPLAINT_RATE:
            return run.pause is None
        case Run.Reason.MAILING_DISABLED:
            return run.mailing_active
        case Run.Reason.ACCOUNT_DISABLED:
            return _account_back(run)
    return False


def _account_back(run: runs.LockedRun) -> bool:
    """True if an account that needed attention is in service again."""
    waiting = RunRoute.objects.filter(run_id=run.id, reason=Run.Reason.ACCOUNT_DISABLED)
    names = {run.account, *waiting.values_list("account", flat=True)}
    out = AccountState.objects.filter(name__in=names).exclude(state=AccountState.State.READY)
    return bool(names.difference(out.values_list("name", flat=True)))


def due_mailings() -> list[int]:
    """Mailings inside their window that have not started yet, earliest start first.

    Drafts are not among them, nor what is too late (after a time in which nothing ran): a person
    is asked. One with a feed waits until that was read.
    """
    rows = in_time(dialect.database_now()).filter(READ).exclude(PASSED)
    return list(rows.order_by("starts_at", "id").values_list("pk", flat=True))


def next_wakeup() -> datetime | None:
    """The nearest future start or end of a wait: when the scheduler has to look again."""
    now = dialect.database_now()
    start = Mailing.objects.filter(
        status=Mailing.Status.CREATED,
        starts_at__gt=now,
        scheduled_at__isnull=False,
        is_active=True,
        archived_at__isnull=True,
    ).aggregate(at=Min("starts_at"))["at"]
    resume = Run.objects.filter(state=Run.State.DEFERRED, deferred_until__gt=now).aggregate(
        at=Min("deferred_until")
    )["at"]
    moments = [moment for moment in (start, resume) if moment is not None]
    return min(moments) if moments else None
