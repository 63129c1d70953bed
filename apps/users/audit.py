"""The audit log's table: written by whatever acts, opened only to erase and to forget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from apps.core.audit.acting import Acting
from apps.core.audit.log import AuditLog, Fact
from apps.core.contracts import Actor
from apps.core.personal_data import ERASED, Person
from apps.users.models import AuditEntry, AuditOpening, User

#: The models whose rows are one recipient each.
_PERSON: Final = "mailings.recipient"
#: Entries that one transaction removes.
_CHUNK: Final = 2000


class StoredAuditLog(AuditLog):
    """Keeps facts as rows of ``AuditEntry``."""

    def write(self, facts: Sequence[Fact], by: Acting) -> None:
        now = timezone.now()
        AuditEntry.objects.bulk_create([_entry(fact, by, now) for fact in facts])


def _entry(fact: Fact, by: Acting, now: datetime) -> AuditEntry:
    return AuditEntry(
        at=now,
        act=fact.act,
        kind=by.kind,
        user_id=by.user_id,
        name=by.name[:254],
        token_id=by.token_id,
        ip=by.ip,
        client=by.client[:40],
        object_type=fact.about.kind,
        object_id=fact.about.pk,
        object_name=fact.about.name[:200],
        count=fact.count,
        changes=fact.changes,
        details=dict(fact.details),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries; what is empty does not matter. ``until`` is not included."""

    user: str = ""
    act: str = ""
    kind: str = ""
    object_type: str = ""
    object_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def entries_asked_for(actor: Actor, asked: AuditQuery) -> QuerySet[AuditEntry]:
    """The entries that the actor may see and the query describes, in no order."""
    rows = AuditEntry.objects.visible_to(actor)
    exact = {
        "act": asked.act,
        "kind": asked.kind,
        "object_type": asked.object_type,
        "object_id": asked.object_id,
        "at__gte": asked.since,
        "at__lt": asked.until,
    }
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if not asked.user:
        return rows
    found = User.objects.filter(email=asked.user.lower()).values_list("pk", flat=True).first()
    # Who is gone is known by name only; commands have no other.
    return rows.filter(user_id=found) if found else rows.filter(name=asked.user)


@contextmanager
def _opened(reason: str) -> Iterator[None]:
    """Inside, this transaction may change or delete entries; nobody else sees that."""
    with transaction.atomic():
        opening = AuditOpening.objects.create(reason=reason)
        yield
        opening.delete()


def older_than(limit: datetime) -> QuerySet[AuditEntry]:
    """Entries from before this moment."""
    return AuditEntry.objects.filter(at__lt=limit)


def remove_older_than(limit: datetime) -> int:
    """Remove some of the entries from before this moment. Returns how many; 0: none is left."""
    with _opened("retention"):
        ids = list(older_than(limit).order_by("pk").values_list("pk", flat=True)[:_CHUNK])
        return AuditEntry.objects.filter(pk__in=ids).delete()[0]


def erase_person(person: Person) -> int:
    """Empty what the entries say of this person: that something was done stays, and by whom.

    Returns how many entries it was.
    """
    about = Q(object_type=_PERSON, object_id=person.recipient_id)
    found = AuditEntry.objects.annotate(
        changed=Cast("changes", TextField()), detailed=Cast("details", TextField())
    )
    named = Q()
    for one in person.spellings:
        named |= Q(object_name__icontains=one) | Q(changed__icontains=one)
        named |= Q(detailed__icontains=one)
    with _opened("erasure"):
        rows = list(found.filter(about | named).order_by("pk"))
        for row in rows:
            if row.object_type == _PERSON and row.object_id == person.recipient_id:
                row.object_name, row.changes = ERASED, dict.fromkeys(row.changes, [ERASED, ERASED])
            row.object_name = person.cut(row.object_name)[:200]
            row.changes = person.cut_within(row.changes)
            row.details = person.cut_within(row.details)
        AuditEntry.objects.bulk_update(rows, ["object_name", "changes", "details"], batch_size=200)
    return len(rows)
