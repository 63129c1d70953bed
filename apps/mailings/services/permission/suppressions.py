"""Suppressions: who may add and lift them, and for what reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.core.values.batches import batched
from apps.mailings.importing.errors import TooManyRows
from apps.mailings.importing.suppression_rows import StopRow
from apps.mailings.models import Recipient, Suppression
from apps.mailings.models.audience import ADDRESS
from apps.mailings.selectors.recipients import suppressions_of
from apps.mailings.suppression import suppressing
from apps.mailings.suppression.suppressing import Blocked
from apps.users.models import User

Reason = Suppression.Reason
#: The right of a manager, beyond the owner's own.
LIFT_COMPLAINT: Final = "mailings.lift_complaint"

#: Recipients whose addresses are dealt with in one statement.
PART = 2_000
#: Rows without an address that a report shows.
SHOWN: Final = 20

log = structlog.get_logger(__name__)


class SuppressionFinal(Refused):
    """Only the person, or a manager after a complaint, may have this address written to again."""

    code = "suppression_final"


class LiftReasonMissing(Refused):
    """An address that bounced or complained is allowed again only for a reason that is kept."""

    code = "lift_reason_missing"


def add(
    *, owner_id: int, channel: str, address: str, reason: str, actor: str, note: str = ""
) -> bool:
    """Nothing more goes to this address, which is in its stored form. False when it was so already.

    An address that is suppressed already keeps its first reason.
    """
    row = Blocked(owner_id, channel, address, reason)
    return bool(add_all([row], actor=actor, note=note))


def add_all(rows: Sequence[Blocked], *, actor: str, note: str = "") -> list[Blocked]:
    """Nothing more goes to these addresses. Returns those that were not suppressed already.

    In one order, so that no two processes wait for each other; of two reasons the first one stays.
    """
    in_order = sorted(rows, key=lambda row: (row.owner_id, row.channel, row.address))
    added = suppressing.suppress(in_order, actor=actor, note=note)
    for row in added:
        log.info(
            "address_suppressed", owner_id=row.owner_id, channel=row.channel, reason=row.reason
        )
    return added


def suppress(*, recipient: Recipient, channel: str, actor: str) -> bool:
    """Nothing more goes to this address of a recipient. False when there is none of this kind."""
    address = getattr(recipient, ADDRESS[channel])
    if not address:
        return False
    add(
        owner_id=recipient.owner_id,
        channel=channel,
        address=str(address),
        reason=Reason.BLOCKED,
        actor=actor,
    )
    return True


def may_lift(suppression: Suppression, actor: User) -> bool:
    """True if this actor may have the address written to again, given a reason for it.

    Who has unsubscribed comes back by the person's own act; who has complained, by a manager.
    """
    if suppression.reason == Reason.UNSUBSCRIBED:
        return False
    if suppression.reason == Reason.COMPLAINED:
        return actor.has_perm(LIFT_COMPLAINT)
    return suppression.owner_id == actor.pk


def lift(*, suppression: Suppression, actor: User, note: str = "") -> None:
    """The address may be written to again. Idempotent.

    Raises SuppressionFinal, and LiftReasonMissing unless the owner had suppressed it manually.
    """
    if not may_lift(suppression, actor):
        raise SuppressionFinal(why_final(suppression.reason))
    if not note.strip() and suppression.reason != Reason.BLOCKED:
        raise LiftReasonMissing(_("Write why this address may be written to again."))
    rows = Suppression.objects.filter(pk=suppression.pk, reason=suppression.reason)
    suppressing.lift(rows, actor=actor.email, note=note.strip())
    labels = {"channel": suppression.channel, "reason": suppression.reason}
    log.info("suppression_lifted", suppression_id=suppression.pk, **labels)


def why_final(reason: str) -> str:
    """Why an owner cannot allow an address again."""
    if reason == Reason.UNSUBSCRIBED:
        return _("This person has unsubscribed. Only they can subscribe again, by a form.")
    return _("After a spam complaint, only a manager can allow this address again.")


def lift_own(*, recipient: Recipient, now: datetime, channel: str = "") -> int:
    """The person has asked to be written to again: their own unsubscribing ends.

    Bounces, complaints and what the owner suppressed stay. ``channel``: of this address alone.
    Returns how many addresses it concerned.
    """
    own = suppressions_of(recipient).filter(reason=Reason.UNSUBSCRIBED)
    own = own.filter(channel=channel) if channel else own
    lifted = suppressing.lift(own, actor=suppressing.BY_RECIPIENT)
    if lifted:
        log.info("suppression_lifted_by_recipient", recipient_id=recipient.pk, at=now.isoformat())
    return len(lifted)


@dataclass(frozen=True, slots=True)
class SuppressionReport:
    """What became of every address: ``rows == added + known + rejected``.

    ``examples`` are the first that are no addresses.
    """

    rows: int
    added: int
    known: int
    rejected: int
    examples: Sequence[StopRow] = ()


def add_rows(
    *,
    rows: Iterable[StopRow],
    owner_id: int,
    reason: str,
    actor: str,
    note: str = "",
    most: int = 0,
) -> SuppressionReport:
    """Suppress the addresses of a file or a text, for ``reason`` where a row says none.

    An address that is suppressed already keeps its first reason. Raises TooManyRows above ``most``
    (0 is any number), and an ImportRefused; then nothing was done.
    """
    count = added = good = 0
    examples: list[StopRow] = []
    with transaction.atomic():
        for part in batched(rows, PART):
            count += len(part)
            if 0 < most < count:
                text = _("The file has more than %(most)d rows: split it.") % {"most": most}
                raise TooManyRows(text)
            found = [
                Blocked(owner_id, row.channel, row.address, row.reason or reason)
                for row in part
                if row.address
            ]
            good += len(found)
            added += len(suppressing.suppress(found, actor=actor, note=note))
            examples += [row for row in part if not row.address][: SHOWN - len(examples)]
    log.info("addresses_suppressed", owner_id=owner_id, count=added)
    return SuppressionReport(count, added, good - added, count - good, examples)


def suppress_many(*, recipients: QuerySet[Recipient], owner_id: int, actor: str) -> int:
    """Nothing more goes to any address of these recipients of one owner. Returns how many are new.

    An address that is suppressed already keeps its first reason.
    """
    count = 0
    for channel, addresses in _addresses(recipients, owner_id):
        rows = [Blocked(owner_id, channel, one, Reason.BLOCKED) for one in addresses]
        count += len(suppressing.suppress(rows, actor=actor))
    log.info("addresses_suppressed", owner_id=owner_id, count=count)
    return count


def lift_many(*, recipients: QuerySet[Recipient], owner_id: int, actor: str) -> tuple[int, int]:
    """Lift what was suppressed manually from these recipients of one owner: lifted, and left.

    Who has unsubscribed or complained, and what came back, is lifted one by one, with its warning.
    """
    lifted = left = 0
    for channel, addresses in _addresses(recipients, owner_id):
        rows = Suppression.objects.filter(owner_id=owner_id, channel=channel, address__in=addresses)
        lifted += len(suppressing.lift(rows.filter(reason=Reason.BLOCKED), actor=actor))
        left += rows.count()
    log.info("suppressions_lifted", owner_id=owner_id, count=lifted)
    return lifted, left


def _addresses(recipients: QuerySet[Recipient], owner_id: int) -> Iterator[tuple[str, list[str]]]:
    """A channel with some of their addresses at a time; they are read before anything changes."""
    ids = list(recipients.filter(owner_id=owner_id).order_by().values_list("pk", flat=True))
    for part in batched(ids, PART):
        chosen = Recipient.objects.filter(pk__in=part).order_by()
        for channel, field in ADDRESS.items():
            having = chosen.filter(**{f"{field}__isnull": False}).annotate(
                to=Cast(field, CharField())
            )
            if addresses := list(having.values_list("to", flat=True)):
                yield channel, addresses
