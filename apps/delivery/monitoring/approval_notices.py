"""Who has to approve something, and who waits for it, hear of it: on the site and by email."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.core.contracts import BackgroundJob
from apps.core.site import site_url
from apps.delivery.engine.runs.approvals.decisions import ask, needs_approval
from apps.delivery.service import service
from apps.mailings.models import Approval, Mailing
from apps.users.models import User
from apps.users.notifications import NewNotification, notify
from apps.users.selectors import overseers

_ACCOUNT: Final = "email"
#: Decisions that are sent at a time.
_MOST: Final = 50
_NEWS: Final = (Approval.State.WAITING, Approval.State.APPROVED, Approval.State.RETURNED)


class ApprovalNotices(BackgroundJob):
    """Asks for what is scheduled and was never asked for, then sends what is new, once each."""

    name = "approvals"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        for mailing in scheduled_unasked(now):
            if stopping():
                return
            if needs_approval(mailing):
                ask(mailing.pk, asked_by=mailing.owner_id)
        for approval in _unsent():
            if stopping():
                return
            send(approval)


def scheduled_unasked(now: datetime) -> Iterator[Mailing]:
    """Scheduled mailings that nobody has put before a manager yet, the next start first."""
    strict = Q(owner__approval__in=(User.Approval.LARGE, User.Approval.ALWAYS))
    if str(settings.APPROVAL) != User.Approval.OFF:
        strict |= Q(owner__approval="")
    asked = Approval.objects.filter(mailing=OuterRef("pk"))
    rows = Mailing.objects.filter(
        strict,
        ~Exists(asked),
        status=Mailing.Status.CREATED,
        kind=Mailing.Kind.MAILING,
        scheduled_at__isnull=False,
        archived_at__isnull=True,
        ends_at__gt=now,
    )
    yield from rows.select_related("owner").order_by("starts_at", "pk")[:_MOST]


def _unsent() -> list[Approval]:
    rows = Approval.objects.filter(state__in=_NEWS).exclude(
        Q(state=Approval.State.WAITING, notified=Approval.State.WAITING)
        | Q(state=Approval.State.APPROVED, notified=Approval.State.APPROVED)
        | Q(state=Approval.State.RETURNED, notified=Approval.State.RETURNED)
    )
    related = rows.select_related("mailing__owner", "decided_by")
    return list(related.order_by("pk").defer("parts")[:_MOST])


def send(approval: Approval) -> None:
    """Let the managers know what waits for them, or the author what was decided."""
    mailing, state = approval.mailing, approval.state
    facts = {
        "approval": approval.pk,
        "mailing": mailing.pk,
        "name": mailing.name,
        "email": mailing.owner.email,
        "by": approval.decided_by.email if approval.decided_by else "",
        "word": approval.word,
    }
    if state == Approval.State.WAITING:
        people = list(overseers().filter(is_active=True).exclude(pk=mailing.owner_id))
    else:
        people = [mailing.owner]
    notify(
        NewNotification(one.pk, f"approval_{state}", f"approval:{mailing.pk}", facts, mark=mark)
        for one in people
        if (mark := f"{approval.pk}:{state}")
    )
    with translation.override(settings.LANGUAGE_CODE), timezone.override(None):
        for one in people:
            service.send_system_message(
                key=f"approval:{approval.pk}:{state}:{one.pk}",
                account=_ACCOUNT,
                address=one.email,
                subject=subject_of(state) % facts,
                text=_text(state, facts, approval.mailing_id),
            )
    Approval.objects.filter(pk=approval.pk).update(notified=state)


def subject_of(state: str) -> str:
    """The first line of the email; the same sentence stands among the notifications."""
    return {
        Approval.State.WAITING.value: _("“%(name)s” of %(email)s waits for an approval."),
        Approval.State.APPROVED.value: _("“%(name)s” is approved by %(by)s."),
        Approval.State.RETURNED.value: _("“%(name)s” is sent back by %(by)s: %(word)s"),
    }[state]


def _text(state: str, facts: dict[str, object], mailing_id: int) -> str:
    url = f"{site_url()}{reverse('delivery:approval', args=[mailing_id])}"
    return f"{subject_of(state) % facts}\n\n{url}"
