"""What came in about a person: events of deliveries, sign-ups, and links to connect messengers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from apps.core.personal_data import Person, PersonalData, Row
from apps.feedback.models import Event, MessengerLink, PublicLink, Signup
from apps.feedback.services.signups import states
from apps.feedback.services.signups.receive import OPEN

#: Facts of an event in which a source may name the person.
_WORDS: Final = frozenset({"recipient", "words"})


class FeedbackData(PersonalData):
    """Events, sign-ups and links. Of an event its kind and its codes stay."""

    name = "events"

    def erase(self, person: Person) -> int:
        count = 0
        for event in _events(person):
            facts = without_person(person.cut_within(event.facts))
            Event.objects.filter(pk=event.pk).update(facts=facts)
            count += 1
        MessengerLink.objects.filter(recipient_id=person.recipient_id).delete()
        PublicLink.objects.filter(recipient_id=person.recipient_id).delete()
        for signup in _signups(person):  # the figures of its form stay, and add up
            expired = Signup.State.EXPIRED
            states.move(signup=signup, out_of=OPEN, into=expired, now=timezone.now())
            signup.delete()
            count += 1
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
        return {"reactions": rows, "sign_ups": [_copied(row) for row in _signups(person)]}


def _events(person: Person) -> Any:
    """Of the person's deliveries, and those about their addresses that belong to no delivery."""
    emails = [address for channel, address in person.addresses if channel == "email"]
    stray = Q(delivery=None, facts__recipient__in=emails)
    found = Q(delivery__recipient_id=person.recipient_id) | stray
    return Event.objects.filter(found).order_by("pk").iterator(chunk_size=500)


def _signups(person: Person) -> list[Signup]:
    emails = [address for channel, address in person.addresses if channel == "email"]
    of_owner = Signup.objects.filter(form__owner_id=person.owner_id)
    mine = Q(recipient_id=person.recipient_id) | Q(address__in=emails)
    return list(of_owner.filter(mine).select_related("form", "version").order_by("pk"))


def _copied(signup: Signup) -> Row:
    return {
        "form": signup.form.title,
        "version": signup.version.number,
        "address": signup.address,
        "state": signup.state,
        "received": signup.received_at,
        "confirmed": signup.settled_at if signup.state == Signup.State.CONFIRMED else None,
        "fields": signup.typed,
        "language": signup.language,
        "ip": signup.ip,
        "browser": signup.user_agent,
        "page": signup.page,
    }


def without_person(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an event about somebody erased: whatever the source said in words goes."""
    return {**facts, **dict.fromkeys(_WORDS & facts.keys(), "")}
