"""`/api/events/`: what happened to a recipient elsewhere, for automations that begin or go on."""

from typing import Any

from django.http import Http404
from ninja import Router, Status

from apps.api.auth import ApiRequest
from apps.api.schemas.automations.enrolments import EventIn, EventOut
from apps.api.schemas.common import answers
from apps.automations.clock import database_now
from apps.automations.services.events import report_event
from apps.core.permissions import editable_or_403
from apps.core.values.addresses import NORMAL
from apps.mailings.models import Recipient

router = Router(tags=["Automations"])


def person_at(request: ApiRequest, email: str | None, phone: str | None) -> Recipient:
    """The caller's living recipient at this address. Raises Http404."""
    name, typed = ("email", email) if email is not None else ("phone", phone)
    normal = NORMAL[name](typed or "")
    rows = Recipient.objects.filter(archived_at=None).editable_by(request.auth.user)
    found = rows.filter(**{name: normal}).first() if normal is not None else None
    if found is None:
        raise Http404
    return found


@router.post(
    "/",
    response=answers({200: EventOut, 201: EventOut}, 400, 404),
    summary="Report an event",
)
def report_recipient_event(request: ApiRequest, given: EventIn) -> Status[dict[str, Any]]:
    """Automations that begin with this name take the recipient in; waits for it end.

    200: the key is known, and nothing happens again. 404: no recipient of yours has this address.
    """
    if given.recipient is not None:
        rows = Recipient.objects.filter(archived_at=None)
        recipient = editable_or_403(rows, request.auth.user, pk=given.recipient)
    else:
        recipient = person_at(request, given.email, given.phone)
    event, created = report_event(
        recipient=recipient,
        name=given.name,
        key=given.key,
        properties=given.properties,
        now=database_now(),
    )
    body = {
        "id": event.pk,
        "name": event.name,
        "recipient": event.recipient_id,
        "at": event.at,
        "created": created,
    }
    return Status(201 if created else 200, body)
