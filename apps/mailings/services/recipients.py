"""What people do to their recipients, one by one and many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.cache.dashboard import forget_figures
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.mailings.models import Delivery, ErasureRequest, Recipient, RecipientTag, Tag
from apps.mailings.services.segmentation.attributes import fit
from apps.mailings.services.tags import give_tag
from apps.mailings.suppression.tombstones import refuse_erased

log = structlog.get_logger(__name__)

#: Rows that one act on many takes at a time.
CHUNK: Final = 2000


@dataclass(frozen=True, slots=True)
class Removed:
    """What became of recipients that were to be removed."""

    deleted: int = 0
    archived: int = 0


class MeasuringRefused(Refused):
    """The person is not to be measured. Only the person takes that back."""

    code = "measuring_refused"


class RecipientService(BaseCRUDService[Recipient]):
    """An actor's recipients, archived ones too: they have a history."""

    def rows(self) -> OwnedQuerySet[Recipient]:
        return Recipient.objects.all()

    def save(
        self, row: Recipient, *, tags: Sequence[str] | None = None, unmeasured: bool | None = None
    ) -> Recipient:
        """Check and save, and put exactly these tags on it (None: leave them).

        ``unmeasured``: it is not to be measured (None: as it is). Raises ValidationError, also when
        somebody else took the address a moment ago, and AddressErased, AttributeMisfit and
        MeasuringRefused.
        """
        try:
            with transaction.atomic():
                row.unmeasured = _settled(row, unmeasured)
                fit(row)
                super().save(row)
                refuse_erased(row)
                if tags is not None:
                    set_tags(recipient=row, names=tags)
        except IntegrityError:
            row.full_clean()
            raise
        return row

    def remove(self, row: Recipient, *, now: datetime) -> bool:
        """Delete one that was never written to; archive another, who keeps the history."""
        one = Recipient.objects.filter(pk=row.pk)
        return remove(recipients=one, owner_id=row.owner_id, now=now).deleted == 1

    def restore(self, row: Recipient) -> None:
        """Take a recipient out of the archive: from now on it can be written to again.

        Raises AddressErased for one who was erased.
        """
        refuse_erased(row)
        row.archived_at = None
        row.save(update_fields=["archived_at", "updated_at"])
        log.info("recipient_restored", recipient_id=row.pk)


def _settled(row: Recipient, wanted: bool | None) -> bool:
    """Whether it is not to be measured: the person may have said no since the row was read."""
    stored = Recipient.objects.select_for_update().filter(pk=row.pk)
    refused = stored.values_list("unmeasured", flat=True).first() or False
    if refused and wanted is False:
        raise MeasuringRefused(_("Only the recipient can allow measuring again."))
    return refused if wanted is None else wanted


@transaction.atomic
def set_tags(*, recipient: Recipient, names: Sequence[str]) -> None:
    """Put exactly these tags on the recipient; those that are missing are made for its owner."""
    make_tags(owner_id=recipient.owner_id, names=names)
    recipient.tags.set(Tag.objects.filter(owner_id=recipient.owner_id, name__in=names))


def make_tags(*, owner_id: int, names: Sequence[str], for_mailout: bool = False) -> None:
    """Make those of these tags that the owner does not have."""
    rows = [Tag(owner_id=owner_id, name=name, for_mailout=for_mailout) for name in names]
    Tag.objects.bulk_create(rows, ignore_conflicts=True)


def add_tag(*, recipients: QuerySet[Recipient], owner_id: int, name: str) -> int:
    """Put a tag on all of them, who must belong to this owner. Returns how many got it."""
    tag = Tag.objects.get_or_create(owner_id=owner_id, name=name)[0]
    fresh = recipients.exclude(
        Exists(RecipientTag.objects.filter(recipient_id=OuterRef("pk"), tag=tag))
    )
    count = 0
    for ids in _chunks(fresh):
        with transaction.atomic():
            give_tag(tag=tag, people=Recipient.objects.filter(pk__in=ids))
            note_tagged(Act.TAGGED, tag, ids)
        log.info("recipients_tagged", tag=name, recipient_ids=ids)
        count += len(ids)
    return count


def note_tagged(act: Act, tag: Tag | Object, ids: Sequence[int]) -> None:
    """Note that these recipients got a tag, or lost it."""
    if ids:
        record(act, tag, details={"recipients": list(ids)}, count=len(ids))


def remove_tag(*, recipients: QuerySet[Recipient], owner_id: int, name: str) -> int:
    """Take a tag off all of them. Returns how many had it."""
    rows = RecipientTag.objects.filter(tag__owner_id=owner_id, tag__name=name)
    count = 0
    for ids in _chunks(recipients):
        with transaction.atomic():
            mine = rows.filter(recipient_id__in=ids)
            having = list(mine.values_list("recipient_id", flat=True))
            count += mine.delete()[0]
            note_tagged(Act.UNTAGGED, Object(Tag._meta.label_lower, name=name), having)
        log.info("recipients_untagged", tag=name, recipient_ids=ids)
    return count


def remove(*, recipients: QuerySet[Recipient], owner_id: int, now: datetime) -> Removed:
    """Delete those that were never written to; archive the others, who keep their history."""
    deleted = archived = 0
    written = Exists(Delivery.objects.filter(recipient_id=OuterRef("pk")))
    # Who is to be erased is kept until that is done: it also keeps the address out.
    awaited = Exists(ErasureRequest.objects.filter(recipient_id=OuterRef("pk")))
    for ids in _chunks(recipients.filter(archived_at=None)):
        with transaction.atomic():
            rows = Recipient.objects.filter(pk__in=ids, owner_id=owner_id)
            known = list(rows.filter(written | awaited).values_list("pk", flat=True))
            archived += rows.filter(pk__in=known).update(archived_at=now)
            deleted += rows.exclude(pk__in=known).delete()[1].get("mailings.Recipient", 0)
        log.info("recipients_removed", recipient_ids=ids, archived_ids=known)
    forget_figures(owner_id)
    return Removed(deleted=deleted, archived=archived)


def archive_many(*, recipients: QuerySet[Recipient], owner_id: int, now: datetime) -> int:
    """Put all of these into the archive, with or without a history. Returns how many are new."""
    count = sum(
        Recipient.objects.filter(pk__in=ids, owner_id=owner_id).update(
            archived_at=now, updated_at=now
        )
        for ids in _chunks(recipients.filter(archived_at=None))
    )
    forget_figures(owner_id)
    return count


def restore_many(*, recipients: QuerySet[Recipient], owner_id: int, now: datetime) -> int:
    """Take all of these out of the archive. Returns how many were in it."""
    gone = recipients.exclude(archived_at=None).filter(erased_at=None)
    count = sum(
        Recipient.objects.filter(pk__in=ids, owner_id=owner_id).update(
            archived_at=None, updated_at=now
        )
        for ids in _chunks(gone)
    )
    forget_figures(owner_id)
    return count


def _chunks(recipients: QuerySet[Recipient]) -> list[list[int]]:
    """The ids in groups, read before anything changes: none is missed or met twice."""
    ids = list(recipients.order_by("pk").values_list("pk", flat=True))
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
