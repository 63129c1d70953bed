"""``manage.py segments``: how many people a segment finds, and who they are."""

from __future__ import annotations

from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.errors import Refused
from apps.mailings.models import Segment
from apps.mailings.segments import ground_of, members
from apps.mailings.services.segmentation.segments import counted

REFUSED = 2


class SegmentUnknown(Refused):
    """There is no segment with this id."""

    code = "segment_unknown"


class Command(BaseCommand):
    help = "Count the members of a segment, or write their ids and addresses."
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("act", choices=["count", "members"])
        parser.add_argument("segment", type=int, metavar="ID", help="the segment's id")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        try:
            segment = _segment(options["segment"])
            if options["act"] == "count":
                self.stdout.write(str(counted(segment=segment, now=now).n))
                return
            rows = members(segment.tree, ground_of(segment.owner, now)).order_by("pk")
            for row in rows.only("pk", "email", "phone").iterator(chunk_size=2000):
                self.stdout.write(f"{row.pk}\t{row.email or ''}\t{row.phone or ''}")
        except Refused as refusal:
            raise CommandError(f"{refusal} [{refusal.code}]", returncode=REFUSED) from refusal


def _segment(pk: int) -> Segment:
    found = Segment.objects.select_related("owner").filter(pk=pk).first()
    if found is None:
        raise SegmentUnknown(_("There is no segment with the id %(id)s.") % {"id": pk})
    return found
