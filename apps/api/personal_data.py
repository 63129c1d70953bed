"""Answers that were kept for a repeated call, and may name a person."""

from __future__ import annotations

import json

from django.db.models import Q

from apps.api.models import IdempotentCall
from apps.core.personal_data import Person, PersonalData


class ApiData(PersonalData):
    """The call is not done twice all the same; only its answer lacks the addresses."""

    name = "answers"

    def erase(self, person: Person) -> int:
        if not person.spellings:
            return 0
        named = Q()
        for one in person.spellings:
            named |= Q(body__icontains=one)
        found = IdempotentCall.objects.filter(named, owner_id=person.owner_id)
        for call in found:
            call.body = json.dumps(person.cut_within(json.loads(call.body)))
            call.save(update_fields=["body"])
        return len(found)
