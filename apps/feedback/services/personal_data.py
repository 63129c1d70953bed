"""What came back about a person: the events of their deliveries, and links to connect Telegram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from apps.core.personal_data import Person, PersonalData, Row
from apps.feedback.models import Event, PublicLink, Signup, TelegramLink
from apps.feedback.services.signups import states

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
        _forget_signups(person)
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


def _forget_signups(person: Person) -> None:
    """Delete what the person typed into forms. The figures of the forms stay whole."""
    emails = [address for channel, address in person.addresses if channel == "email"]
    same = Q(form__owner_id=person.owner_id, address__in=emails)
    for signup in Signup.objects.filter(Q(recipient_id=person.recipient_id) | same):
        is_open = [Signup.State.WAITING, Signup.State.HELD]
        states.move(signup=signup, out_of=is_open, into=Signup.State.EXPIRED, now=timezone.now())
        signup.delete()


def without_person(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an event about somebody erased: whatever the source said in words goes."""
    return {**facts, **dict.fromkeys(_WORDS & facts.keys(), "")}
