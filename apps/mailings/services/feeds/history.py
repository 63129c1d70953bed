"""The lines of a feed's history, of which the oldest go."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from apps.mailings.models import Feed, FeedCheck

#: Readings that are kept of one mailing. What was passed over or offered again is kept for ever.
KEPT: Final = 200
_FOR_EVER: Final = (FeedCheck.Code.NO_ITEMS, FeedCheck.Code.OFFERED)


def note(feed: Feed, code: FeedCheck.Code, now: datetime, **facts: Any) -> FeedCheck:
    """Add a line. ``facts`` are fields of FeedCheck."""
    made = FeedCheck.objects.create(mailing_id=feed.mailing_id, code=code, at=now, **facts)
    rows = FeedCheck.objects.filter(mailing_id=feed.mailing_id, passed=False)
    old = rows.exclude(code__in=_FOR_EVER).order_by("-pk").values_list("pk", flat=True)[KEPT:]
    if numbers := list(old[:KEPT]):
        FeedCheck.objects.filter(pk__in=numbers).delete()
    return made
