"""Launching: from a mailing to a run with frozen content and a frozen audience."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_noop as _

from apps.core.audit.acts import Act
from apps.core.contracts import Actor, Launched
from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.delivery import accounts
from apps.delivery.engine.bulk_headers import bulk_headers_of
from apps.delivery.engine.render import message_id_domain, snapshot_of
from apps.delivery.engine.runs import feeds, languages, preflights, queue
from apps.delivery.engine.runs.approvals import decisions as approvals
from apps.delivery.engine.runs.noting import note
from apps.delivery.engine.staging import beginning
from apps.delivery.models import AccountState
from apps.delivery.sending_account import SendingAccount
from apps.mailings.ledger import dialect, freeze, runs, sending_pauses
from apps.mailings.ledger.reach import reach_of
from apps.mailings.models import (
    Channel,
    FeedItem,
    Mailing,
    Message,
    Run,
    RunRoute,
    Sender,
    Trigger,
)
from apps.mailings.rules import asking, audience_of_run, candidates, reasoned, rule_of
from apps.mailings.sender_rules import check_sender
from apps.mailings.services.experiments.running import begin_experiment
from apps.mailings.services.experiments.variants import (
    check_experiment,
    experiment_of,
    messages_of_variants,
    written,
)
from apps.mailings.services.letters.bodies import make_pictures
from apps.mailings.services.media.uses import mark_sent
from apps.mailings.services.permission.basis import check_basis
from apps.mailings.services.publishing.archive import utm_of
from apps.mailings.services.publishing.measured import keep_links, measured_of
from apps.mailings.wait_reasons import rate_figures

log = structlog.get_logger(__name__)

#: Chunks that are frozen of one audience before the next one has its turn.
CHUNKS: Final = 5


class MailingUnknown(Refused):
    """There is no such mailing."""

    code = "mailing_unknown"


class MailingDisabled(Refused):
    """A manager has disabled the mailing."""

    code = "mailing_disabled"


class OwnerBlocked(Refused):
    """The mailing's owner is blocked."""

    code = "owner_blocked"


class SendingPaused(Refused):
    """Too much of what the owner sent bounced or was reported as spam."""

    code = "sending_paused"


class WindowEnded(Refused):
    """The mailing's end has passed: nothing may be sent any more."""

    code = "window_ended"


class BeforeStart(Refused):
    """The mailing's start lies ahead, and an early start was not asked for."""

    code = "before_start"


class AudienceEmpty(Refused):
    """The audience is empty."""

    code = "audience_empty"


class AlreadyDone(Refused):
    """The mailing's current run is done; a new run is opened by a reset."""

    code = "already_done"


class AccountOut(Refused):
    """The sending account is switched off or needs a person's attention."""

    code = "account_disabled"


class ChannelMissing(Refused):
    """The sending account cannot send over the mailing's channel."""

    code = "channel_missing"


def launch(*, mailing_id: int, trigger: str, early: bool, make: bool = True) -> Launched:
    """Create the mailing's current run, or join the open one.

    Everything that can be known to prevent the sending is refused here, before a row is written.
    ``make``: the files of its pictures are made first, which no transaction should wait for.
    Raises one of the Refused of this module, AccountUnknown, ContentRefused, PreflightNeeded,
    PreflightFailed, ApprovalNeeded, and those of ``feeds``.
    """
    mailing = _allowed(mailing_id, early=early)
    running = _current_run(mailing)
    if running is not None:
        return Launched(running.pk, running.number, created=False)
    if make:
        _make_pictures(mailing)
    run, further = _new_run(mailing, trigger=trigger, early=early)
    approval = approvals.check_approval(mailing, early=early)
    try:
        with transaction.atomic():
            run.save()
            further.save(run, first=languages.FIRST + 1)
            approvals.bind(run, approval)
            _begin(run, mailing)
            if mailing.kind != Mailing.Kind.TRANSACTIONAL:
                note(Act.LAUNCHED, mailing.pk, run=run.number, trigger=trigger)
    except IntegrityError:
        # Another trigger came first: the database lets only one run be open.
        running = _current_run(mailing)
        if running is None:
            raise
        return Launched(running.pk, running.number, created=False)
    # In a log what is not committed yet would not be true.
    facts = {"mailing_id": mailing.pk, "run": run.number, "trigger": trigger}
    transaction.on_commit(partial(log.info, "run_launched", **facts))
    return Launched(run.pk, run.number, created=True)


