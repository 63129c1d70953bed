"""DispatchService: the one entry to sending. Page, command, scheduler and API all call this."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import structlog
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from apps.core.contracts import (
    AccountInfo,
    DirectSender,
    Forecast,
    Launched,
    LaunchedTransactional,
    Outcome,
    Planner,
    RunControl,
)
from apps.core.errors import Refused
from apps.delivery import accounts
from apps.delivery.engine import direct_send, provider_quota, reputation, system_messages
from apps.delivery.engine.retry import Policy
from apps.delivery.engine.routing import circuit_breaker
from apps.delivery.engine.runs import (
    arrivals,
    closing,
    control,
    feeds,
    launch,
    queue,
    recurrence,
    schedule,
    start_refusals,
    transactional,
    wait_review,
)
from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.engine.staging import stager
from apps.delivery.engine.worker import pool, rescue
from apps.delivery.engine.worker.worker import WorkerSettings
from apps.delivery.selectors.forecast import forecast
from apps.mailings.failure_reasons import MAY_SUCCEED
from apps.mailings.models import Delivery, Mailing, Run, Sender, Trigger
from apps.mailings.services.experiments.running import judge_due
from apps.mailings.services.feeds.round import MOST, read_feeds

log = structlog.get_logger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

#: Unknown deliveries that one transaction resolves.
_CHUNK = 10_000


def worker_settings() -> WorkerSettings:
    """What the workers of this installation work by, from the settings."""
    return WorkerSettings(
        policy=Policy(
            unknown=settings.DISPATCH_UNKNOWN_POLICY,
            max_tries=settings.DISPATCH_MAX_TRIES,
            retry_seconds=settings.DISPATCH_RETRY_SECONDS,
        ),
        journal_dir=settings.JOURNAL_DIR,
        lease_seconds=settings.DISPATCH_LEASE_SECONDS,
        max_refusals=settings.DISPATCH_MAX_REFUSALS,
    )


def _wakes(
    act: Callable[Concatenate[DispatchService, P], T],
) -> Callable[Concatenate[DispatchService, P], T]:
    """Wake the scheduler after the commit: the act may have made work."""

    @wraps(act)
    def acting(self: DispatchService, /, *args: P.args, **kwargs: P.kwargs) -> T:
        done = act(self, *args, **kwargs)
        self.wake()
        return done

    return acting


def _keep_refusal(mailing_id: int, refusal: Refused) -> None:
    """Keep with a due mailing why it does not start; what has to be approved waits for that."""
    start_refusals.keep_refusal(mailing_id, refusal)
    if isinstance(refusal, approvals.ApprovalNeeded):
        approvals.hold(mailing_id)


def _new_rescuer() -> rescue.Rescuer:
    return rescue.Rescuer(
        lease_seconds=settings.DISPATCH_LEASE_SECONDS,
        policy=settings.DISPATCH_UNKNOWN_POLICY,
    )


class DispatchService(RunControl, DirectSender, Planner):
    """Launches, holds, ends and sends mailings. ``wake`` is called when there is new work."""

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._wake = wake
        self._rescuer: rescue.Rescuer | None = None

    def on_work(self, wake: Callable[[], None] | None) -> None:
        """Set what to call, after the commit, when there is something to send."""
        self._wake = wake

    @_wakes
    def launch(self, *, mailing_id: int, trigger: str, early: bool = False) -> Launched:
        try:
            return launch.launch(mailing_id=mailing_id, trigger=trigger, early=early)
        except Refused as refusal:
            _keep_refusal(mailing_id, refusal)
            raise

    @_wakes
    def launch_transactional(self, *, mailing_id: int, trigger: str) -> LaunchedTransactional:
        return transactional.launch_transactional(mailing_id=mailing_id, trigger=trigger)

    def pause(self, *, mailing_id: int) -> None:
        if not schedule.unschedule(mailing_id):
            control.pause(mailing_id)

    @_wakes
    def resume(self, *, mailing_id: int) -> None:
        if not schedule.schedule(mailing_id):
            control.resume(mailing_id)

    @_wakes
    def stop(self, *, mailing_id: int) -> None:
        control.stop(mailing_id)

    def reset(self, *, mailing_id: int) -> int:
        return control.reset(mailing_id)

    @_wakes
    def change_status(self, *, mailing_id: int, status: str, actor: str) -> int:
        try:
            return control.change_status(mailing_id=mailing_id, status=status, actor=actor)
        except approvals.ApprovalNeeded as refusal:
            _keep_refusal(mailing_id, refusal)
            raise

    @_wakes
    def skip(self, *, mailing_id: int) -> None:
        recurrence.skip(mailing_id)

    def replace_content(self, *, mailing_id: int) -> int:
        return control.replace_content(mailing_id)

    @_wakes
    def retry_failed(self, *, mailing_id: int, hopeful_only: bool = False) -> int:
        reasons = MAY_SUCCEED if hopeful_only else None
        return control.send_again(mailing_id, ["failed"], reasons=reasons)

    @_wakes
    def send_remaining(self, *, mailing_id: int) -> int:
        return control.send_again(mailing_id, ["cancelled", "expired"])

    @_wakes
    def add_recipient(self, *, mailing_id: int, recipient_id: int) -> int:
        return control.add_recipient(mailing_id, recipient_id)

    @_wakes
    def launch_open(self, *, mailing_id: int, trigger: str) -> Launched:
        return arrivals.launch_open(mailing_id=mailing_id, trigger=trigger)

    @_wakes
    def add_recipients(self, *, mailing_id: int, recipient_ids: Sequence[int]) -> dict[int, int]:
        return arrivals.add_recipients(mailing_id, recipient_ids)

    @_wakes
    def resolve_unknown(
        self, *, run_id: int, delivery_ids: list[int] | None, verdict: str, actor: str
    ) -> int:
        ids = delivery_ids
        if ids is None:
            unknown = Delivery.objects.filter(run_id=run_id, indexed_state=Delivery.State.UNKNOWN)
            ids = list(unknown.values_list("pk", flat=True))
        return sum(
            control.resolve_unknown(
                run_id=run_id,
                delivery_ids=ids[start : start + _CHUNK],
                verdict=verdict,
                actor=actor,
            )
            for start in range(0, len(ids), _CHUNK)
        )

    send_test = staticmethod(direct_send.send_test)

    def send_probe(
        self,
        *,
        message_id: int,
        account: str,
        address: str,
        key: str,
        mailing: Mailing | None = None,
        sender: Sender | None = None,
    ) -> Outcome:
        """Send the message to a mailbox of our own as an audience would get it."""
        return direct_send.send_probe(
            message_id=message_id,
            account=account,
            address=address,
            key=key,
            mailing=mailing,
            sender=sender,
        )

    def probe_account(self, name: str, address: str) -> Outcome:
        """Send a plain system email to ``address`` through this account, disabled or not."""
        return direct_send.probe_account(name, address)

    def send_system_message(
        self, *, key: str, account: str, address: str, subject: str, text: str, owner_id: int = 0
    ) -> str:
        """Send a system email once per key, however often it is asked for. Return its verdict."""
        return system_messages.send_once(
            key,
            account=account,
            address=address,
            subject=subject,
            text=text,
            owner_id=owner_id,
        )

    @_wakes
    def switch_account(self, name: str) -> bool:
        """Disable an account, or enable it again. True: it sends again."""
        return circuit_breaker.toggle_enabled(name)

    @_wakes
    def allow_sending(self, *, account: str, domain: str) -> bool:
        """End the stop of an account for its complaints. False: there is none."""
        return reputation.allow(account, domain)

    @_wakes
    def owner_changed(self, *, owner_id: int) -> None:
        control.owner_changed(owner_id)

    def forecast(
        self, *, account: str, count: int, starts_at: datetime, ends_at: datetime
    ) -> Forecast:
        begin = max(starts_at, timezone.now())
        return forecast(account=account, count=count, now=begin, ends_at=ends_at)

    def accounts(self) -> list[str]:
        return sorted(settings.ACCOUNTS)

    def account_infos(self) -> list[AccountInfo]:
        return [accounts.info_of(name) for name in self.accounts()]

    @_wakes
    def planned(self) -> None:
        """Nothing is done now: only the next start is looked for."""

    def resume_due(self) -> None:
        """Judge what is due, and put back into the queue every run whose wait is over."""
        judge_due()
        queue.resume_due()

    def dispatch_due(self, *, trigger: str = Trigger.SCHEDULED) -> list[Launched]:
        """Judge experiments, launch what is due, and let runs go on whose wait is over.

        A mailing that cannot be launched keeps the reason and does not stop the others.
        """
        closing.close_stopping()
        judge_due()
        queue.resume_due()
        recurrence.advance_due()
        recurrence.pass_empty_feeds()
        launched: list[Launched] = []
        for mailing_id in queue.due_mailings():
            try:
                launched.append(launch.launch(mailing_id=mailing_id, trigger=trigger, early=False))
            except Refused as refusal:
                _keep_refusal(mailing_id, refusal)
                schedule.renew_misfire_grace(mailing_id)
            except DatabaseError:
                raise
            except Exception:  # a defect that one message meets must not stop the others
                start_refusals.keep_defect(mailing_id)
                schedule.renew_misfire_grace(mailing_id)
        return launched

    def read_feeds(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Read the feeds of mailings whose time has come, and those somebody asked for.

        What can be launched then is launched by the next ``dispatch_due``. Returns how many.
        """
        return read_feeds(feeds.feeds_due()[:MOST], stopping, self.wake)

    def reconcile(self) -> None:
        """Put in order what dead workers and closed windows left behind."""
        self.recover()
        rescue.reconcile_runs()
        control.enforce_reputation_limits()
        if wait_review.review():
            self.wake()
        provider_quota.ask_providers(timezone.now())

    def recover(self) -> int:
        """Settle what dead workers held. Returns how many deliveries."""
        self._rescuer = self._rescuer or _new_rescuer()
        return self._rescuer.recover()

    def due(self) -> list[int]:
        """The ids of the mailings that ``dispatch_due`` would launch now."""
        return queue.due_mailings()

    def rehearse(self, *, mailing_id: int, early: bool) -> int:
        """Check all that a launch checks and change nothing. Returns the size of the audience."""
        return launch.check_launch(mailing_id=mailing_id, early=early)

    def next_wakeup(self) -> datetime | None:
        """The nearest future start or end of a wait."""
        return queue.next_wakeup()

    def work_until(self, run_id: int, stop: threading.Event) -> None:
        """Work in this thread until the run is done, waits, or ``stop`` is set.

        Others of its account that come first are sent too, in their order.
        """
        while not stop.is_set():
            self.recover()
            run = Run.objects.get(pk=run_id)
            if run.state in (Run.State.DONE, Run.State.PAUSED, Run.State.DEFERRED):
                return
            if run.state == Run.State.PREPARING and not launch.freeze_audience(run_id, stop):
                stager.stage(run_id, stop.is_set)
            pool.drain_lane(run.account, urgent=run.urgent, settings=worker_settings(), stop=stop)
            run.refresh_from_db(fields=["state"])
            if run.state in (Run.State.PROCESSING, Run.State.PREPARING):
                stop.wait(0.5)  # others, perhaps dead ones, hold what is left, or files are awaited

    def wake(self) -> None:
        """Wake the scheduler once this transaction is committed."""
        if self._wake is not None:
            transaction.on_commit(self._wake)


#: The process's service; plugged into the dispatcher slot by the app's ready().
service = DispatchService()
