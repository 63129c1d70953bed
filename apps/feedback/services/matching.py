"""Match an event to its delivery, and say how well that is proved."""

from __future__ import annotations

import re
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


def find(tracking_event: TrackingEvent, now: datetime) -> Match | None:
    """The delivery: by a seal, by Message-ID, by the provider's id, by the address.

    A provider is believed about the letters that went by it, and about no others.
    """
    named = _by_name(tracking_event)
    if tracking_event.sealed is not None or named is not None:
        if named is None or not tracking_event.trusted:
            return named
        return named if _went_by(named.delivery, tracking_event.source) else None
    to = _to(tracking_event.recipient)
    if (
        tracking_event.trusted
        and (known := _by_remote_id(tracking_event.message_id, to)) is not None
    ):
        return Match(known, Proof.PROVIDER) if _went_by(known, tracking_event.source) else None
    recent = _rows().filter(
        recipient__in=to, channel="email", state__in=_OUT, changed_at__gt=now - _RECENT
    )
    last = recent.order_by("-pk").first()
    return Match(last, Proof.ADDRESS) if last else None


def _by_name(tracking_event: TrackingEvent) -> Match | None:
    """By what our letter carried."""
    proved = Proof.PROVIDER if tracking_event.trusted else None
    if tracking_event.sealed is not None:
        found = _rows().filter(pk=tracking_event.sealed).first()
        return Match(found, proved or Proof.SEAL) if found else None
    named = _by_message_id(tracking_event.message_id)
    if named is None or not (
        tracking_event.trusted or _same(named.address, tracking_event.recipient)
    ):
        return None
    return Match(named, proved or Proof.NAME)


def _went_by(delivery: Delivery, source: str) -> bool:
    """True if this provider may know of the message: not if another one's server sent it.

    A server that is nobody's known one may pass letters on to any provider.
    """
    if source not in PROVIDERS:
        return True  # the generic hook speaks for whatever has no adapter
    if delivery.channel != Channel.EMAIL:
        return False
    tries = Attempt.objects.filter(delivery=delivery, kind=Attempt.Kind.DELIVERY)
    hosts = {_host_of(name) for name in tries.values_list("account", flat=True)}
    return not hosts or bool(hosts & {"", source})


def _host_of(account: str) -> str:
    declared = settings.ACCOUNTS.get(account)
    return provider_of(declared.host) if declared else ""


def _rows() -> QuerySet[Delivery]:
    return Delivery.objects.only(*_NEEDED)


def _by_message_id(message_id: str) -> Delivery | None:
    ours = _OURS.fullmatch(message_id)
    return _rows().filter(pk=int(ours[1]), run__key=ours[2]).first() if ours else None


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
