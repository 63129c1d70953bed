"""Tools of these tests: a run with letters, and what is done with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.feedback.engagement.ingest import ingest
from apps.feedback.engagement.reaction import NO_LINK, Kind, Reaction
from apps.mailings.models import Delivery, Run, TrackedLink
from tests.factories import DeliveryFactory, RunFactory

NOW = timezone.now()
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0"
APPLE = "Mozilla/5.0"


def sent_run(count: int = 1, **fields: Any) -> tuple[Run, list[Delivery]]:
    """A run that is done, with three measured links in its letters."""
    run = RunFactory.create(**{"state": "done", "sent": count} | fields)
    TrackedLink.objects.bulk_create(
        TrackedLink(run=run, version=1, number=at, address=f"https://shop.example.org/{at}")
        for at in (1, 2, 3)
    )
    return run, DeliveryFactory.create_batch(
        count, run=run, state="sent", sent_at=NOW - timedelta(hours=1)
    )


def reaction(
    delivery: Delivery, kind: Kind = "open", number: int = NO_LINK, **more: Any
) -> Reaction:
    """Something that was done with this letter."""
    facts: dict[str, Any] = {"at": NOW, "user_agent": THUNDERBIRD, **more}
    return Reaction(
        kind=kind,
        delivery_id=delivery.pk,
        run_id=delivery.run_id,
        version=1,
        number=number,
        **facts,
    )


def opened(delivery: Delivery, **more: Any) -> Reaction:
    return reaction(delivery, **more)


def clicked(delivery: Delivery, number: int = 1, **more: Any) -> Reaction:
    return reaction(delivery, "click", number, **more)


def take(*reactions: Reaction, now: datetime = NOW) -> None:
    ingest(reactions, now)


def terms(run: Run) -> tuple[int, int, int, int]:
    """Persons, unclear, machines; and of the persons those who followed a link."""
    run.refresh_from_db()
    return (run.engaged_person, run.engaged_unclear, run.engaged_machine, run.engaged_clicked)
