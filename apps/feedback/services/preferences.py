"""The page of preferences: who stands at it by which link, what it may show, and what is done.

A link in a letter opens no data, for letters are forwarded: addresses are masked. Where the address
of the letter is no longer the person's, it only stops what goes to that address.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from apps.feedback.models import PublicLink
from apps.feedback.services import unsubscribe as by_address
from apps.mailings.links import UNDO, sealed, unsealed
from apps.mailings.models import Channel, Consent, Delivery, MailingList, Recipient, Subscription
from apps.mailings.models.audience import ADDRESS
from apps.mailings.services.permission import preferences
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import (
    has_left,
    subscribe,
    unsubscribe,
    unsubscribe_all,
)

Status = Subscription.Status


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who stands at the page: the person of a letter or of a fresh link.

    ``delivery`` is the letter, ``list_ids`` are the lists it was written to. ``knows`` is False
    where the letter's address is no longer the person's: then only that address is dealt with.
    """

    recipient: Recipient
    delivery: Delivery | None
    list_ids: tuple[int, ...]
    sender: str
    address: str
    knows: bool


@dataclass(frozen=True, slots=True)
class ListChoice:
    """A list that the page offers, and how the person stands to it."""

    id: int
    title: str
    description: str
    status: str

    @property
    def on(self) -> bool:
        return self.status == Status.SUBSCRIBED


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """A kind of address that the person has, and whether it is written to."""

    channel: str
    label: str
    address: str
    open: bool
    #: Closed for a reason that is not the person's own word: it stays so.
    fixed: bool


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person has filled in. None: it was not asked, or stays as it is."""

    lists: frozenset[int]
    channels: frozenset[str] | None
    language: str
    every_days: int | None
    pause_weeks: int | None
    unmeasured: bool | None = None


def visitor_of_delivery(delivery_id: int) -> Visitor | None:
    """The person of this letter; None when its delivery no longer exists."""
    rows = Delivery.objects.select_related("run__mailing", "recipient")
    delivery = rows.filter(pk=delivery_id).first()
    if delivery is None:
        return None
    person, rule = delivery.recipient, delivery.run.rule or {}
    present = getattr(person, ADDRESS[delivery.channel])
    same = bool(delivery.address) and str(present or "").lower() == delivery.address.lower()
    return Visitor(
        recipient=person,
        delivery=delivery,
        list_ids=tuple(rule.get("lists") or ()),
        sender=by_address.sender_of(delivery.run.account),
        address=by_address.masked(delivery),
        knows=same and person.archived_at is None,
    )


def visitor_of_link(link: PublicLink) -> Visitor:
    """The person who has asked for this fresh link."""
    person = link.recipient
    shown = by_address.masked_address(Channel.EMAIL, person.email or "")
    sender = by_address.sender_of("")
    return Visitor(person, None, (), sender=sender, address=shown, knows=True)


def choices_of(visitor: Visitor) -> list[ListChoice]:
    """The owner's public lists in use, and the private ones that the person is on."""
    person = visitor.recipient
    rows = Subscription.objects.filter(recipient=person)
    status = {row.list_id: row.status for row in rows}
    found = MailingList.objects.filter(owner_id=person.owner_id, archived_at=None)
    return [
        ListChoice(one.pk, one.title, one.description, status.get(one.pk, ""))
        for one in found
        if one.visibility == MailingList.Visibility.PUBLIC
        or status.get(one.pk) in (Status.SUBSCRIBED, Status.UNCONFIRMED)
    ]


def channels_of(visitor: Visitor) -> list[ChannelChoice]:
    """The kinds of address that the person has."""
    found = []
    for channel, address in visitor.recipient.addresses:
        shown = by_address.masked_address(channel, address)
        owner = visitor.recipient.owner_id
        reason = by_address.reason_of(owner_id=owner, channel=channel, address=address)
        fixed = reason not in ("", "unsubscribed")
        label = str(Channel(channel).label)
        found.append(ChannelChoice(channel, label, shown, not reason, fixed))
    return found


def of_letter(visitor: Visitor) -> list[Subscription]:
    """The person's subscriptions to the lists that the letter was written to."""
    rows = Subscription.objects.filter(recipient=visitor.recipient, list__in=visitor.list_ids)
    return list(rows.select_related("list").order_by("list__position", "list__title", "pk"))


