"""What people do to their segments."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.deletion.uses import check_unused
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.mailings.models import Mailing, Segment
from apps.mailings.segments import Counted, checked, count, estimate, ground_of


class SegmentInUse(Refused):
    """A mailing that is still to be sent uses the segment."""

    code = "segment_in_use"


class SegmentService(BaseCRUDService[Segment]):
    """An actor's segments, archived ones too."""

    def rows(self) -> OwnedQuerySet[Segment]:
        return Segment.objects.all()

    def save(self, row: Segment) -> Segment:
        """Save a segment whose conditions its owner can use.

        Raises SegmentInvalid, and ValidationError for a name that is taken.
        """
        row.tree = checked(row.tree, row.owner)
        row.counted, row.counted_at = None, None
        return super().save(row)

    @transaction.atomic
    def remove(self, row: Segment, *, now: datetime) -> bool:
        """Archive it. Runs keep the conditions that they were begun with.

        Raises SegmentInUse, StillUsed.
        """
        check_unused(row)
        names = list(mailings_with(row).values_list("name", flat=True)[:5])
        if names:
            text = _("Mailings that are still to be sent use this segment: %(names)s.")
            raise SegmentInUse(text % {"names": ", ".join(names)})
        row.archived_at = now
        row.save(update_fields=["archived_at", "updated_at"])
        return False

    def restore(self, row: Segment) -> None:
        """Take it out of the archive. Raises ValidationError when its name is taken meanwhile."""
        row.archived_at = None
        row.full_clean()
        row.save(update_fields=["archived_at", "updated_at"])


def mailings_with(segment: Segment) -> OwnedQuerySet[Mailing]:
    """The mailings that still ask for it."""
    asked = Q(segments=segment) | Q(exclude_segments=segment)
    rows = Mailing.objects.filter(asked, owner_id=segment.owner_id, archived_at=None)
    return rows.exclude(status=Mailing.Status.COMPLETED).distinct()


def counted(*, segment: Segment, now: datetime, exact: bool = True) -> Counted:
    """How many meet the conditions; an exact number is kept with the segment."""
    ground = ground_of(segment.owner, now)
    found = count(segment.tree, ground) if exact else estimate(segment.tree, ground)
    if found.exact:
        Segment.objects.filter(pk=segment.pk).update(counted=found.n, counted_at=now)
    return found
