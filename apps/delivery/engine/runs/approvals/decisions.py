"""A second person's word before a run starts: when it is needed, asked for, given and kept.

Refused
├─ ApprovalNeeded       approval             nobody has approved the mailing as it is
├─ ApprovalForbidden    approval_forbidden   this person may not decide about it
└─ ApprovalOutdated     approval_outdated    the mailing has changed, or was decided about already
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.delivery.engine.runs.approvals.fingerprints import fingerprint_of, parts_of
from apps.mailings.ledger import dialect
from apps.mailings.models import Approval, Mailing, Run
from apps.mailings.services.reach import audience_of
from apps.users.models import User

log = structlog.get_logger(__name__)

_OPEN = (Approval.State.WAITING, Approval.State.APPROVED)


class ApprovalNeeded(Refused):
    """No manager has approved the mailing as it is."""

    code = "approval"


class ApprovalForbidden(Refused):
    """A mailing is approved by a manager who is not its author, on a page."""

    code = "approval_forbidden"


class ApprovalOutdated(Refused):
    """The mailing is another one now, or somebody has decided already."""

    code = "approval_outdated"


def rule_for(owner: User) -> str:
    """Which of this user's mailings are approved: off, large or always."""
    return owner.approval or str(settings.APPROVAL)


def needs_approval(mailing: Mailing) -> bool:
    """Whether its next run starts only once it is approved. A message to one never waits."""
    if mailing.kind == Mailing.Kind.TRANSACTIONAL:
        return False
    rule = rule_for(mailing.owner)
    return rule == User.Approval.ALWAYS or (rule == User.Approval.LARGE and _is_large(mailing))


def _is_large(mailing: Mailing) -> bool:
    most = settings.APPROVAL_ABOVE
    return audience_of(mailing).people().order_by()[: most + 1].count() > most


def approved_for(mailing: Mailing) -> Approval | None:
    """The approval of the mailing as it is; None when nobody has given one."""
    found = _counting(mailing).filter(state=Approval.State.APPROVED)
    last = found.order_by("-pk").first()
    return last if last is not None and last.fingerprint == fingerprint_of(mailing) else None


def _counting(mailing: Mailing) -> QuerySet[Approval]:
    """Those that may speak of its next run: once it is sent, only a repeated one is approved."""
    rows: QuerySet[Approval] = Approval.objects.filter(mailing=mailing)
    return rows if mailing.repeat else rows.filter(_of_run(mailing))


def _of_run(mailing: Mailing) -> Q:
    return Q(run=None) | Q(run__number=mailing.current_run)


def check_approval(mailing: Mailing, *, early: bool = False) -> Approval | None:
    """The approval by which it may be sent now; None when it needs none. Raises ApprovalNeeded.

    The mailing is read again: what was changed while it was being prepared is seen. ``early``: it
    is to start before its start, which is a time that nobody has approved.
    """
    if not needs_approval(mailing):
        return None
    found = approved_for(mailing)
    found = found and approved_for(_fresh(mailing.pk))
    if found is None:
        text = gettext_noop("A manager has to approve this mailing as it is before it is sent.")
        raise refusal(ApprovalNeeded, text)
    if early and dialect.database_now() < mailing.starts_at:
        text = gettext_noop(
            "This mailing is approved for its start on %(time)s. To send it earlier, set another"
            " start and ask again."
        )
        when = date_format(timezone.localtime(mailing.starts_at), "DATETIME_FORMAT")
        raise refusal(ApprovalNeeded, text, time=when)
    return found


def bind(run: Run, found: Approval | None) -> None:
    """Keep the approval with the run that is started by it; a later run gets a copy."""
    if found is None:
        return
    if Approval.objects.filter(pk=found.pk, run=None).update(run=run):
        return
    if found.run_id == run.pk:
        return
    moment: datetime = found.created_at
    found.pk, found.run = None, run
    found.save(force_insert=True)
    Approval.objects.filter(pk=found.pk).update(created_at=moment)


def newest(mailing: Mailing) -> Approval | None:
    """What was asked for, or decided, last."""
    rows = Approval.objects.filter(mailing=mailing).select_related("decided_by", "asked_by")
    return rows.order_by("-pk").first()


