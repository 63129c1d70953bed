"""What pages and programs ask about pictures."""

from __future__ import annotations

import re
from typing import Final

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.core.models import OwnedQuerySet
from apps.mailings.models import ContentUse, MediaFile

#: States that a list can be asked for; empty: those that can be inserted.
UNUSED: Final = "unused"
HIDDEN: Final = "hidden"


def shown_media(state: str | None = "") -> OwnedQuerySet[MediaFile]:
    """Pictures with how many messages show each. ``state`` None: the hidden ones and the others."""
    uses = ContentUse.objects.filter(media=OuterRef("pk")).order_by().values("media")
    used = Coalesce(Subquery(uses.annotate(n=Count("pk")).values("n")), 0)
    rows = MediaFile.objects.filter(removed_at=None).select_related("owner").annotate(used=used)
    if state is None:
        return rows
    rows = rows.filter(archived_at__isnull=state != HIDDEN)
    return rows.filter(used=0) if state == UNUSED else rows


def media_like(rows: OwnedQuerySet[MediaFile], query: str) -> OwnedQuerySet[MediaFile]:
    """Those whose name or alternative text has the words, in any case."""
    query = query.replace("\x00", "").strip()
    if not query:
        return rows
    pattern = re.escape(query)  # SQLite's icontains knows the case of ASCII letters only
    return rows.filter(Q(name__iregex=pattern) | Q(alt__iregex=pattern))
