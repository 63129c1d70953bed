"""People on lists: subscribed, waiting for a confirmation, gone, and back.

Every act locks the person's row, so that two acts of one person come one after the other, and keeps
a Consent. Nobody but the person revives a subscription that has ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Consent, MailingList, Recipient, Subscription, Suppression
from apps.mailings.services.permission import suppressions
from apps.mailings.services.permission.consents import Evidence, record
from apps.mailings.suppression import suppressing

log = structlog.get_logger(__name__)

#: A subscription that nobody confirms is forgotten after so many days.
UNCONFIRMED_DAYS: Final = 30
#: Subscriptions that expire in one transaction.
_CHUNK: Final = 500

Act, Status = Consent.Act, Subscription.Status

#: By these the person has said no; a bounce or the owner's own suppression is no such word.
LAST_WORDS: Final = (Suppression.Reason.UNSUBSCRIBED, Suppression.Reason.COMPLAINED)


class SubscriptionEnded(Refused):
    """The person has left. Only the person comes back."""

    code = "subscription_ended"


class ListsRefused(Refused):
    """A list is archived, or belongs to somebody else than the recipient."""

    code = "list_refused"


@transaction.atomic
def subscribe(
    *,
    recipient: Recipient,
    lists: Iterable[MailingList],
    evidence: Evidence,
    actor: str = "",
    now: datetime,
) -> list[Subscription]:
    """Subscribe the person to these lists. Idempotent: who is subscribed keeps the first consent.

    Somebody else than the person changes nothing where a confirmation is open, and raises
    SubscriptionEnded, changing nothing at all, where the person has left.
    """
    person, wanted = locked(recipient), _checked(recipient, lists)
    evidence = replace(evidence, actor=evidence.actor or actor)
    before = _by_list(person, wanted)
    if evidence.by_person:
        _welcome(person, evidence, now)
    else:
        _refuse_ended(person, before.values())
    act = Act.STATED if evidence.states else Act.GIVEN
    after = []
    for one in wanted:
        row = before.get(one.pk)
        asked = row is not None and row.status == Status.UNCONFIRMED
        if row is not None and (
            row.status == Status.SUBSCRIBED or (asked and not evidence.by_person)
        ):
            after.append(row)
        else:
            after.append(_put_on(person, one, row, act, evidence, now))
    return after


@transaction.atomic
def await_confirmation(
    *, recipient: Recipient, lists: Iterable[MailingList], evidence: Evidence, now: datetime
) -> list[Subscription]:
    """Let the person confirm these lists. Changes no subscription that exists but its time to
    confirm, and by what it came when the person acts: who has left stays so until the confirmation.
    Nothing is consented to yet.

    Raises SubscriptionEnded when it is not the person who asks, and the person has left.
    """
    person, wanted = locked(recipient), _checked(recipient, lists)
    before = _by_list(person, wanted)
    if not evidence.by_person:
        _refuse_ended(person, before.values())
    after = []
    for one in wanted:
        row = before.get(one.pk)
        if row is None:
            row = Subscription(list=one, recipient=person, status=Status.UNCONFIRMED)
        if row.status == Status.UNCONFIRMED:
            by = evidence.source if row.pk is None or evidence.by_person else row.by
            row.since, row.by = now, by
            row.save()
        after.append(row)
    return after


@transaction.atomic
def confirm(
    *, recipient: Recipient, lists: Iterable[MailingList], evidence: Evidence, now: datetime
) -> list[Subscription]:
    """The person has confirmed these lists, whatever was before. Idempotent.

    A confirmation replaces a weaker consent, such as the owner's statement.
    """
    person, wanted = locked(recipient), _checked(recipient, lists)
    before = _by_list(person, wanted)
    _welcome(person, evidence, now)
    after = []
    for one in wanted:
        row = before.get(one.pk)
        sure = row is not None and row.consent is not None and row.consent.act == Act.CONFIRMED
        if row is not None and sure and row.status == Status.SUBSCRIBED:
            after.append(row)
        else:
            after.append(_put_on(person, one, row, Act.CONFIRMED, evidence, now))
    return after


@transaction.atomic
def unsubscribe(
    *, recipient: Recipient, lists: Iterable[MailingList], evidence: Evidence, now: datetime
) -> list[Subscription]:
    """End these subscriptions. Returns those that this ended; who is not on a list stays so."""
    person = locked(recipient)
    ended = _end(person, {one.pk for one in lists}, evidence, now)
    for row in ended:
        record(
            owner_id=person.owner_id,
            recipient=person,
            act=Act.WITHDRAWN,
            evidence=evidence,
            list=row.list,
        )
    return ended


@transaction.atomic
def unsubscribe_all(
    *, recipient: Recipient, evidence: Evidence, now: datetime
) -> list[Subscription]:
    """End all: every subscription, and no address of the person is written to any more.

    Returns the subscriptions that this ended. Idempotent: a second time nothing is kept.
    """
    person = locked(recipient)
    ended = _end(person, None, evidence, now)
    if not ended and has_left(person):
        return []
    general = replace(evidence, channel="")
    record(owner_id=person.owner_id, recipient=person, act=Act.WITHDRAWN, evidence=general)
    for channel, address in person.addresses:
        suppressions.add(
            owner_id=person.owner_id,
            channel=channel,
            address=address,
            reason=Suppression.Reason.UNSUBSCRIBED,
            actor=evidence.actor or suppressing.BY_RECIPIENT,
        )
    return ended


@transaction.atomic
def resume(
    *, recipient: Recipient, lists: Iterable[MailingList], evidence: Evidence, now: datetime
) -> list[Subscription]:
    """Take the end of these subscriptions back: each is again what it was. Returns those."""
    person = locked(recipient)
    back = []
    for row in _by_list(person, list(lists)).values():
        if row.ended_at is None:
            continue
        row.status = Status.SUBSCRIBED if row.consent_id else Status.UNCONFIRMED
        row.ended_at, row.by = None, evidence.source
        row.save()
        record(
            owner_id=person.owner_id,
            recipient=person,
            act=Act.RESUMED,
            evidence=evidence,
            list=row.list,
        )
        back.append(row)
    _log("subscriptions_resumed", back, evidence)
    return back


def unconfirmed(limit: datetime) -> QuerySet[Subscription]:
    """Who has not confirmed since then."""
    return Subscription.objects.filter(status=Status.UNCONFIRMED, since__lt=limit)


def expire_unconfirmed(*, now: datetime, days: int = UNCONFIRMED_DAYS) -> int:
    """Forget who has not confirmed in so many days. Returns how many subscriptions that were."""
    old, count = unconfirmed(now - timedelta(days=days)), 0
    while chunk := list(old.order_by("pk").values_list("pk", flat=True)[:_CHUNK]):
        for pk in chunk:
            count += _expire(old.filter(pk=pk).select_related("recipient", "list").first(), now)
    return count


@transaction.atomic
def _expire(found: Subscription | None, now: datetime) -> int:
    if found is None:
        return 0
    locked(found.recipient)
    same = Subscription.objects.filter(pk=found.pk, status=Status.UNCONFIRMED, since=found.since)
    if not same.delete()[0]:
        return 0
    record(
        owner_id=found.recipient.owner_id,
        recipient=found.recipient,
        act=Act.EXPIRED,
        evidence=Evidence(source=found.by, by_person=False, said_at=now),
        list=found.list,
    )
    return 1


def has_left(recipient: Recipient) -> bool:
    """Has the person left for good: is every address suppressed by the person's own word?"""
    addresses = recipient.addresses
    mine = Suppression.objects.filter(owner_id=recipient.owner_id, reason__in=LAST_WORDS)
    return bool(addresses) and all(
        mine.filter(channel=channel, address=address).exists() for channel, address in addresses
    )


