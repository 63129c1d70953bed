"""Erasures: asked for, refused with a reason, or carried out with a certificate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.cache.dashboard import forget_figures
from apps.core.contracts import BackgroundJob
from apps.core.errors import Refused
from apps.core.site import site_url
from apps.mailings.ledger import runs
from apps.mailings.ledger.permission import erase
from apps.mailings.models import Consent, ErasureRequest, Recipient
from apps.mailings.services.permission.consents import Evidence, record
from apps.mailings.services.privacy.erasing import erase_person
from apps.mailings.services.privacy.personal_data import forget_copies
from apps.mailings.suppression.tombstones import AddressErased, keys
from apps.users.notifications import NewNotification, notify

log = structlog.get_logger(__name__)

State = ErasureRequest.State
By = ErasureRequest.By

#: The law's own limit: thirty days after the request.
DUE: Final = timedelta(days=30)
_SOURCES: Final = {
    By.PERSON: Consent.Source.PAGE,
    By.API: Consent.Source.API,
}


class ErasureRunning(Refused):
    """The recipient is to be erased already."""

    code = "erasure_running"


class ErasureDecided(Refused):
    """The erasure has been carried out, or refused."""

    code = "erasure_decided"


class RefusalUnexplained(Refused):
    """A refusal is shown to the person, and needs a reason."""

    code = "refusal_reason_missing"


class ErasureWaits(Refused):
    """A worker holds a message to the person; its outcome is waited for."""

    code = "erasure_waits"


def ask(
    *,
    recipient: Recipient,
    by: str,
    actor: str,
    now: datetime,
    confirmed_at: datetime | None = None,
) -> ErasureRequest:
    """Ask that this recipient is erased. Raises ErasureRunning, AddressErased.

    It waits for ERASURE_GRACE_DAYS, in which it can be refused.
    """
    if recipient.erased_at is not None:
        raise AddressErased(_("This recipient was erased, and stays so."))
    try:
        with transaction.atomic():
            request = ErasureRequest.objects.create(
                owner_id=recipient.owner_id,
                recipient=recipient,
                by=by,
                actor=actor,
                confirmed_at=confirmed_at,
                erase_at=now + timedelta(days=settings.ERASURE_GRACE_DAYS),
                due_at=now + DUE,
            )
    except IntegrityError:
        raise ErasureRunning(_("This recipient is to be erased already.")) from None
    log.info("erasure_asked", request_id=request.pk, recipient_id=recipient.pk, by=by)
    if by == By.PERSON:
        facts = {"erasure": request.pk, "day": request.erase_at.isoformat()}
        notify([NewNotification(request.owner_id, "erasure_asked", f"erasure:{request.pk}", facts)])
    return request


def take_back(*, recipient: Recipient, now: datetime) -> bool:
    """End the person's own request at the person's wish. False when there is none that waits."""
    waiting = ErasureRequest.objects.filter(recipient=recipient, by=By.PERSON)
    request = waiting.filter(state=State.WAITING).first()
    if request is None:
        return False
    refuse(request=request, reason=_("The person has taken it back."), actor="recipient", now=now)
    return True


def refuse(*, request: ErasureRequest, reason: str, actor: str, now: datetime) -> None:
    """Refuse it for a reason that the person sees. Raises RefusalUnexplained, ErasureDecided."""
    reason = " ".join(reason.split())[:500]
    if not reason:
        raise RefusalUnexplained(_("Write down why: the person is shown the reason."))
    waiting = ErasureRequest.objects.filter(pk=request.pk, state=State.WAITING)
    values = {"state": State.REFUSED, "refusal": reason, "decided_by": actor}
    if not waiting.update(**values, ended_at=now, updated_at=now):
        raise ErasureDecided(_("This erasure has been carried out, or refused."))
    log.info("erasure_refused", request_id=request.pk, recipient_id=request.recipient_id)


@transaction.atomic
def carry_out(*, request_id: int, now: datetime, actor: str = "") -> ErasureRequest:
    """Erase the person now. Raises ErasureWaits, ErasureDecided.

    Locks go in the order of the engine: the runs, then the recipient.
    """
    request = ErasureRequest.objects.get(pk=request_id)
    number, owner_id = request.recipient_id or 0, request.owner_id
    locked = [runs.lock(pk) for pk in erase.runs_to_lock(owner_id=owner_id, recipient_id=number)]
    request = ErasureRequest.objects.select_for_update().get(pk=request_id)
    recipient = Recipient.objects.select_for_update().filter(pk=number).first()
    if request.state != State.WAITING:
        raise ErasureDecided(_("This erasure has been carried out, or refused."))
    if erase.is_being_sent_to(number):
        raise ErasureWaits(_("A message to this person is being sent. Try again in a minute."))
    counts: Counter[str] = Counter()
    if recipient is not None:
        for run in filter(None, locked):
            counts["left_out"] += erase.leave_out(run, recipient.pk)
        forget_copies(recipient=recipient)
        _record(request, recipient)
        counts |= erase_person(recipient, now=now)
    request.state, request.ended_at, request.decided_by = State.DONE, now, actor
    request.certificate = _certificate(request, counts)
    request.seal = keys()[0].seal(request.certificate)
    request.save()
    transaction.on_commit(lambda: forget_figures(owner_id))
    log.info("recipient_erased", request_id=request.pk, recipient_id=number)
    return request


def _record(request: ErasureRequest, recipient: Recipient) -> None:
    """The last act of this person, with the digest of the address while there is one."""
    by_person = request.by == By.PERSON
    evidence = Evidence(
        source=_SOURCES.get(By(request.by), Consent.Source.MANUAL),
        by_person=by_person,
        said_at=request.confirmed_at or request.created_at,
        actor="" if by_person else request.actor,
    )
    record(
        owner_id=request.owner_id,
        recipient=recipient,
        act=Consent.Act.ERASED,
        evidence=evidence,
    )


def _certificate(request: ErasureRequest, counts: Counter[str]) -> list[str]:
    """The lines that say what was done. They name numbers and moments, nobody's address."""
    confirmed = request.confirmed_at.isoformat() if request.confirmed_at else "-"
    assert request.ended_at is not None
    return [
        "vestnik erasure 1",
        f"installation: {site_url()}",
        f"request: {request.pk}",
        f"recipient: {request.recipient_id or '-'}",
        f"owner: {request.owner_id}",
        f"asked: {request.created_at.isoformat()} by {request.by}",
        f"confirmed: {confirmed}",
        f"erased: {request.ended_at.isoformat()}",
        *(f"{name}: {count}" for name, count in sorted(counts.items())),
        f"not reached: backups, rotated logs, files of imports ({settings.IMPORT_FILES_DAYS} days)",
        f"key: {keys()[0].name}",
    ]


def is_genuine(request: ErasureRequest) -> bool:
    """True if the certificate is as it was issued, by a key of this installation."""
    return any(key.seal(request.certificate) == request.seal for key in keys())


class Erasures(BackgroundJob):
    """Carries out the erasures whose days of grace are over."""

    name = "erasures"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        due = ErasureRequest.objects.filter(state=State.WAITING, erase_at__lte=now)
        for number in list(due.order_by("erase_at").values_list("pk", flat=True)):
            if stopping():
                return
            try:
                carry_out(request_id=number, now=timezone.now())
            except (ErasureWaits, ErasureDecided) as later:
                log.info("erasure_not_yet", request_id=number, code=later.code)
