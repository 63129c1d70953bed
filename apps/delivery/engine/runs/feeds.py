"""Mailings with a feed: what they send, when there is too little of it, and what was passed over.

The items of a run are taken by the transaction that creates the run, each by the condition that it
waits: so none is sent twice, and none is lost, wherever a process dies.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db.models import F, Q
from django.utils.translation import gettext_noop as _

from apps.core.content.blocks.feeds.entry import FeedEntry
from apps.core.errors import ContentRefused, Refused
from apps.core.models import OwnedQuerySet
from apps.core.text.formatting import refusal
from apps.mailings.feeds.errors import FeedChanged, FeedInvalid, FeedNoItems
from apps.mailings.ledger import dialect
from apps.mailings.models import Feed, FeedCheck, FeedItem, Mailing, MediaFile, Message, Run
from apps.mailings.recurrence import tolerance
from apps.mailings.services.feeds.content import (
    entries_of,
    items_of_run,
    places_in,
    waiting_items,
)
from apps.mailings.services.feeds.history import note

log = structlog.get_logger(__name__)

#: Mailings whose feed, if they have one, has been read for their present start.
READ = Q(feed__isnull=True) | Q(feed__read_for=F("starts_at"))
#: Those whose present start was passed over, and has no next one.
PASSED = Q(feed__isnull=False, feed__passed_for=F("starts_at"))


class FeedNotShown(Refused):
    """The mailing has a feed, and its message has no place for it."""

    code = "feed_not_shown"


def chosen_items(mailing: Mailing) -> list[FeedItem] | None:
    """The items that a run of the mailing would send, in every language; None: it has no feed.

    Raises FeedNotShown, FeedNoItems, ContentRefused.
    """
    feed = Feed.objects.filter(mailing_id=mailing.pk).first()
    if feed is None:
        return None
    least, most = _bounds(feed, mailing.message)
    if not most:
        text = _("The message shows no feed: add a repeat of “feed” to it.")
        raise refusal(FeedNotShown, text)
    items = waiting_items(feed, most)
    if len(items) < least:
        text = _("The feed has too few new items: %(count)s, and %(least)s are needed.")
        raise refusal(FeedNoItems, text, count=len(items), least=least)
    return items


def _bounds(feed: Feed, message: Message) -> tuple[int, int]:
    """How many items a letter of the feed has at least, and at most. Raises ContentRefused."""
    most = min(feed.limit, places_in(message))
    return min(feed.at_least, most), most


def entries_for(items: Sequence[FeedItem] | None, message: Message) -> list[FeedEntry] | None:
    """What the letter shows of the items; None: of no feed."""
    return None if items is None else entries_of(items, message)


def entries_of_run(run: Run, message: Message) -> list[FeedEntry] | None:
    """The same of a run that has been launched."""
    feed = Feed.objects.filter(mailing_id=run.mailing_id).first()
    if feed is None or "feed" not in run.content:
        return None
    return entries_of(items_of_run(run.pk, feed), message)


def take(run: Run, now: datetime) -> None:
    """Take the items of the run's content, in the transaction that creates it.

    Raises FeedChanged when one of them does not wait any more: then nothing is created.
    """
    ids = run.content.get("feed", [])
    waiting = FeedItem.objects.filter(pk__in=ids, taken_at=None)
    if ids and waiting.update(run=run, taken_at=now) != len(ids):
        text = _("Items of the feed were taken by another run just now. Try again.")
        raise refusal(FeedChanged, text)
    shown = FeedItem.objects.filter(pk__in=ids, media__isnull=False).values("media")
    MediaFile.objects.filter(pk__in=shown, sent_at=None).update(sent_at=now)


def in_time(now: datetime) -> OwnedQuerySet[Mailing]:
    """Scheduled mailings inside their window that have not started yet, and may."""
    latest = now - tolerance()
    too_late = Q(starts_at__lt=latest, scheduled_at__lt=latest)
    return Mailing.objects.filter(
        status=Mailing.Status.CREATED,
        starts_at__lte=now,
        ends_at__gt=now,
        scheduled_at__isnull=False,
        is_active=True,
        archived_at__isnull=True,
        owner__is_active=True,
    ).exclude(too_late)


def feeds_due() -> list[int]:
    """The feeds to be read now: of mailings whose time has come, and those somebody asked for."""
    now = dialect.database_now()
    free = Q(held_until=None) | Q(held_until__lte=now)
    ready = Q(next_at=None) | Q(next_at__lte=now)
    due = in_time(now).filter(feed__isnull=False).exclude(READ).exclude(PASSED)
    asked = Q(next_at__lte=now, mailing__archived_at=None, mailing__owner__is_active=True)
    rows = Feed.objects.filter(free, ready).filter(asked | Q(mailing__in=due.order_by()))
    return list(rows.order_by("next_at", "pk").values_list("pk", flat=True))


def passing(now: datetime) -> list[int]:
    """Mailings that are due, whose feed was read and has too little for them."""
    rows = in_time(now).filter(feed__read_for=F("starts_at")).exclude(PASSED)
    found = []
    for mailing in rows.select_related("message"):
        try:
            chosen_items(mailing)
        except FeedNoItems:
            found.append(mailing.pk)
        except Refused:
            continue  # its launch says so
    return found


def pass_over(mailing: Mailing, now: datetime) -> bool:
    """Note, once for each start, why nothing was sent of the mailing's feed. True if it was noted.

    In the transaction that moves the mailing on; ``mailing`` is locked in it.
    """
    feed = Feed.objects.select_for_update().filter(mailing=mailing).first()
    if feed is None or feed.passed_for == mailing.starts_at or not mailing.scheduled:
        return False
    waiting = FeedItem.objects.filter(feed=feed, taken_at=None).count()
    if feed.read_for == mailing.starts_at:
        least = _least_for(feed, mailing)
        if waiting >= least:
            return False  # something else has kept it from its start, or they came meanwhile
        code, detail = FeedCheck.Code.NO_ITEMS, {"least": least}
    elif feed.failure:
        is_none = feed.failure.get("code") == FeedInvalid.code
        code = FeedCheck.Code.INVALID if is_none else FeedCheck.Code.UNREACHABLE
        detail = feed.failure
    else:
        return False  # nobody has tried: it is missed as every other mailing is
    Feed.objects.filter(pk=feed.pk).update(passed_for=mailing.starts_at, next_at=None)
    facts = {"occurrence": mailing.starts_at, "fresh": waiting, "detail": detail}
    note(feed, code, now, passed=True, **facts)
    log.warning("feed_passed_over", mailing_id=mailing.pk, code=code.value, waiting=waiting)
    return True


def _least_for(feed: Feed, mailing: Mailing) -> int:
    """So many items the mailing's start needs; 0: with any number it is refused for its message."""
    try:
        return _bounds(feed, mailing.message)[0]
    except ContentRefused:
        return 0


def begin_anew(mailing_id: int) -> None:
    """The mailing has moved on: whatever start comes now, its feed is to be read for it.

    Somebody may set the very moment again that was passed over.
    """
    Feed.objects.filter(mailing_id=mailing_id).update(read_for=None, passed_for=None)
