"""Suppressions that an owner adds and lifts manually."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import structlog
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast

from apps.mailings.models import Recipient, Suppression
from apps.mailings.models.audience import ADDRESS

#: Recipients whose addresses are dealt with in one statement.
PART = 2_000

log = structlog.get_logger(__name__)


def suppress(*, recipient: Recipient, channel: str) -> bool:
    """Nothing more goes to this address. False when the recipient has none of this kind.

    An address that is suppressed already keeps its first reason.
    """
    address = getattr(recipient, ADDRESS[channel])
    if not address:
        return False
    _row, made = Suppression.objects.get_or_create(
        owner_id=recipient.owner_id,
        channel=channel,
        address=str(address),
        defaults={"reason": Suppression.Reason.BLOCKED},
    )
    if made:
        log.info("address_suppressed", recipient_id=recipient.pk, channel=channel)
    return True


def lift(*, suppression: Suppression, recipient: Recipient) -> None:
    """The address may be written to again. Idempotent."""
    suppression.delete()
    labels = {"channel": suppression.channel, "reason": suppression.reason}
    log.info("suppression_lifted", recipient_id=recipient.pk, **labels)


def suppress_many(*, recipients: QuerySet[Recipient], owner_id: int) -> int:
    """Nothing more goes to any address of these recipients of one owner. Returns how many are new.

    An address that is suppressed already keeps its first reason.
    """
    mine = Suppression.objects.filter(owner_id=owner_id)
    before = mine.count()
    for channel, addresses in _addresses(recipients, owner_id):
        rows = [Suppression(owner_id=owner_id, channel=channel, address=one) for one in addresses]
        Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    count = mine.count() - before
    log.info("addresses_suppressed", owner_id=owner_id, count=count)
    return count


def lift_many(*, recipients: QuerySet[Recipient], owner_id: int) -> tuple[int, int]:
    """Lift what was suppressed manually from these recipients of one owner: lifted, and left.

    Who has unsubscribed or complained, and what came back, is lifted one by one, with its warning.
    """
    lifted = left = 0
    for channel, addresses in _addresses(recipients, owner_id):
        rows = Suppression.objects.filter(owner_id=owner_id, channel=channel, address__in=addresses)
        lifted += rows.filter(reason=Suppression.Reason.BLOCKED).delete()[0]
        left += rows.count()
    log.info("suppressions_lifted", owner_id=owner_id, count=lifted)
    return lifted, left


def _addresses(recipients: QuerySet[Recipient], owner_id: int) -> Iterator[tuple[str, list[str]]]:
    """A channel with some of their addresses at a time; they are read before anything changes."""
    ids = list(recipients.filter(owner_id=owner_id).order_by().values_list("pk", flat=True))
    for part in _parts(ids):
        chosen = Recipient.objects.filter(pk__in=part).order_by()
        for channel, field in ADDRESS.items():
            having = chosen.filter(**{f"{field}__isnull": False}).annotate(
                to=Cast(field, CharField())
            )
            if addresses := list(having.values_list("to", flat=True)):
                yield channel, addresses


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while part := list(islice(rest, PART)):
        yield part
