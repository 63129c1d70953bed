"""The form of mailings, and what is taken away from a run."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.mailings.models import DeliveryFile
from apps.mailings.personal_files.store import keep
from tests.access.rules.recipients import FORM, NEW
from tests.access.rules.types import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Endpoint
from tests.factories import MailingFactory, RunFactory
from tests.people import Cast


def fresh(cast: Cast) -> dict[str, Any]:
    return {"pk": MailingFactory.create(owner=cast.owner).pk}


def ended_run(cast: Cast) -> dict[str, Any]:
    run = RunFactory.create(
        mailing=MailingFactory.create(owner=cast.owner),
        state="done",
        outcome="success",
        finished_at=timezone.now(),
        content={"tracking": "persons"},
    )
    return {"pk": run.mailing_id, "number": 1}


def delivery(cast: Cast) -> dict[str, Any]:
    return {"pk": cast.mailing.pk, "number": 1, "delivery_id": cast.delivery.pk}


def delivery_file(cast: Cast) -> dict[str, Any]:
    data = b"hi"
    DeliveryFile.objects.get_or_create(
        run=cast.delivery.run,
        delivery=cast.delivery,
        number=0,
        defaults={
            **{"name": "a.txt", "content_type": "text/plain", "state": "ready"},
            **{"size": len(data), "sha256": keep(data), "changed_at": timezone.now()},
        },
    )
    return {**delivery(cast), "file_number": 0}


ENDPOINTS = {
    "mailings:create": Endpoint(get=SEE, post=NEW),
    "mailings:frequency": Endpoint(get=SEE, post=(LOGIN, LOGIN, 200, 200, 200)),
    "mailings:frequency_figures": Endpoint(get=SEE, post=NO_WRITING),
    "mailings:archive": Endpoint(get=SEE, post=(LOGIN, LOGIN, 200, 200, 200)),
    "mailings:publish": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=fresh),
    "mailings:count": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 200, 200, 200)),
    "mailings:totals": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 200, 200, 200)),
    "mailings:edit": Endpoint(get=FORM, post=FORM, kwargs=fresh),
    "mailings:review": Endpoint(get=FORM, post=NO_WRITING, kwargs=fresh),
    "mailings:delete": Endpoint(get=FORM, post=ACT_POST, kwargs=fresh),
    "mailings:decline_start": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=fresh),
    "mailings:restore": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=fresh),
    "mailings:duplicate": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=fresh),
    "mailings:run_export": Endpoint(
        get=SEE_OWN,
        post=NO_WRITING,
        kwargs=lambda cast: {"pk": cast.mailing.pk, "number": 1, "form": "csv"},
    ),
    # What a feed needs is not given: its form is shown again.
    "mailings:experiment": Endpoint(get=SEE_OWN, post=(LOGIN, LOGIN, 404, 200, 403), kwargs=fresh),
    "mailings:feed": Endpoint(get=SEE_OWN, post=(LOGIN, LOGIN, 404, 200, 403), kwargs=fresh),
    "mailings:languages": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=fresh),
    "mailings:why": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=fresh),
    "mailings:run_why": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: {"pk": cast.mailing.pk, "number": 1}
    ),
    # What is written is not given: the form is shown again.
    "mailings:again": Endpoint(get=FORM, post=(LOGIN, LOGIN, 404, 200, 403), kwargs=ended_run),
    "mailings:delivery": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=delivery),
    "mailings:letter": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=delivery),
    "mailings:delivery_file": Endpoint(get=FORM, post=NO_WRITING, kwargs=delivery_file),
}

COUNTS = {
    "/mailings/new/": 19,
    "/mailings/archive/": 5,
    "/mailings/{pk}/feed/": 5,
    "/mailings/{pk}/experiment/": 8,
}
