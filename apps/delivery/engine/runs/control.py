"""What a person does to a run: pause, resume, stop, reset, decide about the unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.core.audit.acts import Act
from apps.core.errors import Refused
from apps.core.responses.stored import coded
from apps.delivery.accounts import declared
from apps.delivery.engine.render import message_id_domain, snapshot_of
from apps.delivery.engine.routing.circuit_breaker import in_service, reset_circuit
from apps.delivery.engine.runs import languages, schedule
from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.engine.runs.closing import close_out
from apps.delivery.engine.runs.feeds import entries_of_run
from apps.delivery.engine.runs.launch import MailingUnknown, launch
from apps.delivery.engine.runs.noting import note
from apps.mailings.ledger import dialect, routes, runs, sending_pauses, transitions
from apps.mailings.ledger.add_recipient import add_to_run, count_in
from apps.mailings.ledger.audit import write_audit
from apps.mailings.models import Delivery, Mailing, Message, Run, Trigger
from apps.mailings.rules import asking_no_more, audience_of_run, candidates, rule_of
from apps.mailings.services.letters.bodies import check_message, make_pictures
from apps.mailings.services.media.uses import mark_sent
from apps.mailings.services.publishing.measured import keep_links
from apps.mailings.wait_reasons import OF_OWNER, reason_of, reasons_that

log = structlog.get_logger(__name__)


#: Waits that another try may end; a limit, an opening hour or a start comes when it comes.
_CAN_BE_TRIED: Final = reasons_that(lambda wait: wait.can_be_tried)
#: Waits until one of the recipients is due.
_NOBODY_DUE: Final = reasons_that(lambda wait: wait.wakes_on == "recipients")


class NothingToDo(Refused):
    """The run is not in a state in which this can be done."""

    code = "wrong_state"


class AlreadyThere(Refused):
    """The recipient is in this run, or another one with the same address is."""

    code = "already_in_run"


def pause(mailing_id: int) -> None:
    """Claim no more from now on; deliveries in flight come to their end. Raises NothingToDo."""

    def act(run: runs.LockedRun) -> None:
        if run.state == Run.State.PAUSED:
            raise NothingToDo(_("This mailing is paused already."))
        runs.defer(run, Run.Reason.PAUSED_BY_USER, None)

    _on_open_run(mailing_id, act, "run_paused", Act.PAUSED)


def resume(mailing_id: int) -> None:
    """End a pause or a wait now; try what was deferred. Raises NothingToDo when it is no use."""

    def act(run: runs.LockedRun) -> None:
        if run.state not in (Run.State.PAUSED, Run.State.DEFERRED):
            raise NothingToDo(_("This mailing is not waiting."))
        if not run.may_send or not run.mailing_active:
            raise NothingToDo(_("What stopped this mailing has not been lifted yet."))
        if run.stopping:
            raise NothingToDo(_("This mailing is being stopped."))
        _check_useful(run)
        transitions.try_now(run)
        for account in {run.account, *routes.open_all(run)}:
            reset_circuit(account)
        runs.enqueue(run)

    _on_open_run(mailing_id, act, "run_resumed", Act.RESUMED)


def _check_useful(run: runs.LockedRun) -> None:
    """Raise the NothingToDo that says what no press of a button ends.

    Where one channel of the run can be tried, the others do not matter.
    """
    row = Run.objects.only("state", "channel", "reason", "reason_detail", "deferred_until").get(
        pk=run.id
    )
    if row.reason == Run.Reason.EXPERIMENT_UNDECIDED:
        raise NothingToDo(_("Choose a variant first."))
    if row.reason == Run.Reason.ACCOUNT_DISABLED:
        named = {run.account, *row.routes.exclude(reason="").values_list("account", flat=True)}
        if not any(in_service(name) for name in named):
            text = _("The sending account “%(name)s” is disabled.")
            raise NothingToDo(text % {"name": run.account})
    if row.state != Run.State.DEFERRED:
        return
    if row.reason == Run.Reason.BETWEEN_ARRIVALS:
        raise NothingToDo(_("It waits for the next recipient."))
    reasons = {row.reason, *row.routes.exclude(reason="").values_list("reason", flat=True)}
    if not reasons & _CAN_BE_TRIED:
        text = _("It cannot be tried before %(when)s: %(reason)s.")
        when = date_format(timezone.localtime(row.deferred_until), "j E Y, H:i")
        raise NothingToDo(text % {"when": when, "reason": reason_of(row)})


def stop(mailing_id: int) -> None:
    """Close the run: cancel pending deliveries, and wait for those in flight.

    A person does not wait for a million of them: the first are cancelled here, the others by the
    worker as it leaves, or by the scheduler.
    """

    def act(run: runs.LockedRun) -> None:
        Run.objects.filter(pk=run.id).update(stopping=True)

    run_id = _on_open_run(mailing_id, act, "run_stopped", Act.STOPPED)
    close_out(run_id, chunks=2)


def reset(mailing_id: int) -> int:
    """Open the next run's number. Refused while the current run is open.

    The increment is one conditional UPDATE: of two resets at once, one is refused.
    """
    mailing = Mailing.objects.filter(pk=mailing_id).first()
    if mailing is None:
        raise MailingUnknown(_("There is no mailing (id:%(id)s).") % {"id": mailing_id})
    with transaction.atomic():
        done = Run.objects.filter(
            mailing_id=mailing_id, number=mailing.current_run, state=Run.State.DONE
        )
        fresh = Mailing.objects.filter(
            pk=mailing_id, current_run=mailing.current_run, status=Mailing.Status.COMPLETED
        )
        if not done.exists() or not fresh.update(
            current_run=F("current_run") + 1, status=Mailing.Status.CREATED
        ):
            raise NothingToDo(_("Only a completed mailing can be reset."))
        note(Act.RESET, mailing_id, run=mailing.current_run + 1)
    log.info("mailing_reset", mailing_id=mailing_id, run=mailing.current_run + 1)
    return mailing.current_run + 1


def send_again(
    mailing_id: int, states: Sequence[str], *, reasons: Sequence[str] | None = None
) -> int:
    """Put those of the current run that ended in these states back into the same run.

    ``reasons``: only those that have one of them (``mailings.reasons``).
    Raises NothingToDo when there are none, or when nothing may be sent any more. Chunk by chunk:
    after a crash in the middle the others are still where they were.
    """
    total = 0
    for state in states:
        while count := _put_back(mailing_id, state, reasons):
            total += count
    if not total:
        raise NothingToDo(_("There is nobody left to send to again."))
    log.info("sent_again", mailing_id=mailing_id, states=list(states), count=total)
    return total


@transaction.atomic
def _put_back(mailing_id: int, state: str, reasons: Sequence[str] | None) -> int:
    run = _lock_sendable_run(mailing_id)
    ids = transitions.ended_in(run, state, reasons) if run.counts[state] else []
    if not ids:
        return 0
    _open_again(run)
    count = transitions.put_back(run, state, ids)
    act = Act.RETRIED if state == Delivery.State.FAILED else Act.CONTINUED
    note(act, mailing_id, run=run.number, count=count)
    return count


@transaction.atomic
def add_recipient(mailing_id: int, recipient_id: int) -> int:
    """Let one more of the owner's recipients into the current run. Returns the delivery's id.

    A run that is done goes on for this one. Raises NothingToDo, AlreadyThere, ApprovalNeeded.
    """
    run = _lock_sendable_run(mailing_id)
    if not run.frozen:
        raise NothingToDo(_("The audience is being frozen. Try again in a moment."))
    rows = Run.objects.select_related("mailing__message", "mailing__owner", "mailing__sender")
    row = rows.get(pk=run.id)
    approvals.bind(row, approvals.check_approval(row.mailing))
    delivery = add_to_run(run, audience_of_run(row, run.now), recipient_id)
    if delivery is None:
        raise AlreadyThere(_("This recipient is in this mailing already."))
    if delivery.state == Delivery.State.PENDING:
        _reopen_or_enqueue(run)
    count_in(run, delivery)
    note(Act.JOINED, mailing_id, run=run.number, recipient=recipient_id)
    log.info("joined", mailing_id=mailing_id, run=run.number, delivery_id=delivery.pk)
    return delivery.pk


def _lock_sendable_run(mailing_id: int) -> runs.LockedRun:
    """The current run under its lock, when more may be sent in it. Raises NothingToDo."""
    found = Run.objects.filter(mailing_id=mailing_id, number=F("mailing__current_run"))
    run = runs.lock(found.values_list("pk", flat=True).first() or 0)
    if run is None:
        raise NothingToDo(_("This mailing has not been sent yet."))
    if run.now >= run.ends_at:
        raise NothingToDo(_("This mailing has ended; nothing can be sent again."))
    if not run.may_send or not run.mailing_active:
        raise NothingToDo(_("What stopped this mailing has not been lifted yet."))
    if run.stopping and run.state != Run.State.DONE:
        raise NothingToDo(_("This mailing is being stopped."))
    return run


def _reopen_or_enqueue(run: runs.LockedRun) -> None:
    """Put a run that is done, or waits for its next retry, back into the queue."""
    _open_again(run)
    if Run.objects.filter(pk=run.id, state=Run.State.DEFERRED, reason__in=_NOBODY_DUE).exists():
        runs.enqueue(run)


def _open_again(run: runs.LockedRun) -> None:
    if run.state == Run.State.DONE:
        Run.objects.filter(pk=run.id).update(stopping=False)
        runs.reopen(run)
    runs.wake_idle(run)


def replace_content(mailing_id: int) -> int:
    """Continue a paused run with the message as it is now. Return how many will get it.

    What was sent so far stays as recorded: the replaced content is kept. Raises NothingToDo,
    ContentRefused, ConditionsChanged, LanguagesChanged, TranslationMissing, ApprovalNeeded.
    """
    found = Run.objects.filter(mailing_id=mailing_id, state=Run.State.PAUSED)
    for waiting in found.select_related("mailing__message"):
        make_pictures(waiting.mailing.message, mailing=waiting.mailing)
    with transaction.atomic():
        run = runs.lock(found.values_list("pk", flat=True).first() or 0)
        if run is None or run.state != Run.State.PAUSED or run.counts["sending"]:
            raise NothingToDo(
                _("Pause the mailing first, and wait for messages already being sent.")
            )
        rows = Run.objects.select_related("mailing__message", "mailing__owner", "mailing__sender")
        row = rows.get(pk=run.id)
        message = row.mailing.message
        approvals.bind(row, approvals.check_approval(row.mailing))
        check_message(message)
        used = list(row.routes.order_by("position").values_list("channel", "account"))
        used = used or [(run.channel, run.account)]
        domain = row.content.get("domain") or message_id_domain(
            *(declared(account) for _channel, account in used)
        )
        own, further = languages.replacing(row, partial(_replacement, row, domain))
        if languages.unchanged(row, own, further):
            raise NothingToDo(_("The message has not been changed since."))
        languages.replace(row, own, further)
        keep_links(row)
        languages.check_compiled(row, further, used, run.now)
        mark_sent(message, run.now)
        note(Act.CONTENT_REPLACED, mailing_id, run=run.number, version=row.content_version)
    log.info("content_replaced", mailing_id=mailing_id, run=run.number, version=row.content_version)
    return run.counts["pending"]


def _replacement(run: Run, domain: str, written: Message) -> dict[str, Any]:
    """What the run would send of this message. Raises ContentRefused, ConditionsChanged."""
    check_message(written)
    old = run.content
    entries = entries_of_run(run, written)
    content = snapshot_of(written, domain=domain, fields=old.get("fields"), entries=entries)
    kept = ("sender", "headers", "utm", "feed", "tracking", "tracking_text")
    content |= {part: old[part] for part in kept if part in old}
    if run.mailing.purpose == Mailing.Purpose.CONFIRMATION:
        content["view_page"] = False
    return asking_no_more(content, old)


def owner_changed(owner_id: int) -> None:
    """Hold the open runs of an owner who may not send, with the reason; else resume them."""
    rows = Run.objects.filter(mailing__owner_id=owner_id).exclude(state=Run.State.DONE)
    for run_id in list(rows.values_list("pk", flat=True)):
        with transaction.atomic():
            run = runs.lock(run_id)
            if run is None or run.state == Run.State.DONE:
                continue
            held = Run.objects.filter(pk=run_id, reason__in=OF_OWNER).exists()
            if not run.may_send and (held or run.state != Run.State.PAUSED):
                sending_pauses.hold(run)
            elif run.may_send and held and run.mailing_active:
                runs.enqueue(run)


def enforce_reputation_limits() -> None:
    """Judge what users have sent of late; hold the runs of those who are paused by it."""
    for owner_id in sending_pauses.check_all(dialect.database_now()):
        owner_changed(owner_id)


def resolve_unknown(*, run_id: int, delivery_ids: Iterable[int], verdict: str, actor: str) -> int:
    """A person says of unknown deliveries: ``sent``, ``failed``, or ``pending`` (send again).

    Returns how many were resolved. Each leaves an audit row that never counts as a send.
    """
    if verdict not in ("sent", "failed", "pending"):
        raise ValueError(verdict)
    with transaction.atomic():
        run = runs.lock(run_id)
        if run is None:
            raise NothingToDo(_("There is no such run."))
        if verdict == "pending" and run.now >= run.ends_at:
            raise NothingToDo(_("This mailing has ended; nothing can be sent again."))
        count = transitions.resolve_unknown(
            run, delivery_ids, state=verdict, actor=actor, now=run.now
        )
        if count and verdict == "pending":
            if run.state == Run.State.DONE:
                runs.reopen(run)
            runs.wake_idle(run)
        runs.move(run, {verdict: count, "unknown": -count})
        runs.recompute_outcome(run)
        note(Act.RESOLVED, run.mailing_id, run=run.number, count=count, verdict=verdict)
    log.info(
        "unknown_resolved",
        mailing_id=run.mailing_id,
        run=run.number,
        verdict=verdict,
        count=count,
        by=actor,
    )
    return count


def _on_open_run(
    mailing_id: int, act: Callable[[runs.LockedRun], None], event: str, noted: Act
) -> int:
    """Do something to the mailing's open run under its lock. Raises NothingToDo without one."""
    with transaction.atomic():
        found = (
            Run.objects.filter(mailing_id=mailing_id)
            .exclude(state=Run.State.DONE)
            .values_list("pk", flat=True)
            .first()
        )
        run = runs.lock(found) if found is not None else None
        if run is None or run.state == Run.State.DONE:
            raise NothingToDo(_("This mailing is not being sent."))
        act(run)
        note(noted, mailing_id, run=run.number)
    log.info(event, mailing_id=mailing_id, run=run.number)
    return run.id


