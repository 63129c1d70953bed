"""Calls of webhooks that name a person: those that wait, and the last ones, kept for their page."""

from __future__ import annotations

import json

from django.db.models import Q

from apps.api.webhooks.models import WebhookCall
from apps.core.personal_data import Person, PersonalData
from apps.core.responses.stored import Response


class WebhooksData(PersonalData):
    """The events stay, without the addresses in them."""

    name = "webhook_calls"

    def erase(self, person: Person) -> int:
        if not person.spellings:
            return 0
        named = Q()
        for one in person.spellings:
            named |= Q(body__icontains=one) | Q(response__icontains=one)
        found = WebhookCall.objects.filter(named, webhook__owner_id=person.owner_id)
        for call in found:
            body = person.cut_within(json.loads(call.body))
            call.body = json.dumps(body, ensure_ascii=False)
            call.response = Response(person.cut(call.response)[:200])
            call.save(update_fields=["body", "response"])
        return len(found)
