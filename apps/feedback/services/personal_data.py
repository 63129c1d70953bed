"""What came back about a person: the events of their deliveries, and links to connect Telegram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Q

from apps.core.personal_data import Person, PersonalData, Row
from apps.feedback.models import Event, PublicLink, TelegramLink

#: Facts of an event in which a source may name the person.
_WORDS: Final = frozenset({"recipient", "words"})


class FeedbackData(PersonalData):
    """Events and links. Of an event its kind and its codes stay."""

    name = "events"

    def erase(self, person: Person) -> int:
        count = 0
        for event in _events(person):
            facts = without_person(person.cut_within(event.facts))
            Event.objects.filter(pk=event.pk).update(facts=facts)
            count += 1
        TelegramLink.objects.filter(recipient_id=person.recipient_id).delete()
        PublicLink.objects.filter(recipient_id=person.recipient_id).delete()
        return count

    def copied(self, person: Person) -> Mapping[str, Sequence[Row]]:
        rows = [
            {
                "delivery": event.delivery_id,
                "what": event.kind,
                "received": event.received_at,
                "source": event.provider,
            }
            for event in _events(person)
        ]
        return {"reactions": rows}


def _events(person: Person) -> Any:
    """Of the person's deliveries, and those about their addresses that belong to no delivery."""
    emails = [address for channel, address in person.addresses if channel == "email"]
    stray = Q(delivery=None, facts__recipient__in=emails)
    found = Q(delivery__recipient_id=person.recipient_id) | stray
    return Event.objects.filter(found).order_by("pk").iterator(chunk_size=500)


def without_person(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an event about somebody erased: whatever the source said in words goes."""
    return {**facts, **dict.fromkeys(_WORDS & facts.keys(), "")}