def locked(recipient: Recipient) -> Recipient:
    """The person as stored now; nobody else acts for the same one until this is committed."""
    (person,) = Recipient.objects.select_for_update(no_key=True).filter(pk=recipient.pk)
    return person


def _checked(recipient: Recipient, lists: Iterable[MailingList]) -> list[MailingList]:
    """The lists in the order of their ids. All are the owner's, and in use."""
    wanted = sorted({one.pk: one for one in lists}.values(), key=lambda one: one.pk)
    for one in wanted:
        if one.owner_id != recipient.owner_id or one.archived_at is not None:
            raise ListsRefused(_("Choose lists that are in use and yours."))
    return wanted


def _by_list(recipient: Recipient, lists: list[MailingList]) -> dict[int, Subscription]:
    rows = Subscription.objects.filter(recipient=recipient, list__in=lists)
    return {row.list_id: row for row in rows.select_related("consent", "list").order_by("list_id")}


def _refuse_ended(recipient: Recipient, rows: Iterable[Subscription]) -> None:
    if has_left(recipient) or any(row.status == Status.UNSUBSCRIBED for row in rows):
        raise SubscriptionEnded(_("This person has unsubscribed. Only they can subscribe again."))


def _welcome(recipient: Recipient, evidence: Evidence, now: datetime) -> None:
    """Lift the person's own suppression: of all addresses after leaving everything, else of the
    one by which the person came."""
    if has_left(recipient):
        suppressions.lift_own(recipient=recipient, now=now)
    elif evidence.channel:
        suppressions.lift_own(recipient=recipient, now=now, channel=evidence.channel)


def _put_on(
    recipient: Recipient,
    list: MailingList,
    row: Subscription | None,
    act: str,
    evidence: Evidence,
    now: datetime,
) -> Subscription:
    consent = record(
        owner_id=recipient.owner_id, recipient=recipient, act=act, evidence=evidence, list=list
    )
    row = row or Subscription(list=list, recipient=recipient)
    if row.status != Status.SUBSCRIBED:
        row.since = now
    row.status, row.ended_at = Status.SUBSCRIBED, None
    row.consent, row.by = consent, evidence.source
    row.save()
    become_known([recipient.pk])
    _log("subscribed", [row], evidence)
    return row


def become_known(ids: Iterable[int]) -> None:
    """These people are known by more than an unconfirmed sign-up from now on."""
    rows = Recipient.objects.filter(pk__in=list(ids), unconfirmed_since__isnull=False)
    rows.update(unconfirmed_since=None)


def _end(
    recipient: Recipient, list_ids: set[int] | None, evidence: Evidence, now: datetime
) -> list[Subscription]:
    """Mark as ended what the person is on, of these lists or (None) of all."""
    rows = Subscription.objects.filter(recipient=recipient).exclude(status=Status.UNSUBSCRIBED)
    if list_ids is not None:
        rows = rows.filter(list_id__in=list_ids)
    ended = list(rows.select_related("list").order_by("list_id"))
    for row in ended:
        row.status, row.ended_at, row.by = Status.UNSUBSCRIBED, now, evidence.source
        row.save()
    _log("unsubscribed", ended, evidence)
    return ended


def _log(event: str, rows: list[Subscription], evidence: Evidence) -> None:
    if rows:
        ids = [row.list_id for row in rows]
        log.info(event, recipient_id=rows[0].recipient_id, lists=ids, source=evidence.source)