def _begin(run: Run, mailing: Mailing) -> None:
    """Write what stands beside a run whose contents are saved."""
    keep_links(run)
    RunRoute.objects.bulk_create(
        RunRoute(run=run, position=position, channel=channel, account=account)
        for position, (channel, account) in enumerate(mailing.routes, 1)
    )
    preflights.bind(run, mailing)
    beginning.keep_wanted(run, mailing.message)
    begin_experiment(run, mailing)
    feeds.take(run, timezone.now())
    Mailing.objects.filter(pk=mailing.pk).update(status=Mailing.Status.RUNNING, start_refusal={})
    for message in _messages_of(mailing):
        mark_sent(message, timezone.now())


def check_launch(*, mailing_id: int, early: bool) -> int:
    """Check all that ``launch`` checks, write no row. Returns how many would be sent to."""
    mailing = _allowed(mailing_id, early=early)
    if _current_run(mailing) is None:
        _make_pictures(mailing)  # what is judged is what would be sent
        _new_run(mailing, trigger=Trigger.COMMAND, early=early)
        approvals.check_approval(mailing)
    rule = rule_of(mailing, dialect.database_now())
    channels = [channel for channel, _account in mailing.routes]
    rows = reasoned(rule, candidates(rule))
    return reach_of(rows, rule.rights, mailing.owner_id, channels).reached


def _allowed(mailing_id: int, *, early: bool) -> Mailing:
    """The mailing, when it may be sent now. Raises MailingUnknown and those of check_allowed."""
    mailing = (
        Mailing.objects.select_related("owner", "message", "sender")
        .filter(pk=mailing_id, archived_at__isnull=True)
        .first()
    )
    if mailing is None:
        raise refusal(MailingUnknown, _("There is no mailing (id:%(id)s)."), id=mailing_id)
    check_allowed(mailing, early=early)
    return mailing


def check_allowed(mailing: Mailing, *, early: bool) -> None:
    """Raise the Refused that says why this mailing may not be sent now, if there is one."""
    now = dialect.database_now()
    if not mailing.is_active:
        raise refusal(MailingDisabled, _("This mailing has been disabled by a manager."))
    if not mailing.owner.is_active:
        raise refusal(OwnerBlocked, _("The owner of this mailing is blocked."))
    check_not_paused(mailing.owner_id, now)
    if now >= mailing.ends_at:
        text = _("This mailing ended on %(time)s; nothing is sent after its end.")
        raise refusal(WindowEnded, text, time=_local(mailing.ends_at))
    if now < mailing.starts_at and not early:
        text = _("This mailing starts on %(time)s.")
        raise refusal(BeforeStart, text, time=_local(mailing.starts_at))


_PAUSED: Final = {
    Run.Reason.BOUNCE_RATE: _(
        "Sending is paused for this user: %(count)s of %(sent)s messages bounced (%(share)s %%, the"
        " limit is %(limit)s %%). Remove dead addresses from your lists. A manager can lift the"
        " pause."
    ),
    Run.Reason.COMPLAINT_RATE: _(
        "Sending is paused for this user: %(count)s of %(sent)s messages were reported as spam"
        " (%(share)s %%, the limit is %(limit)s %%). Write only to people who agreed to it. A"
        " manager can lift the pause."
    ),
}


def check_not_paused(owner_id: int, now: datetime) -> None:
    """Raise SendingPaused while nothing of this user's is sent."""
    pause = sending_pauses.pause_of(owner_id, now)
    if pause is not None:
        text = _PAUSED[Run.Reason(pause.reason)]
        raise refusal(SendingPaused, text, **rate_figures(pause.detail))


def _current_run(mailing: Mailing) -> Run | None:
    """Return the open run; None when a new one may be opened. Raises AlreadyDone."""
    run = Run.objects.filter(mailing_id=mailing.pk, number=mailing.current_run).first()
    if run is not None and run.state == Run.State.DONE:
        text = _("Run #%(number)s of this mailing is done. Reset the mailing to send it again.")
        raise refusal(AlreadyDone, text, number=run.number)
    if run is None and mailing.status == Mailing.Status.COMPLETED:
        text = _("This mailing was closed before it was sent. Set it to Created first.")
        raise refusal(AlreadyDone, text)
    return run