@transaction.atomic
def leave(visitor: Visitor, evidence: Evidence, now: datetime) -> str:
    """Stop what the letter is part of: all of its lists that the person is on, else its address.

    Idempotent. Returns the token by which it is undone, empty when there is nothing to undo.
    """
    delivery = visitor.delivery
    assert delivery is not None
    if not visitor.knows:
        by_address.unsubscribe(delivery_id=delivery.pk)
        return ""
    rows = of_letter(visitor)
    if rows:
        lists = [row.list for row in rows]
        if unsubscribe(recipient=visitor.recipient, lists=lists, evidence=evidence, now=now):
            by_address.record_event(delivery.pk)
            return _undo_token(visitor, now)
        return ""
    closed = preferences.close_channel(
        recipient=visitor.recipient, channel=delivery.channel, evidence=evidence
    )
    if closed is None:
        return ""
    by_address.record_event(delivery.pk)
    return sealed(UNDO, closed.pk)


@transaction.atomic
def leave_all(visitor: Visitor, evidence: Evidence, now: datetime) -> str:
    """Stop everything that the owner sends to the person. Returns the token to undo it."""
    before = Consent.objects.filter(recipient=visitor.recipient).count()
    unsubscribe_all(recipient=visitor.recipient, evidence=evidence, now=now)
    if Consent.objects.filter(recipient=visitor.recipient).count() == before:
        return ""
    if visitor.delivery is not None:
        by_address.record_event(visitor.delivery.pk)
    return _undo_token(visitor, now)


@transaction.atomic
def come_back(visitor: Visitor, evidence: Evidence) -> bool:
    """Write to the letter's address again, which the person had closed."""
    delivery = visitor.delivery
    assert delivery is not None
    by_address.forget_event(delivery.pk)
    if not visitor.knows:
        return by_address.resubscribe(delivery_id=delivery.pk)
    channel = delivery.channel
    return preferences.open_channel(recipient=visitor.recipient, channel=channel, evidence=evidence)


@transaction.atomic
def undo(visitor: Visitor, token: str, evidence: Evidence, now: datetime) -> bool:
    """Take back what has just been stopped. False when it is too late, or the token is forged."""
    number = unsealed(UNDO, token)
    if number is None:
        return False
    done = preferences.undo(
        recipient=visitor.recipient, consent_id=number, evidence=evidence, now=now
    )
    if done and visitor.delivery is not None:
        by_address.forget_event(visitor.delivery.pk)
    return done


@transaction.atomic
def save(visitor: Visitor, wishes: Wishes, evidence: Evidence, now: datetime) -> None:
    """Put into effect what the person has filled in; what is as before changes nothing.

    All of it at once: who changes from one list to another is on one of them at every moment, and
    no run that is being sent finds the person on none.
    """
    person, left = visitor.recipient, has_left(visitor.recipient)
    came = _save_lists(visitor, wishes.lists, evidence, now)
    if wishes.channels is not None and not (left and came):  # coming back has opened them all
        _save_channels(visitor, wishes.channels, evidence)
    preferences.change(
        recipient=person,
        language=wishes.language,
        every_days=wishes.every_days,
        evidence=evidence,
    )
    if wishes.unmeasured is not None:
        preferences.measure(recipient=person, allowed=not wishes.unmeasured, evidence=evidence)
    if wishes.pause_weeks is not None:
        preferences.pause(recipient=person, weeks=wishes.pause_weeks, evidence=evidence, now=now)


def _save_channels(visitor: Visitor, chosen: frozenset[str], evidence: Evidence) -> None:
    given: dict[str, Any] = {"recipient": visitor.recipient, "evidence": evidence}
    for one in channels_of(visitor):
        wanted = one.channel in chosen
        if wanted and not one.open and not one.fixed:
            preferences.open_channel(channel=one.channel, **given)
        elif one.open and not wanted:
            preferences.close_channel(channel=one.channel, **given)


def _save_lists(visitor: Visitor, chosen: Iterable[int], evidence: Evidence, now: datetime) -> bool:
    """Put the lists on and off as chosen. True when one was put on."""
    offered = choices_of(visitor)
    lists = MailingList.objects.in_bulk([one.id for one in offered])
    wanted = set(chosen)
    on = [lists[one.id] for one in offered if one.id in wanted and not one.on]
    off = [lists[one.id] for one in offered if one.id not in wanted and one.on]
    given: dict[str, Any] = {"recipient": visitor.recipient, "evidence": evidence, "now": now}
    if off:
        unsubscribe(lists=off, **given)
    if on:
        subscribe(lists=on, **given)
    return bool(on)


def _undo_token(visitor: Visitor, now: datetime) -> str:
    said = Consent.objects.filter(recipient=visitor.recipient, said_at=now, act="withdrawn")
    first = said.order_by("pk").values_list("pk", flat=True).first()
    return sealed(UNDO, first) if first is not None else ""
