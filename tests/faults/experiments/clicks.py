"""Persons of a sample who follow links, without a letter or a browser."""

from __future__ import annotations

from django.db.models import F
from django.utils import timezone

from apps.mailings.models import Delivery, Engagement, Run


def clicked(run: Run, version: int, count: int) -> None:
    """So many persons of the sample have followed a link of this version."""
    rows = Delivery.objects.filter(run=run, state="sent", content_version=version)
    now = timezone.now()
    made = Engagement.objects.bulk_create(
        Engagement(
            run=run,
            recipient_id=row.recipient_id,
            delivery_id=row.pk,
            term="person",
            opened_at=now,
            clicked_at=now,
            clicks=1,
        )
        for row in rows.order_by("pk")[:count]
    )
    Run.objects.filter(pk=run.pk).update(
        engaged_person=F("engaged_person") + len(made),
        engaged_clicked=F("engaged_clicked") + len(made),
    )
