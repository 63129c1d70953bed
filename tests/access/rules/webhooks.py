"""Webhooks: one's own to change, a manager's to view."""

from __future__ import annotations

from typing import Any

from apps.api.webhooks.models import Webhook, WebhookCall
from tests.access.rules.types import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Endpoint
from tests.factories import WebhookCallFactory, WebhookFactory
from tests.people import Cast


def _webhook(cast: Cast) -> dict[str, Any]:
    found = Webhook.objects.filter(owner=cast.owner).first()
    return {"pk": (found or WebhookFactory.create(owner=cast.owner)).pk}


def _call(cast: Cast) -> dict[str, Any]:
    webhook = Webhook.objects.get(pk=_webhook(cast)["pk"])
    found = WebhookCall.objects.filter(webhook=webhook).first()
    return {"pk": (found or WebhookCallFactory.create(webhook=webhook)).pk}


ENDPOINTS = {
    # What is wrong in the form is shown on the same page.
    "webhooks:list": Endpoint(get=SEE, post=(LOGIN, LOGIN, 200, 200, 200)),
    "webhooks:detail": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=_webhook),
    "webhooks:rotate": Endpoint(get=ACT_GET, post=(LOGIN, LOGIN, 404, 200, 403), kwargs=_webhook),
    "webhooks:delete": Endpoint(get=(LOGIN, LOGIN, 404, 200, 403), post=ACT_POST, kwargs=_webhook),
    "webhooks:call": Endpoint(get=SEE_OWN, post=NO_WRITING, kwargs=_call),
    "webhooks:again": Endpoint(get=ACT_GET, post=ACT_POST, kwargs=_call),
}

COUNTS = {"/profile/webhooks/": 4}