def ask(mailing_id: int, *, asked_by: int | None) -> Approval:
    """Put the mailing as it is before the managers, unless it lies there as it is already.

    What was asked before for another state of it is replaced.
    """
    mailing = _fresh(mailing_id)
    mark, facts = fingerprint_of(mailing), _facts(mailing)
    try:
        with transaction.atomic():
            Mailing.objects.select_for_update().get(pk=mailing_id)
            same = _counting(mailing).filter(fingerprint=mark, state__in=_OPEN)
            if (known := same.order_by("-pk").first()) is not None:
                return known
            waiting = Approval.objects.filter(mailing=mailing, state=Approval.State.WAITING)
            waiting.update(state=Approval.State.REPLACED, updated_at=timezone.now())
            made = Approval.objects.create(
                mailing=mailing, fingerprint=mark, asked_by_id=asked_by, **facts
            )
    except IntegrityError:  # somebody else has asked at the same moment
        return Approval.objects.get(mailing=mailing, state=Approval.State.WAITING)
    log.info("approval_asked", mailing_id=mailing.pk, approval_id=made.pk)
    return made


def _facts(mailing: Mailing) -> dict[str, Any]:
    named = audience_of(mailing).people().order_by().count()
    return {"parts": parts_of(mailing), "named": named}


def hold(mailing_id: int) -> None:
    """Let a mailing whose start was refused for want of an approval wait for it.

    It is put before the managers, unless one of them has sent it back as it is, and starts once it
    is approved: what was started manually is scheduled, and no waiting makes a start a missed one.
    """
    mailing = _fresh(mailing_id)
    last = newest(mailing)
    returned = last is not None and last.state == Approval.State.RETURNED
    if last is None or not returned or last.fingerprint != fingerprint_of(mailing):
        ask(mailing_id, asked_by=mailing.owner_id)
    keep_due(mailing_id)


def keep_due(mailing_id: int) -> None:
    """A mailing that waits for an approval is due until its end."""
    rows = Mailing.objects.filter(
        pk=mailing_id, archived_at__isnull=True, status=Mailing.Status.CREATED
    )
    rows.update(scheduled_at=dialect.database_now())


def may_decide(actor: User, mailing: Mailing) -> bool:
    """True for a manager who is not its author."""
    return actor.sees_all and mailing.owner_id != actor.pk


@transaction.atomic
def decide(approval_id: int, *, actor: User, yes: bool, word: str, now: datetime) -> Approval:
    """Approve what lies before the managers, or send it back with a word.

    Called by the page alone: nothing that a program holds gets here. Raises Approval.DoesNotExist,
    ApprovalForbidden, ApprovalOutdated.
    """
    row = Approval.objects.select_for_update().get(pk=approval_id)
    mailing = _fresh(row.mailing_id)
    if not actor.is_active or not may_decide(actor, mailing):
        raise ApprovalForbidden(_("A mailing is approved by a manager who is not its author."))
    if row.state != Approval.State.WAITING or row.fingerprint != fingerprint_of(mailing):
        text = _("The mailing has changed since, or somebody has decided already.")
        raise ApprovalOutdated(text)
    row.state = Approval.State.APPROVED if yes else Approval.State.RETURNED
    row.decided_by, row.decided_at, row.word = actor, now, word.strip()[:500]
    row.save(update_fields=["state", "decided_by", "decided_at", "word", "updated_at"])
    if yes and mailing.scheduled and mailing.starts_at <= now:
        keep_due(mailing.pk)
    log.info("approval_decided", mailing_id=mailing.pk, approval_id=row.pk, state=row.state)
    return row


def last_approved(mailing: Mailing, before: int) -> Approval | None:
    """The approved one before this: what a page compares it with."""
    rows = Approval.objects.filter(mailing=mailing, state=Approval.State.APPROVED, pk__lt=before)
    return rows.order_by("-pk").first()


def _fresh(mailing_id: int) -> Mailing:
    found = Mailing.objects.select_related("message", "owner", "sender")
    read_twice = ("message__attachments", "message__personal_files")
    return found.prefetch_related(*read_twice).get(pk=mailing_id)
