"""Webhooks: one's own to change, a manager's to look at."""

from __future__ import annotations

from typing import Any

from apps.api.webhooks.models import Webhook, WebhookCall
from tests.access.rules.words import ACT_GET, ACT_POST, LOGIN, NO_WRITING, SEE, SEE_OWN, Door
from tests.factories import WebhookCallFactory, WebhookFactory
from tests.people import Cast


def _webhook(cast: Cast) -> dict[str, Any]:
    found = Webhook.objects.filter(owner=cast.owner).first()
    return {"pk": (found or WebhookFactory.create(owner=cast.owner)).pk}


def _call(cast: Cast) -> dict[str, Any]:
    webhook = Webhook.objects.get(pk=_webhook(cast)["pk"])
    found = WebhookCall.objects.filter(webhook=webhook).first()
    return {"pk": (found or WebhookCallFactory.create(webhook=webhook)).pk}


DOORS = {
    # What is wrong in the form is shown on the same page.
    "webhooks:list": Door(get=SEE, post=(LOGIN, LOGIN, 200, 200, 200)),
    "webhooks:detail": Door(get=SEE_OWN, post=NO_WRITING, kwargs=_webhook),
    "webhooks:rotate": Door(get=ACT_GET, post=(LOGIN, LOGIN, 404, 200, 403), kwargs=_webhook),
    "webhooks:delete": Door(get=(LOGIN, LOGIN, 404, 200, 403), post=ACT_POST, kwargs=_webhook),
    "webhooks:call": Door(get=SEE_OWN, post=NO_WRITING, kwargs=_call),
    "webhooks:again": Door(get=ACT_GET, post=ACT_POST, kwargs=_call),
}

COUNTS = {"/profile/webhooks/": 5}
