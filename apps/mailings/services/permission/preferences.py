"""What people decide about what they get: pause, frequency, language, channels, second thoughts.

Each act keeps a Consent. The person's row is locked first, as in ``subscribing``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from apps.mailings.models import Consent, MailingList, Recipient, Suppression
from apps.mailings.models.audience import ADDRESS
from apps.mailings.selectors.recipients import suppressions_of
from apps.mailings.services.permission import suppressions
from apps.mailings.services.permission.consents import Evidence, record
from apps.mailings.services.permission.subscribing import locked, resume
from apps.mailings.suppression import suppressing

#: At most one message in so many days, and how many weeks a pause lasts.
EVERY_DAYS: Final = (7, 14, 30)
MOST_WEEKS: Final = 12
#: How long an unsubscription can be undone.
UNDO: Final = timedelta(minutes=30)

Act = Consent.Act


@transaction.atomic
def pause(*, recipient: Recipient, weeks: int, evidence: Evidence, now: datetime) -> None:
    """Send nothing for so many weeks; 0 ends a pause. What was missed is not sent afterwards."""
    person = locked(recipient)
    until = now + timedelta(weeks=min(weeks, MOST_WEEKS)) if weeks > 0 else None
    if until is None and person.paused_until is None:
        return
    person.paused_until = until
    person.save(update_fields=["paused_until", "updated_at"])
    # The end of a pause is no permission: a later look takes "resumed" for one.
    _record(person, Act.PAUSED if until else Act.CHANGED, evidence)


@transaction.atomic
def change(
    *, recipient: Recipient, language: str, every_days: int | None, evidence: Evidence
) -> bool:
    """Set in which language and how often the person wants to be written to. True when changed."""
    person = locked(recipient)
    if (person.language, person.every_days) == (language, every_days):
        return False
    person.language, person.every_days = language, every_days
    person.save(update_fields=["language", "every_days", "updated_at"])
    _record(person, Act.CHANGED, evidence)
    return True


@transaction.atomic
def measure(*, recipient: Recipient, allowed: bool, evidence: Evidence) -> bool:
    """Set whether letters to the person may measure openings and clicks. True when changed."""
    person = locked(recipient)
    if person.unmeasured is not allowed:
        return False
    person.unmeasured = not allowed
    person.save(update_fields=["unmeasured", "updated_at"])
    _record(person, Act.CHANGED, evidence)
    return True


@transaction.atomic
def change_email(*, recipient: Recipient, address: str, evidence: Evidence) -> None:
    """Make this the person's email address, which the person has confirmed.

    Subscriptions stay; what is suppressed stays with the old address, and deliveries to it are
    left out as gone. Raises IntegrityError when somebody else of the owner's has it.
    """
    person = locked(recipient)
    person.email = address
    person.save(update_fields=["email", "updated_at"])
    _record(person, Act.CHANGED, replace(evidence, channel="email"))


@transaction.atomic
def close_channel(*, recipient: Recipient, channel: str, evidence: Evidence) -> Consent | None:
    """Send nothing more to this kind of address. None when it was so already. Idempotent."""
    person = locked(recipient)
    address = getattr(person, ADDRESS[channel])
    if not address:
        return None
    key: dict[str, Any] = {"owner_id": person.owner_id, "channel": channel, "address": str(address)}
    if Suppression.objects.filter(**key).exists():
        return None
    consent = _record(person, Act.WITHDRAWN, replace(evidence, channel=channel))
    suppressions.add(**key, reason=Suppression.Reason.UNSUBSCRIBED, actor=suppressing.BY_RECIPIENT)
    return consent


@transaction.atomic
def open_channel(*, recipient: Recipient, channel: str, evidence: Evidence) -> bool:
    """Write to this kind of address again, unless more than the person's own word forbids it."""
    person = locked(recipient)
    if not _lift(person, Q(channel=channel)):
        return False
    _record(person, Act.GIVEN, replace(evidence, channel=channel))
    return True


@transaction.atomic
def undo(*, recipient: Recipient, consent_id: int, evidence: Evidence, now: datetime) -> bool:
    """Take back a withdrawal with all that was withdrawn by the same act.

    False when it is older than ``UNDO``, or the person has said something since.
    """
    person = locked(recipient)
    said = Consent.objects.filter(recipient=person)
    first = said.filter(pk=consent_id, act=Act.WITHDRAWN).first()
    if first is None or now - first.said_at > UNDO:
        return False
    together = list(
        said.filter(act=Act.WITHDRAWN, said_at=first.said_at, source=first.source)
        .select_related("list")
        .order_by("pk")
    )
    if said.filter(pk__gt=together[-1].pk).exists():
        return False
    general = next((one for one in together if one.list is None), None)
    if general is not None:
        since = Q(created_at__gte=general.recorded_at)
        _lift(person, since & Q(channel=general.channel) if general.channel else since)
        act = Act.RESUMED if general.channel or _had_consented(general) else Act.CHANGED
        _record(person, act, replace(evidence, channel=general.channel))
    resume(recipient=person, lists=_ended_by(person, together), evidence=evidence, now=now)
    return True


def _had_consented(withdrawn: Consent) -> bool:
    """Was the last general word before this one a yes? Without one nothing is to be resumed: a
    later look would take "resumed" for a consent that was never given."""
    before = Consent.objects.filter(recipient=withdrawn.recipient, list=None, channel="")
    said = before.filter(pk__lt=withdrawn.pk, act__in=Consent.PERMITS + Consent.REVOKES).order_by(
        "-pk"
    )
    return said.values_list("act", flat=True).first() in Consent.PERMITS


def _ended_by(person: Recipient, together: list[Consent]) -> list[MailingList]:
    """The lists that the person left by this act."""
    named = [one.list for one in together if one.list is not None]
    if any(one.list is None and not one.channel for one in together):
        ended = person.subscriptions.filter(ended_at=together[0].said_at).select_related("list")
        named += [row.list for row in ended]
    return named


def _lift(person: Recipient, which: Q) -> int:
    """Lift what the person's own word has suppressed, of the addresses the person has now."""
    rows = suppressions_of(person).filter(which, reason=Suppression.Reason.UNSUBSCRIBED)
    return len(suppressing.lift(rows, actor=suppressing.BY_RECIPIENT))


def _record(person: Recipient, act: str, evidence: Evidence) -> Consent:
    given: dict[str, Any] = {"owner_id": person.owner_id, "recipient": person}
    return record(**given, act=act, evidence=evidence)
