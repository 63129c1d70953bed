"""`/api/send`: one message to one recipient, and what became of a delivery."""

from dataclasses import asdict
from typing import Any

from django.http import Http404
from django.urls import reverse
from ninja import Router, Status

from apps.api.auth import ApiRequest
from apps.api.schemas.common import answers
from apps.api.schemas.sending import DeliveryDetail, SendIn, SendOut
from apps.core.logs.requests import about
from apps.core.models import OwnedQuerySet
from apps.core.permissions import editable_or_403, visible_or_404
from apps.delivery.accounts import AccountUnknown
from apps.delivery.selectors.accounts import route_of
from apps.mailings.models import Delivery, Message, Recipient, Trigger
from apps.mailings.models.audience import ADDRESS
from apps.mailings.selectors.engagement.deliveries import with_reactions
from apps.mailings.services.transactional import Address, TransactionalMessage, send_transactional

router = Router()


@router.post(
    "/send",
    response=answers({202: SendOut}, 400, 404, 409, 413),
    tags=["Sending"],
    summary="Send one message",
)
def send(request: ApiRequest, given: SendIn) -> Status[dict[str, Any]]:
    """To one recipient, now, past all mailings; within the same limits and in the same ledger.

    Refused at once, and nothing is kept, when it can be known that it cannot be sent.
    """
    living = Message.objects.filter(archived_at=None)
    message = editable_or_403(living, request.auth.user, pk=given.message)
    to = _to(request, given)
    by_address = to.channel if isinstance(to, Address) else ""
    try:
        channel, account = route_of(
            channel=given.channel or by_address,
            account=given.account or "",
            actor=request.auth.user,
        )
    except AccountUnknown as unknown:
        raise Http404 from unknown
    single = TransactionalMessage(
        message=message,
        to=to,
        channel=channel,
        account=account,
        fields=given.fields,
        expires_in=given.expires_in,
        purpose=given.purpose,
        sender_id=given.sender,
        files=[one.given() for one in given.files],
        tracking=given.tracking,
        tracking_text=given.tracking_text,
    )
    sent = send_transactional(message_request=single, trigger=Trigger.API)
    about(**{name: value for name, value in asdict(sent).items() if name.endswith("_id")})
    body = {name.removesuffix("_id"): value for name, value in asdict(sent).items()}
    return Status(202, body | {"url": reverse("api:get_delivery", args=[sent.delivery_id])})


def _to(request: ApiRequest, given: SendIn) -> Recipient | Address:
    if given.recipient is not None:
        return editable_or_403(Recipient.objects.all(), request.auth.user, pk=given.recipient)
    addresses = ((channel, getattr(given, name)) for channel, name in ADDRESS.items())
    return next(Address(channel, one) for channel, one in addresses if one is not None)


def living_deliveries() -> OwnedQuerySet[Delivery]:
    """Deliveries of mailings that are not in the archive."""
    rows: OwnedQuerySet[Delivery] = Delivery.objects.filter(run__mailing__archived_at=None)
    return rows.select_related("run").defer("run__content")


@router.get(
    "/deliveries/{int:pk}/",
    response=answers({200: DeliveryDetail}, 404),
    tags=["Runs"],
    summary="A delivery",
)
def get_delivery(request: ApiRequest, pk: int) -> Delivery:
    """What became of one recipient, and what is waited for."""
    found: Delivery = visible_or_404(with_reactions(living_deliveries()), request.auth.user, pk=pk)
    about(mailing_id=found.run.mailing_id, recipient_id=found.recipient_id)
    return found
