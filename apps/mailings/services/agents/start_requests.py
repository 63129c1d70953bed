"""Starts that agents ask for. Asking starts nothing: a person does, on the review page."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from apps.core.contracts import Actor
from apps.core.errors import Refused
from apps.mailings.models import Mailing, Message, StartRequest, Variant
from apps.mailings.services.review import check_start
from apps.users.notifications import NewNotification, notify

log = structlog.get_logger(__name__)


class NotADraft(Refused):
    """Agents change drafts, and ask for the start of drafts, alone."""

    code = "not_a_draft"


class StartAsked(Refused):
    """A person is to answer the request for a start; until then the agent changes nothing of it."""

    code = "start_asked"


class MessageInUse(Refused):
    """Something that is no draft sends this message."""

    code = "message_in_use"


@transaction.atomic
def ask(mailing: Mailing, *, asked_by: str, note: str, now: datetime) -> StartRequest:
    """Let the draft wait for its owner's click, and notify them. Asking again asks anew.

    Raises NotADraft, and what forbids to send the mailing at all.
    """
    row = Mailing.objects.select_for_update().get(pk=mailing.pk)
    _only_draft(row)
    check_start(row)
    values = {"asked_by": asked_by, "note": note, "asked_at": now, "declined_at": None}
    request, _made = StartRequest.objects.update_or_create(
        mailing=row, defaults={**values, "answer": ""}
    )
    facts = {"mailing": row.pk, "name": row.name, "agent": asked_by}
    key = f"start_asked:{row.pk}"
    notify([NewNotification(row.owner_id, "start_asked", key, facts, mark=now.isoformat())])
    log.info("start_asked", mailing_id=row.pk, asked_by=asked_by)
    return request


def withdraw(mailing: Mailing) -> bool:
    """The agent takes its request back. False when none waits."""
    if waiting(mailing) is None:
        return False
    StartRequest.objects.filter(mailing=mailing).delete()
    log.info("start_withdrawn", mailing_id=mailing.pk)
    return True


def decline(mailing: Mailing, *, answer: str, now: datetime) -> bool:
    """A person says no; the draft stays. False when nothing waits."""
    request = waiting(mailing)
    if request is None:
        return False
    rows = StartRequest.objects.filter(pk=request.pk, declined_at=None)
    done = rows.update(declined_at=now, answer=answer)
    log.info("start_declined", mailing_id=mailing.pk)
    return bool(done)


def waiting(mailing: Mailing) -> StartRequest | None:
    """The request that a person has not answered."""
    found = StartRequest.objects.filter(mailing=mailing, declined_at=None).first()
    return found if found is not None and mailing.is_draft else None


def all_waiting(actor: Actor) -> QuerySet[StartRequest]:
    """Those that this person can answer, or oversees; the newest first."""
    drafts = Mailing.objects.visible_to(actor).filter(
        status=Mailing.Status.CREATED, scheduled_at=None, archived_at=None
    )
    rows = StartRequest.objects.filter(declined_at=None, mailing__in=drafts)
    return rows.select_related("mailing__owner").order_by("-asked_at", "-pk")


def check_mailing(mailing: Mailing) -> None:
    """What an agent may change: a draft that asks for no start. Raises NotADraft, StartAsked."""
    _only_draft(mailing)
    if waiting(mailing) is not None:
        raise StartAsked(_("Its start is asked for. Withdraw the request before you change it."))


def check_message(message: Message) -> None:
    """Only drafts use it, none of which asks for a start. Raises MessageInUse, StartAsked."""
    variants = Variant.objects.filter(message=message).values("experiment__mailing")
    using = Mailing.objects.filter(Q(message=message) | Q(pk__in=variants), archived_at=None)
    for mailing in using.order_by("pk"):
        if not _is_draft(mailing):
            text = _("The message is sent by something that is no draft. Make another message.")
            raise MessageInUse(text)
        check_mailing(mailing)


def _is_draft(mailing: Mailing) -> bool:
    is_mailing = mailing.kind == Mailing.Kind.MAILING
    return is_mailing and mailing.is_draft and not mailing.runs.exists()


def _only_draft(mailing: Mailing) -> None:
    if not _is_draft(mailing):
        raise NotADraft(_("The mailing is no draft. A person decides what becomes of it."))
