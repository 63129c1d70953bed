"""Match events to their deliveries, and say how well that is proved."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.conf import settings
from django.db.models import QuerySet

from apps.delivery.channels.email.providers import provider_of
from apps.feedback.providers import PROVIDERS
from apps.feedback.tracking_event import TrackingEvent
from apps.mailings.models import Attempt, Channel, Delivery, Recipient
from apps.users.models import User

#: ``<delivery id>.<run key>@…`` (apps/delivery/channels/email/compile.py).
_OURS = re.compile(r"<?(\d{1,18})\.([0-9a-f]{6,16})@[^\s>]+>?")
#: The shortest name of a provider for a letter that is looked for in the attempts.
_SHORTEST: Final = 8
#: An event without any reference is matched to a delivery of the last days, and no more.
_RECENT: Final = timedelta(days=7)
_OUT: Final = (Delivery.State.SENDING, Delivery.State.SENT, Delivery.State.UNKNOWN)


#: The columns with which an event is applied.
_NEEDED: Final = ("run_id", "recipient_id", "channel", "address")


class Proof(StrEnum):
    """How well it is known that the event is about this delivery, and true."""

    PROVIDER = "provider"  # a source that has proved who it is, about a letter that went by it
    SEAL = "seal"  # a token of ours that only this letter carried
    NAME = "name"  # the letter's Message-ID: every recipient of the run can compute it
    ADDRESS = "address"  # only the address: anybody can write that


@dataclass(frozen=True, slots=True)
class Match:
    """A delivery, and the proof."""

    delivery: Delivery
    proof: Proof


def find_all(events: Sequence[TrackingEvent], now: datetime) -> list[Match | None]:
    """The delivery of each: by a seal, by Message-ID, by the provider's id, by the address.

    A provider is believed about the letters that went by it, and about no others.
    """
    named = _named(events)
    trusted = [
        (found.delivery, event.source)
        for event, found in zip(events, named, strict=True)
        if event.trusted and found is not None
    ]
    hosts = _hosts([delivery.pk for delivery, source in trusted if source in PROVIDERS])
    return [
        _checked(event, found, hosts) if _is_named(event, found) else _unnamed(event, now)
        for event, found in zip(events, named, strict=True)
    ]


def _is_named(event: TrackingEvent, found: Match | None) -> bool:
    return event.sealed is not None or found is not None


def _checked(
    event: TrackingEvent, found: Match | None, hosts: Mapping[int, set[str]]
) -> Match | None:
    if found is None or not event.trusted:
        return found
    return found if _went_by(found.delivery, event.source, hosts) else None


def _unnamed(event: TrackingEvent, now: datetime) -> Match | None:
    """By what the provider calls it, or by the address alone."""
    to = _to(event.recipient)
    if event.trusted and (known := _by_remote_id(event.message_id, to)) is not None:
        by = event.source in PROVIDERS
        hosts = _hosts([known.pk]) if by else {}
        return Match(known, Proof.PROVIDER) if _went_by(known, event.source, hosts) else None
    recent = _rows().filter(
        recipient__in=to, channel="email", state__in=_OUT, changed_at__gt=now - _RECENT
    )
    last = recent.order_by("-pk").first()
    return Match(last, Proof.ADDRESS) if last else None


def _named(events: Sequence[TrackingEvent]) -> list[Match | None]:
    """By what our letters carried: one query for all of them."""
    ours = [_OURS.fullmatch(event.message_id) for event in events]
    ids = {event.sealed for event in events} | {int(one[1]) for one in ours if one}
    rows = Delivery.objects.select_related("run").only(*_NEEDED, "run__key")
    known = rows.in_bulk([number for number in ids if number is not None])
    return [
        _sealed(event, known) if event.sealed is not None else _by_message_id(event, one, known)
        for event, one in zip(events, ours, strict=True)
    ]


def _sealed(event: TrackingEvent, known: Mapping[int, Delivery]) -> Match | None:
    found = known.get(event.sealed or 0)
    proof = Proof.PROVIDER if event.trusted else Proof.SEAL
    return Match(found, proof) if found else None


def _by_message_id(
    event: TrackingEvent, ours: re.Match[str] | None, known: Mapping[int, Delivery]
) -> Match | None:
    named = known.get(int(ours[1])) if ours else None
    if ours is None or named is None or named.run.key != ours[2]:
        return None
    if not event.trusted and not _same(named.address, event.recipient):
        return None
    return Match(named, Proof.PROVIDER if event.trusted else Proof.NAME)


def _went_by(delivery: Delivery, source: str, hosts: Mapping[int, set[str]]) -> bool:
    """True if this provider may know of the message: not if another one's server sent it.

    A server that is nobody's known one may pass letters on to any provider.
    """
    if source not in PROVIDERS:
        return True  # the generic hook speaks for whatever has no adapter
    if delivery.channel != Channel.EMAIL:
        return False
    by = hosts.get(delivery.pk)
    return not by or bool(by & {"", source})


def _hosts(deliveries: Sequence[int]) -> dict[int, set[str]]:
    """The providers whose servers these deliveries went by, as far as they are known."""
    found: dict[int, set[str]] = defaultdict(set)
    if not deliveries:
        return found
    tries = Attempt.objects.filter(delivery__in=deliveries, kind=Attempt.Kind.DELIVERY)
    for number, account in tries.values_list("delivery_id", "account").distinct():
        found[number or 0].add(_host_of(account))
    return found


def _host_of(account: str) -> str:
    declared = settings.ACCOUNTS.get(account)
    return provider_of(declared.host) if declared else ""


def _rows() -> QuerySet[Delivery]:
    return Delivery.objects.only(*_NEEDED)


def _to(address: str) -> list[int]:
    """Everybody's recipients with this address; an owner's index is asked for each owner."""
    if not address:
        return []
    owners = list(User.objects.values_list("pk", flat=True))
    rows = Recipient.objects.filter(owner_id__in=owners, email=address.lower())
    return list(rows.values_list("pk", flat=True)[:100])


def _by_remote_id(remote_id: str, recipients: list[int]) -> Delivery | None:
    """By the id that the provider gave the letter when it took it on."""
    if len(remote_id) < _SHORTEST or not recipients:
        return None
    name = remote_id.strip("<>")
    rows = Attempt.objects.filter(
        delivery__recipient_id__in=recipients,
        kind=Attempt.Kind.DELIVERY,
        response__contains=name,
    ).values_list("delivery_id", "response")
    whole = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    for delivery_id, response in rows.order_by("-pk")[:20]:
        if whole.search(response):
            return _rows().filter(pk=delivery_id).first()
    return None


def _same(address: str, reported: str) -> bool:
    return bool(address) and address.lower() == reported.strip("<>").lower()