def change_status(*, mailing_id: int, status: str, actor: str) -> int:
    """Running launches, Completed stops and closes, Created opens the next run.

    One that was not launched yet is closed without being sent; opened again it is a draft.

    Returns how many audit rows were written. Raises what launch, stop and reset raise.
    """
    rows = Mailing.objects.select_related("owner")
    mailing = rows.filter(pk=mailing_id, archived_at__isnull=True).first()
    if mailing is None:
        raise MailingUnknown(_("There is no mailing (id:%(id)s).") % {"id": mailing_id})
    old = mailing.status
    if old == status:
        return 0
    if status == Mailing.Status.RUNNING:
        launch(mailing_id=mailing_id, trigger=Trigger.MANUAL, early=True)
    elif status == Mailing.Status.COMPLETED:
        if not schedule.close(mailing_id):
            stop(mailing_id)
    elif not schedule.reopen(mailing_id):
        reset(mailing_id)
    response = coded("status_changed", old, status, actor)
    with transaction.atomic():
        now = dialect.database_now()
        audience = candidates(rule_of(mailing, now))
        number = mailing.current_run
        count = write_audit(mailing, audience, number=number, response=response, now=now)
        note(Act.STATUS_SET, mailing_id, run=number, before=old, after=status)
    log.info("status_changed", mailing_id=mailing_id, old=old, new=status, rows=count)
    return count
