"""`/api/mailouts/`: mailings to phones, for clients of the phone notification service."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router, Status

from apps.api.auth import ApiRequest
from apps.api.paging import page_of
from apps.api.schemas.common import Page, Removed, answers
from apps.api.schemas.compat import (
    MailoutFilter,
    MailoutIn,
    MailoutMessageFilter,
    MailoutMessageIn,
    MailoutMessageOut,
    MailoutMessageStats,
    MailoutOut,
    MailoutStats,
)
from apps.core.errors import Refused
from apps.core.logs.requests import about
from apps.core.models import OwnedQuerySet
from apps.core.permissions import editable_or_403, visible_or_404
from apps.core.text.formatting import exact, in_words
from apps.delivery.selectors.accounts import route_of
from apps.mailings.models import Channel, Delivery, Mailing, Recipient
from apps.mailings.selectors.mailings import MailingCard, cards_of, listed
from apps.mailings.selectors.recipients import customers_of
from apps.mailings.selectors.totals import totals_of
from apps.mailings.services import mailouts as service

router = Router(tags=["Mailouts (phone notifications)"])


def mailouts() -> OwnedQuerySet[Mailing]:
    """Mailings to phones that are not in the archive, with their figures."""
    rows = listed(Mailing.objects.filter(channel=Channel.PHONE, archived_at=None))
    return rows.select_related("owner", "message").prefetch_related("filter_tags")


def mailouts_out(mailings: Sequence[Mailing]) -> list[dict[str, Any]]:
    """The mailings in the words of these clients."""
    return [_body(card) for card in cards_of(mailings, now=timezone.now(), format_time=exact)]


def _body(card: MailingCard) -> dict[str, Any]:
    mailing = card.mailing
    return {
        "id": mailing.pk,
        "start_at": mailing.starts_at,
        "finish_at": mailing.ends_at,
        "text": service.text_of(mailing.message),
        "filter": {
            "operator_codes": mailing.filter_operator_codes,
            "tags": sorted(tag.name for tag in mailing.filter_tags.all()),
        },
        "local_from": mailing.local_from and mailing.local_from.isoformat(),
        "local_to": mailing.local_to and mailing.local_to.isoformat(),
        "tracking": mailing.tracking,
        "status": mailing.status,
        "reason": card.reason,
        "next_step": card.next_step,
    }


def _body_with_reason(pk: int, refusal: Refused | None = None) -> dict[str, Any]:
    """The mailout as it is now, and why it could not be started at this call."""
    (body,) = mailouts_out([mailouts().get(pk=pk)])
    return body | ({"reason": refusal.code, "next_step": str(refusal)} if refusal else {})


def _given(body: MailoutIn) -> service.Mailout:
    return service.Mailout(
        text=body.text,
        starts_at=body.start_at,
        ends_at=body.finish_at,
        operator_codes=body.filter.operator_codes,
        tags=list(dict.fromkeys(body.filter.tags)),
        local_from=time.fromisoformat(body.local_from) if body.local_from else None,
        local_to=time.fromisoformat(body.local_to) if body.local_to else None,
        tracking=body.tracking,
    )


def messages_of(mailing: Mailing) -> QuerySet[Delivery]:
    """All that this mailing has sent or was to send."""
    return Delivery.objects.filter(run_id__in=list(mailing.runs.values_list("pk", flat=True)))


def message_of(delivery: Delivery, mailing: Mailing) -> dict[str, Any]:
    """A delivery in the words of these clients."""
    return {
        "id": delivery.pk,
        "mailout_id": mailing.pk,
        "customer_id": delivery.recipient_id,
        "phone": delivery.address,
        "status": delivery.state,
        "status_at": delivery.changed_at,
        "tries": delivery.tries,
        "response": in_words(delivery.response),
    }


@router.get("/", response=answers({200: Page[MailoutOut]}), summary="List mailouts")
def list_mailouts(request: ApiRequest, query: Query[MailoutFilter]) -> dict[str, Any]:
    """One's own, newest first; for managers everybody's."""
    found = mailouts().visible_to(request.auth.user)
    if query.status:
        found = found.filter(status=query.status)
    page = page_of(found, query)
    return page | {"items": mailouts_out(page["items"])}


@router.post("/", response=answers({201: MailoutOut}, 400, 409), summary="Add a mailout")
def create_mailout(request: ApiRequest, given: MailoutIn) -> Status[dict[str, Any]]:
    """Inside its window it starts at once; before it, automatically at `start_at`."""
    owner, now = request.auth.user, timezone.now()
    account = route_of(channel=Channel.PHONE, account="", actor=owner)[1]
    mailing = service.add_mailout(owner=owner, given=_given(given), account=account, now=now)
    return Status(201, _body_with_reason(mailing.pk, service.set_going(mailing=mailing, now=now)))


@router.get("/status/stats", response=answers({200: MailoutStats}), summary="Sums over all")
def get_mailouts_stats(request: ApiRequest) -> dict[str, Any]:
    """How many mailouts there are, and what became of their messages."""
    mailings = listed(Mailing.objects.visible_to(request.auth.user).filter(channel=Channel.PHONE))
    totals = totals_of(mailings)
    known = dict(mailings.order_by().values_list("status").annotate(Count("pk")))
    by_status = {status: known.get(status, 0) for status in Mailing.Status.values}
    return {
        "mailouts": {"total": totals.mailings, **by_status},
        "total": sum(totals.counts.values()),
        "counts": totals.counts,
    }


@router.get("/{int:pk}", response=answers({200: MailoutOut}, 404), summary="One mailout")
def get_mailout(request: ApiRequest, pk: int) -> dict[str, Any]:
    return _body_with_reason(visible_or_404(mailouts(), request.auth.user, pk=pk).pk)


@router.put("/{int:pk}", response=answers({200: MailoutOut}, 400, 404, 409), summary="Replace it")
def update_mailout(request: ApiRequest, pk: int, given: MailoutIn) -> dict[str, Any]:
    """What is left out becomes empty. 409 while it is being sent.

    Paused (`POST /api/mailings/{id}/pause/`) its text and its end may change, for those who were
    not reached yet.
    """
    mailing = editable_or_403(mailouts(), request.auth.user, pk=pk)
    service.replace_mailout(mailing=mailing, given=_given(given), author=request.auth.user)
    return _body_with_reason(pk, service.set_going(mailing=mailing, now=timezone.now()))


@router.delete("/{int:pk}", response=answers({200: Removed}, 404, 409), summary="Delete it")
def delete_mailout(request: ApiRequest, pk: int) -> dict[str, int]:
    """It is stopped, and archived with its history; one that was never sent is really deleted."""
    mailing = editable_or_403(mailouts(), request.auth.user, pk=pk)
    deleted = service.remove_mailout(mailing=mailing, now=timezone.now())
    return {"deleted": int(deleted), "archived": int(not deleted)}


@router.post(
    "/{int:pk}/messages",
    response=answers({201: MailoutMessageOut}, 400, 404, 409),
    summary="Add one more",
)
def create_message(request: ApiRequest, pk: int, given: MailoutMessageIn) -> Status[dict[str, Any]]:
    """A message to one more customer, whom the filter need not match.

    Before the start it is remembered; from then on it is sent in the same run, until `finish_at`.
    """
    mailing = editable_or_403(mailouts(), request.auth.user, pk=pk)
    mine = customers_of(Recipient.objects.editable_by(request.auth.user))
    customer = mine.filter(pk=given.customer_id).first()
    if customer is None:
        text = _("You have no such customer.")
        raise ValidationError({"customer_id": ValidationError(text, code="unknown")})
    about(recipient_id=customer.pk)
    made = service.add_message(mailing=mailing, recipient=customer)
    if made is None:
        service.set_going(mailing=mailing, now=timezone.now())
        message = Delivery(recipient=customer, address=customer.phone or "")
    else:
        message = Delivery.objects.get(pk=made)
    return Status(201, message_of(message, mailing))


@router.get(
    "/{int:pk}/messages/stats",
    response=answers({200: MailoutMessageStats}, 404),
    summary="Its messages",
)
def get_message_stats(
    request: ApiRequest, pk: int, query: Query[MailoutMessageFilter]
) -> dict[str, Any]:
    """What became of the messages, summed up and one by one."""
    mailing = visible_or_404(mailouts(), request.auth.user, pk=pk)
    counts = totals_of(Mailing.objects.filter(pk=pk)).counts
    rows = messages_of(mailing)
    if query.status:
        rows = rows.filter(state=query.status)
    total = sum(counts.values())
    known = counts[query.status] if query.status else total
    page = page_of(rows, query, newest_first=False, known_count=known)
    return page | {
        "items": [message_of(row, mailing) for row in page["items"]],
        "mailout_id": pk,
        "mailout_status": mailing.status,
        "total": total,
        "counts": counts,
    }
