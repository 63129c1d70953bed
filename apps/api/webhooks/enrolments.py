"""Events of automations, from the rows that keep them. Only reads."""

from __future__ import annotations

from typing import Final

from apps.api.webhooks.models import Webhook
from apps.api.webhooks.people import Event
from apps.automations.models import Enrolment, EnrolmentEvent

Kind = EnrolmentEvent.Kind

_TYPES: Final = {kind.value: f"automation.{kind.value}" for kind in Kind}


def somebody_listens(owner_id: int) -> bool:
    """Does a webhook of this owner receive automations? A paused one goes on some day."""
    return Webhook.objects.filter(owner_id=owner_id, automations=True).exists()


def enrolments_of(webhook: Webhook, *, bound: int, limit: int) -> tuple[list[Event], int]:
    """The next ones for this webhook up to the id ``bound``, and where it stands after them."""
    cursor = webhook.enrolment_cursor
    if not webhook.automations:
        return [], max(cursor, bound)
    if limit <= 0 or cursor >= bound:
        return [], cursor
    rows = EnrolmentEvent.objects.filter(owner_id=webhook.owner_id, pk__gt=cursor, pk__lte=bound)
    found = list(rows.order_by("pk")[:limit])
    return _events(found), found[-1].pk if len(found) == limit else bound


def _events(rows: list[EnrolmentEvent]) -> list[Event]:
    """What was deleted meanwhile is no event."""
    named = Enrolment.objects.filter(pk__in={row.enrolment_id for row in rows})
    related = named.select_related("automation", "version", "recipient")
    known = {one.pk: one for one in related}
    return [_event(row, known[row.enrolment_id]) for row in rows if row.enrolment_id in known]


def _event(row: EnrolmentEvent, one: Enrolment) -> Event:
    person = one.recipient
    data = {
        "automation": one.automation_id,
        "automation_name": one.automation.name,
        "version": one.version.number,
        "enrolment": one.pk,
        "recipient": one.recipient_id,
        "address": person.addresses[0][1] if person is not None and person.addresses else "",
    }
    if row.kind != Kind.ENTERED:
        data |= {"step": row.step, "name" if row.kind == Kind.CALLED else "reason": row.word}
    return {
        "id": f"enrolment-{row.pk}",
        "type": _TYPES[row.kind],
        "at": row.at.isoformat(),
        "data": data,
    }
