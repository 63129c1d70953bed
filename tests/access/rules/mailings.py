"""The form of mailings, and what is taken away from a run."""

from __future__ import annotations

from typing import Any

from tests.access.rules.recipients import FORM, NEW
from tests.access.rules.types import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Endpoint
from tests.factories import MailingFactory
from tests.people import Cast


def fresh(cast: Cast) -> dict[str, Any]:
    return {"pk": MailingFactory.create(owner=cast.owner).pk}


def delivery(cast: Cast) -> dict[str, Any]:
    return {"pk": cast.mailing.pk, "number": 1, "delivery_id": cast.delivery.pk}


ENDPOINTS = {
    "mailings:create": Endpoint(get=SEE, post=NEW),
    "mailings:frequency": Endpoint(get=SEE, post=(LOGIN, LOGIN, 200, 200, 200)),
    "mailings:frequency_figures": Endpoint(get=SEE, post=NO_WRITING),
    "mailings:count": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 200, 200, 200)),
    "mailings:totals": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 200, 200, 200)),
    "mailings:edit": Endpoint(get=FORM, post=FORM, kwargs=fresh),
    "mailings:review": Endpoint(get=FORM, post=NO_WRITING, kwargs=fresh),
    "mailings:delete": Endpoint(get=FORM, post=ACT_POST, kwargs=fresh),
    "mailings:restore": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=fresh),
    "mailings:duplicate": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=fresh),
    "mailings:run_export": Endpoint(
        get=SEE_OWN,
        post=NO_WRITING,
        kwargs=lambda cast: {"pk": cast.mailing.pk, "number": 1, "form": "csv"},
    ),
    "mailings:why": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=fresh),
    "mailings:run_why": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: {"pk": cast.mailing.pk, "number": 1}
    ),
    "mailings:delivery": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=delivery),
    "mailings:letter": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=delivery),
}

COUNTS = {"/mailings/new/": 18}
