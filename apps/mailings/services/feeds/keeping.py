"""What was found of a feed is kept: each item once, for ever known by its key.

1. ``hold`` takes the feed for this process, for a while.
2. ``keep`` inserts the new items, in one transaction with what is asked for the next time.
3. ``finish`` says that the feed has been read for the occurrence; only then it may be launched.

A process that dies between two of these is followed by one that does the same again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Q

from apps.core.errors import Refused
from apps.core.text.formatting import facts_of
from apps.core.values.backoff import Backoff
from apps.mailings.feeds.errors import FeedInvalid
from apps.mailings.feeds.keys import key_of, with_hosts
from apps.mailings.feeds.worker.job import Entry
from apps.mailings.models import Feed, FeedCheck, FeedItem, Mailing
from apps.mailings.recurrence import tolerance
from apps.mailings.services.feeds.fetching import Found, Held
from apps.mailings.services.feeds.history import note

log = structlog.get_logger(__name__)

#: Between two tries of a feed that fails.
BACKOFF: Final = Backoff(first=60.0, longest=900.0)
#: Seconds after which its reader is dead, and another process reads it.
HELD_SECONDS: Final = 300.0


def hold(feed_id: int, now: datetime) -> Held | None:
    """The feed for this process. None: another one is reading it."""
    until = now + timedelta(seconds=HELD_SECONDS)
    free = Q(held_until=None) | Q(held_until__lte=now)
    if not Feed.objects.filter(free, pk=feed_id).update(held_until=until):
        return None
    feed = Feed.objects.select_related("mailing").get(pk=feed_id)
    is_due = _is_due(feed, now)
    return Held(
        pk=feed.pk,
        url=feed.url,
        address=feed.address,
        etag=feed.etag,
        last_modified=feed.last_modified,
        occurrence=feed.mailing.starts_at if is_due else None,
    )


def _is_due(feed: Feed, now: datetime) -> bool:
    mailing = feed.mailing
    created = mailing.status == Mailing.Status.CREATED and mailing.scheduled
    return created and mailing.starts_at <= now < mailing.ends_at


@transaction.atomic
def keep(held: Held, found: Found, now: datetime) -> Feed | None:
    """Insert what is new. None when the feed's address was changed meanwhile."""
    feed = _locked(held)
    if feed is None:
        return None
    hosts = with_hosts(feed.hosts, feed.url, held.address, found.url)
    fresh: Sequence[FeedItem] = ()
    code, count = FeedCheck.Code.UNCHANGED, 0
    if found.findings is not None:
        hosts = with_hosts(hosts, found.findings.site)
        entries = found.findings.entries
        fresh = _fresh(feed, entries, hosts, now)
        code, count = FeedCheck.Code.READ, len(entries)
        feed.title = found.findings.title
        feed.etag, feed.last_modified = found.etag, found.last_modified
    FeedItem.objects.bulk_create(fresh, ignore_conflicts=True)
    if found.moved and found.url not in (feed.url, held.address) and len(found.url) <= 2000:
        feed.moved_to = found.url
        log.info("feed_moved", feed_id=feed.pk, mailing_id=feed.mailing_id)
    feed.hosts, feed.read_at, feed.started_at = hosts, now, feed.started_at or now
    feed.failures, feed.failure, feed.next_at = 0, {}, None
    feed.save()
    note(feed, code, now, occurrence=held.occurrence, found=count, fresh=len(fresh))
    log.info("feed_read", feed_id=feed.pk, mailing_id=feed.mailing_id, fresh=len(fresh))
    return feed


def _fresh(feed: Feed, entries: Iterable[Entry], hosts: list[str], now: datetime) -> list[FeedItem]:
    """The items that were never seen; of those of the first time only the newest wait."""
    keyed: dict[str, FeedItem] = {}
    for position, one in enumerate(entries):
        key = key_of(guid=one.guid, link=one.link, title=one.title, hosts=hosts)
        if key and key not in keyed:
            keyed[key] = _item(feed, key, one, position, now)
    known = FeedItem.objects.filter(feed=feed, key__in=list(keyed)).values_list("key", flat=True)
    for key in list(known):
        del keyed[key]
    fresh = list(keyed.values())
    if feed.started_at is None:
        newest = sorted(fresh, key=lambda item: (-item.dated_at.timestamp(), item.position))
        for item in newest[feed.begin_with :]:
            item.taken_at, item.html, item.summary = now, "", ""
    return fresh


def _item(feed: Feed, key: str, one: Entry, position: int, now: datetime) -> FeedItem:
    published = datetime.fromisoformat(one.published) if one.published else None
    return FeedItem(
        feed=feed,
        key=key,
        title=one.title,
        link=one.link,
        summary=one.summary,
        html=one.html,
        author=one.author,
        image=one.image,
        published_at=published,
        dated_at=min(published or now, now),
        position=position,
        found_at=now,
    )


def finish(held: Held) -> bool:
    """The feed has been read for the occurrence. True if it is still the mailing's present one."""
    mine = Feed.objects.filter(pk=held.pk, url=held.url)
    mine.update(held_until=None)
    if held.occurrence is None:
        return False
    due = mine.filter(mailing__starts_at=held.occurrence)
    # A join cannot be updated through: the rows are named first.
    rows = Feed.objects.filter(pk__in=list(due.values_list("pk", flat=True)))
    return bool(rows.update(read_for=held.occurrence))


@transaction.atomic
def fail(held: Held, refused: Refused, now: datetime) -> None:
    """Keep why it could not be read, and when the next try is.

    The start waits for it: it does not count as missed meanwhile. What somebody asked for outside
    a mailing's time is not tried again.
    """
    feed = _locked(held)
    if feed is None:
        return
    feed.failures += 1
    feed.failure, feed.held_until, feed.next_at = facts_of(refused), None, None
    if held.occurrence is not None:
        wait = min(BACKOFF.after(feed.failures), tolerance() / 2)
        feed.next_at = now + wait
        waiting = Mailing.objects.filter(pk=feed.mailing_id, status=Mailing.Status.CREATED)
        waiting = waiting.filter(starts_at=held.occurrence, scheduled_at__isnull=False)
        waiting.update(scheduled_at=now)
    feed.save()
    is_none = isinstance(refused, FeedInvalid)
    code = FeedCheck.Code.INVALID if is_none else FeedCheck.Code.UNREACHABLE
    note(feed, code, now, occurrence=held.occurrence, detail=feed.failure)
    log.warning(
        "feed_not_read", feed_id=feed.pk, mailing_id=feed.mailing_id, code=refused.code,
        failures=feed.failures,
    )  # fmt: skip


def _locked(held: Held) -> Feed | None:
    """The feed under its lock, if its address is still the one that was asked."""
    rows: Any = Feed.objects.select_for_update().filter(pk=held.pk, url=held.url)
    found: Feed | None = rows.first()
    return found
