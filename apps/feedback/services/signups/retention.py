"""Sign-ups that nobody confirms: reminded once if wished, expired, and forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from apps.core.contracts import BackgroundJob
from apps.core.errors import Refused
from apps.feedback.models import PublicLink, Signup, SignupWindow, UsedChallenge
from apps.feedback.services.signups import emails, proof, states, windows
from apps.mailings.models import Delivery, Mailing, Recipient, Subscription

log = structlog.get_logger(__name__)

State = Signup.State
#: A sign-up without a confirmation goes after so long; so does what was held or refused.
KEPT: Final = timedelta(days=30)
#: Rows of one round.
CHUNK: Final = 500


class SignupRetention(BackgroundJob):
    """Expires what was not confirmed in time, and forgets what is old."""

    name = "signups"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        for act in (remind, expire, forget, forget_windows):
            while not stopping() and act(now=now) >= CHUNK:
                pass


def remind(*, now: datetime) -> int:
    """Send the email once more to who has not confirmed, after SIGNUP_REMINDER_HOURS."""
    hours = settings.SIGNUP_REMINDER_HOURS
    if not hours:
        return 0
    due = now - timedelta(hours=hours)
    rows = Signup.objects.filter(state=State.WAITING, reminded_at=None, sent_at__lte=due)
    chosen = list(rows.filter(expires_at__gt=now).order_by("pk")[:CHUNK])
    for signup in chosen:
        _remind(signup.pk, now)
    return len(chosen)


def _remind(pk: int, now: datetime) -> None:
    with transaction.atomic():
        rows = Signup.objects.select_for_update(of=("self",)).select_related("form", "version")
        signup = rows.filter(pk=pk, state=State.WAITING, reminded_at=None).first()
        if signup is None or signup.recipient is None:
            return
        Signup.objects.filter(pk=pk).update(reminded_at=now)
        uses = windows.uses_of(owner_id=signup.form.owner_id, address=signup.address, ip=None)
        if windows.take(uses, now=now) is not None:
            return
        try:
            with transaction.atomic():
                delivery_id = emails.send_confirmation(signup=signup, recipient=signup.recipient)
        except Refused:
            return
        Signup.objects.filter(pk=pk).update(delivery_id=delivery_id)


def expire(*, now: datetime) -> int:
    """Mark what was not confirmed in time, and what the owner left held. Returns how many."""
    late = Q(state=State.WAITING, expires_at__lt=now)
    left = Q(state=State.HELD, received_at__lt=now - KEPT)
    chosen = list(Signup.objects.filter(late | left).order_by("pk")[:CHUNK])
    for signup in chosen:
        out_of = [signup.state]
        states.move(signup=signup, out_of=out_of, into=State.EXPIRED, now=now)
    return len(chosen)


def forget(*, now: datetime) -> int:
    """Delete old sign-ups that came to nothing, with the person and the email if nothing else
    hangs on them. The figures of the form stay. Returns how many."""
    rows = Signup.objects.filter(
        state__in=[State.EXPIRED, State.REFUSED], received_at__lt=now - KEPT
    )
    rows = rows.filter(Q(sent_at=None) | Q(sent_at__lt=now - KEPT))
    chosen = list(rows.order_by("pk")[:CHUNK])
    for signup in chosen:
        _forget(signup)
    if chosen:
        log.info("signups_forgotten", count=len(chosen))
    return len(chosen)


@transaction.atomic
def _forget(signup: Signup) -> None:
    recipient_id = signup.recipient_id
    signup.delete()
    if recipient_id is None:
        return
    Recipient.objects.select_for_update().filter(pk=recipient_id).first()
    emails_sent = Mailing.objects.filter(
        recipients=recipient_id, purpose=Mailing.Purpose.CONFIRMATION
    )
    still = Signup.objects.filter(recipient_id=recipient_id)
    if still.exists():
        return
    open_ones = emails_sent.filter(runs__state__in=["queued", "processing", "deferred", "paused"])
    if not open_ones.exists():
        emails_sent.delete()
    _forget_person(recipient_id)


def _forget_person(recipient_id: int) -> None:
    """Delete who came by a form, was never confirmed, and has nothing else."""
    confirmed = Subscription.objects.filter(recipient=OuterRef("pk")).exclude(status="unconfirmed")
    written_to = Delivery.objects.filter(recipient=OuterRef("pk"))
    chosen = Mailing.recipients.through.objects.filter(recipient_id=OuterRef("pk"))
    Recipient.objects.filter(
        ~Exists(confirmed),
        ~Exists(written_to),
        ~Exists(chosen),
        pk=recipient_id,
        source=Recipient.Source.FORM,
        unconfirmed_since__isnull=False,
        tags=None,
        messenger_links=None,
    ).delete()


def forget_windows(*, now: datetime) -> int:
    """Forget digests of limits, used proofs and links that count no more. Returns how many."""
    old = SignupWindow.objects.filter(opened_at__lt=now - windows.KEPT)
    spent = UsedChallenge.objects.filter(used_at__lt=now - proof.KEPT)
    links = PublicLink.objects.filter(expires_at__lt=now - windows.KEPT)
    return old.delete()[0] + spent.delete()[0] + links.delete()[0]
