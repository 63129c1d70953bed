"""Feeds that are due are read: asked for side by side, kept one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from apps.core.errors import Refused
from apps.mailings.ledger import dialect
from apps.mailings.models import Feed
from apps.mailings.services.feeds import keeping
from apps.mailings.services.feeds.fetching import SECONDS, Found, Held, fetch_all, fetch_one
from apps.mailings.services.feeds.pictures import fetch_pictures

#: Read in one round; the others are read in the next one.
MOST: Final = 20
#: What was read so lately need not be read again before somebody starts the mailing.
FRESH: Final = timedelta(minutes=5)


def _never() -> bool:
    return False


def read_feeds(
    ids: Iterable[int], stopping: Callable[[], bool] = _never, kept: Callable[[], object] = _never
) -> int:
    """Read these feeds. ``kept`` is called after each that may be launched now. How many were."""
    held = [one for pk in ids if (one := keeping.hold(pk, dialect.database_now())) is not None]
    count = 0
    for one, found in fetch_all(held, SECONDS):
        if _kept(one, found, stopping):
            count += 1
            kept()
    return count


def read_before_start(mailing_id: int, now: datetime) -> None:
    """Read the mailing's feed in this very thread, before somebody starts it.

    Not when it was read just now, and not for a run that is open. Raises FeedUnreachable,
    FeedInvalid.
    """
    feed = Feed.objects.select_related("mailing").filter(mailing_id=mailing_id).first()
    if feed is None or feed.read_at is not None and now - feed.read_at < FRESH:
        return
    mailing = feed.mailing
    if mailing.runs.filter(number=mailing.current_run).exists():
        return
    held = keeping.hold(feed.pk, now)
    if held is None:
        return  # another process reads it
    found = fetch_one(held)
    _kept(held, found, _never)
    if isinstance(found, Refused):
        raise found


def _kept(held: Held, found: Found | Refused, stopping: Callable[[], bool]) -> bool:
    now = dialect.database_now()
    if isinstance(found, Refused):
        keeping.fail(held, found, now)
        return False
    feed = keeping.keep(held, found, now)
    if feed is None:
        return False
    fetch_pictures(Feed.objects.select_related("mailing__owner").get(pk=feed.pk), stopping)
    return keeping.finish(held)
