"""Automations: their pages, the editor, their people."""

from __future__ import annotations

from typing import Any

from apps.automations.models import Automation
from tests.access.rules.types import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Endpoint
from tests.people import Cast

FORM = (LOGIN, LOGIN, 404, 200, 403)
STEPS = [{"key": "wait-1", "kind": "wait", "seconds": 3600}]


def automation(cast: Cast) -> dict[str, Any]:
    row, _new = Automation.objects.get_or_create(
        owner=cast.owner,
        name="Приветствие",
        defaults={"draft": {"trigger": {"kind": "manual"}, "steps": STEPS}},
    )
    return {"pk": row.pk}


def act(name: str) -> Any:
    return lambda cast: automation(cast) | {"act": name}


ENDPOINTS = {
    "automations:list": Endpoint(get=SEE, post=NO_WRITING),
    "automations:create": Endpoint(get=SEE, post=(LOGIN, LOGIN, 302, 302, 302)),
    "automations:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=automation),
    "automations:edit": Endpoint(get=FORM, post=ACT_POST, kwargs=automation),
    "automations:trigger": Endpoint(get=FORM, post=FORM, kwargs=automation),
    "automations:rules": Endpoint(get=FORM, post=FORM, kwargs=automation),
    "automations:step": Endpoint(
        get=FORM, post=FORM, kwargs=lambda cast: automation(cast) | {"key": "wait-1"}
    ),
    "automations:try": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=automation),
    "automations:people": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=automation),
    "automations:people_export": Endpoint(
        get=SEE_OWN, post=NO_WRITING, kwargs=lambda cast: automation(cast) | {"form": "csv"}
    ),
    "automations:people_act": Endpoint(
        get=ACT_GET,
        post=(LOGIN, LOGIN, 404, 404, 403),  # without a verb there is nothing to do
        kwargs=automation,
    ),
    "automations:recipients": Endpoint(
        get=ACT_GET,
        post=(LOGIN, LOGIN, 404, 404, 404),  # without a verb there is nothing to do
    ),
    "automations:enrol": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=automation),
    "automations:switch": Endpoint(
        get=ACT_GET, post=(LOGIN, LOGIN, 404, 403, 302), kwargs=automation
    ),
    "automations:ask": Endpoint(get=FORM, post=NO_WRITING, kwargs=act("activate")),
    "automations:act": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=act("duplicate")),
    "automations:of_recipient": Endpoint(
        get=SEE_OWN,
        post=NO_WRITING,
        kwargs=lambda cast: {"pk": cast.delivery.recipient_id},
    ),
}

COUNTS = {
    "/automations/": 4,
    "/automations/new/": 3,
}
