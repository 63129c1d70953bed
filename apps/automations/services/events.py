"""Events that programs report: kept once, and begun with at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import CharField, Value

from apps.automations.enrolling import enrol, entrance_of
from apps.automations.models import Automation, AutomationEvent, Enrolment
from apps.mailings.models import Recipient

log = structlog.get_logger(__name__)


def report_event(
    *,
    recipient: Recipient,
    name: str,
    key: str = "",
    properties: Mapping[str, Any] | None = None,
    now: datetime,
) -> tuple[AutomationEvent, bool]:
    """Keep the event and let the recipient into every automation that begins with it.

    A wait until it is over at once. With a key that is known nothing happens again; returns
    the event, and whether it is new.
    """
    known = AutomationEvent.objects.filter(owner_id=recipient.owner_id, key=key)
    event = AutomationEvent(
        owner_id=recipient.owner_id,
        recipient=recipient,
        name=name,
        key=key,
        properties=dict(properties or {}),
        at=now,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                event.save()
        except IntegrityError:
            return known.get(), False
        _begin(event, now)
        _wake(event, now)
    log.info("event_reported", name=name, recipient_id=recipient.pk)
    return event, True


def _begin(event: AutomationEvent, now: datetime) -> None:
    active = Automation.objects.filter(owner_id=event.owner_id, state__in=("active", "paused"))
    trigger = {"kind": "event", "name": event.name}
    rows = active.filter(is_active=True, version__definition__trigger=trigger)
    cause = Value(f"event:{event.pk}", output_field=CharField())
    people = Recipient.objects.filter(pk=event.recipient_id).annotate(cause=cause)
    for automation in rows.select_related("version").order_by("pk"):
        entrance = entrance_of(automation)
        if entrance is not None:
            enrol(entrance, people, now=now)


def _wake(event: AutomationEvent, now: datetime) -> None:
    """Waits with an end of their own ask about it now."""
    waiting = Enrolment.objects.filter(
        recipient_id=event.recipient_id, state=Enrolment.State.WAITING, until__isnull=False
    )
    waiting.filter(due_at__gt=now, step__fields__until__event=event.name).update(due_at=now)
