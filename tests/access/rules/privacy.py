"""Erasures, copies of personal data, inactive subscribers and what is kept for a time."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from apps.mailings.models import ErasureRequest, SunsetPolicy
from apps.mailings.services.privacy import erasure, personal_data
from tests.access.rules.recipients import FORM, recipient
from tests.access.rules.types import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Endpoint
from tests.factories import RecipientFactory
from tests.people import Cast


def asked(cast: Cast) -> dict[str, Any]:
    person = RecipientFactory.create(owner=cast.owner)
    found = erasure.ask(recipient=person, by="owner", actor="anna", now=timezone.now())
    return {"pk": found.pk}


def done(cast: Cast) -> dict[str, Any]:
    erasure.carry_out(request_id=asked(cast)["pk"], now=timezone.now())
    return {"pk": ErasureRequest.objects.latest("pk").pk}


def copied(cast: Cast) -> dict[str, Any]:
    person = RecipientFactory.create(owner=cast.owner)
    copy = personal_data.ask_for_copy(recipient=person, actor="anna", now=timezone.now())
    personal_data.make(copy.pk)
    return {"pk": person.pk, "number": copy.pk}


def policy(cast: Cast) -> dict[str, Any]:
    return {"pk": SunsetPolicy.objects.get_or_create(owner=cast.owner)[0].pk}


ENDPOINTS = {
    "privacy:erasures": Endpoint(get=SEE, post=NO_WRITING),
    "privacy:retention": Endpoint(
        get=(LOGIN, LOGIN, 403, 403, 200), post=(LOGIN, LOGIN, 403, 403, 405)
    ),
    "privacy:sunsets": Endpoint(get=SEE, post=(LOGIN, LOGIN, 200, 200, 200)),
    "privacy:sunset": Endpoint(get=SEE_OWN, post=ACT_POST, kwargs=policy),
    "privacy:allow": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 404, 404, 404)),
    "privacy:erasure": Endpoint(get=SEE_OWN, post=ACT_POST, kwargs=asked),
    "privacy:certificate": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=done),
    "privacy:data": Endpoint(get=FORM, post=ACT_POST, kwargs=recipient),
    "privacy:copy": Endpoint(get=(LOGIN, LOGIN, 404, 200, 403), post=NO_WRITING, kwargs=copied),
    "privacy:erase": Endpoint(get=FORM, post=ACT_POST, kwargs=recipient),
}

COUNTS = {"/recipients/erasures/": 4}
