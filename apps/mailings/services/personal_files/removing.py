"""When files of single recipients go: replaced, too old, or their person is erased."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from apps.core.personal_data import Person
from apps.mailings.models import DeliveryFile, FileArchive, FileArchiveEntry, Run
from apps.mailings.personal_files import store

_CHUNK: Final = 2000
_STATES: Final = DeliveryFile.State


def forget_later(digests: Iterable[str]) -> None:
    """After the commit take away the bytes that no row names any more."""
    found = set(digests)
    transaction.on_commit(lambda: store.forget(found))


def remove_archives(archives: QuerySet[Any]) -> int:
    """Delete these archives with the files that no delivery has. Returns how many files."""
    entries = FileArchiveEntry.objects.filter(archive__in=archives)
    digests = set(entries.exclude(sha256="").values_list("sha256", flat=True))
    digests |= set(archives.exclude(sha256="").values_list("sha256", flat=True))
    count = entries.count()
    archives.delete()
    forget_later(digests)
    return count


def count_old(now: datetime, days: int) -> int:
    """How much was brought so long ago, and no open run may need."""
    limit = now - timedelta(days=days)
    entries = FileArchiveEntry.objects.filter(archive__in=_old_archives(limit))
    return entries.count() + _old_files(limit).count()


def remove_old(now: datetime, days: int) -> int:
    """Remove what was brought so long ago, but for what an open run may need. Returns how much.

    A transaction for each archive, and for each chunk of rows.
    """
    limit, count = now - timedelta(days=days), 0
    for number in list(_old_archives(limit).values_list("pk", flat=True)[:_CHUNK]):
        with transaction.atomic():
            count += remove_archives(_old_archives(limit).filter(pk=number))
    rows = _old_files(limit)
    while found := list(rows.order_by("pk").values_list("pk", "sha256")[:_CHUNK]):
        ids = [pk for pk, _digest in found]
        values = {"state": _STATES.REMOVED, "sha256": "", "changed_at": now}
        with transaction.atomic():
            count += DeliveryFile.objects.filter(pk__in=ids).update(**values)
            forget_later(digest for _pk, digest in found)
    return count


def _old_archives(limit: datetime) -> QuerySet[FileArchive]:
    of_message = Run.objects.filter(mailing__message_id=OuterRef("file__message_id"))
    needed = Exists(of_message.exclude(state=Run.State.DONE))
    return FileArchive.objects.filter(~needed, updated_at__lt=limit)


def _old_files(limit: datetime) -> QuerySet[DeliveryFile]:
    return DeliveryFile.objects.filter(
        state=_STATES.READY, run__state=Run.State.DONE, run__finished_at__lt=limit
    )


def forget_person(person: Person) -> int:
    """Remove every file of one person, in whatever archive it lies. Returns how many rows.

    A file of an archive is known to be theirs once a run has found it there for them, and for
    nobody else.
    """
    mine = DeliveryFile.objects.filter(delivery_id__in=person.delivery_ids)
    digests = set(mine.exclude(sha256="").values_list("sha256", flat=True))
    entries = FileArchiveEntry.objects.filter(archive__file__message__owner_id=person.owner_id)
    theirs = entries.filter(pk__in=_found_for(person, mine))
    given = entries.filter(archive__mailing__isnull=False, key=str(person.recipient_id))
    digests |= set(given.values_list("sha256", flat=True))
    count = sum(rows.delete()[0] for rows in (theirs, given, mine))
    forget_later(digests)
    return count


def _found_for(person: Person, mine: QuerySet[DeliveryFile]) -> list[int]:
    """Files of archives that were found for this person alone: equal bytes are not enough."""
    found = set(mine.exclude(sha256="").values_list("sha256", "origin"))
    of_owner = DeliveryFile.objects.filter(run__mailing__owner_id=person.owner_id)
    of_others = of_owner.exclude(delivery_id__in=person.delivery_ids)
    same_bytes = {"sha256__in": {digest for digest, _origin in found}}
    found -= set(of_others.filter(**same_bytes).values_list("sha256", "origin"))
    packed = FileArchiveEntry.objects.filter(
        archive__file__message__owner_id=person.owner_id, archive__mailing=None, **same_bytes
    )
    rows = packed.values_list("pk", "sha256", "key")
    return [pk for pk, digest, key in rows if (digest, key) in found]