def _new_run(mailing: Mailing, *, trigger: str, early: bool) -> tuple[Run, languages.Further]:
    """The run as it would be, checked: channels, accounts, contents and audience."""
    used = [
        _sending_account(account, channel, mailing.owner) for channel, account in mailing.routes
    ]
    check_basis(mailing)
    rule = rule_of(mailing, dialect.database_now())
    if mailing.kind != Mailing.Kind.AUTOMATION and not candidates(rule).exists():
        raise refusal(AudienceEmpty, _("Nobody matches this mailing's audience."))
    domain = message_id_domain(*used)
    items = feeds.chosen_items(mailing)  # once: what comes meanwhile would be in one language only
    experiment = experiment_of(mailing)
    check_experiment(mailing, experiment, timezone.now())
    content, further = languages.contents_for(
        written(mailing, experiment),
        rule,
        lambda one: _content_of(one, domain, rule.lists, items),
        share=experiment.share if experiment is not None else 100,
    )
    beginning.check_files(mailing)
    preflights.check_preflight(mailing)
    run = Run(
        mailing_id=mailing.pk,
        number=mailing.current_run,
        trigger=trigger,
        channel=mailing.channel,
        account=mailing.account,
        priority=mailing.priority,
        early=early,
        urgent=mailing.kind == Mailing.Kind.TRANSACTIONAL,
        content=content,
        rule=languages.kept_rule(rule, mailing, content).as_json(),
    )
    languages.check_compiled(run, further, mailing.routes, timezone.now())
    return run, further


def _messages_of(mailing: Mailing) -> list[Message]:
    """All that it sends: its message, and those of variants that have another one."""
    ids = messages_of_variants(mailing)
    return [mailing.message, *(Message.objects.filter(pk__in=ids) if ids else ())]


def _make_pictures(mailing: Mailing) -> None:
    for message in _messages_of(mailing):
        make_pictures(message, mailing=mailing)


def _content_of(
    mailing: Mailing, domain: str, lists: Collection[int], items: Sequence[FeedItem] | None
) -> dict[str, Any]:
    """What the run keeps of message and sender. Raises those of check_sender, ConditionGone."""
    sender = _sender_of(mailing)
    of_from = sender.address.rpartition("@")[2] if sender is not None else domain
    content = snapshot_of(
        mailing.message,
        domain=domain,
        fields=mailing.fields,
        sender=sender,
        headers=bulk_headers_of(mailing, lists=lists, domain=of_from),
        entries=feeds.entries_for(items, mailing.message),
    )
    if items is not None:
        content["feed"] = [item.pk for item in items]
    if mailing.purpose == Mailing.Purpose.CONFIRMATION:
        content["view_page"] = False  # it has a link by which its recipient alone acts
    if utm := utm_of(mailing):
        content["utm"] = utm
    return asking(content | measured_of(mailing), mailing.owner_id)


def _sender_of(mailing: Mailing) -> Sender | None:
    """Who the emails are from, where that is not the account. Raises those of check_sender."""
    accounts_used = [account for channel, account in mailing.routes if channel == Channel.EMAIL]
    if mailing.sender is None or not accounts_used:
        return None
    check_sender(mailing.sender, owner_id=mailing.owner_id, accounts=accounts_used)
    return mailing.sender


def _sending_account(name: str, channel: str, owner: Actor) -> SendingAccount:
    """The account, when it can send over the channel now, and for this owner."""
    account = accounts.declared(name)
    accounts.check_granted(name, owner)
    if channel not in account.serves:
        text = _("The sending account “%(name)s” cannot send over this mailing's channel.")
        raise refusal(ChannelMissing, text, name=account.name)
    if accounts.state_row(account.name).state != AccountState.State.READY:
        text = _("The sending account “%(name)s” is disabled.")
        raise refusal(AccountOut, text, name=account.name)
    return account


def freeze_all(stop: threading.Event, ready: Callable[[], None]) -> None:
    """Freeze the audiences that wait for it, in turns: a small one does not wait for a large one.

    ``ready`` is called for each run that stands in the queue then.
    """
    while ids := queue.runs_to_freeze():
        for run_id in ids:
            if stop.is_set():
                return
            if freeze_audience(run_id, stop, chunks=CHUNKS):
                ready()


def freeze_audience(
    run_id: int, stop: threading.Event | None = None, *, chunks: int | None = None
) -> bool:
    """Freeze the audience, a committed chunk at a time; picks up where a dead process left off.

    Returns True when the run stands in the queue, False when it was paused or closed meanwhile,
    when so many ``chunks`` were not enough, or when ``stop`` was set: a large audience must not
    keep a process from leaving.
    """
    with transaction.atomic():
        run = Run.objects.select_related("mailing__owner").get(pk=run_id)
        audience = audience_of_run(run, dialect.database_now())
    for _chunk in range(chunks) if chunks is not None else count():
        if stop is not None and stop.is_set():
            break
        with transaction.atomic():
            locked = runs.lock(run_id)
            if locked is None or locked.state != Run.State.PREPARING or locked.stopping:
                return locked is not None and locked.state == Run.State.QUEUED
            mark = Run.objects.values_list("freeze_cursor", flat=True).get(pk=run_id)
            if freeze.freeze_chunk(locked, audience, mark) is None:
                if freeze.close(locked):
                    log.info("audience_frozen", mailing_id=locked.mailing_id, run=locked.number)
                return locked.state == Run.State.QUEUED
    return False


def _local(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
