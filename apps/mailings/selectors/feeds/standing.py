"""What a mailing waits for when its feed is to be read, and how the feed stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from apps.core.text.formatting import kept_words
from apps.mailings.models import Feed, FeedCheck, FeedItem, Mailing, Run

#: Lines of the history and runs with items that the page shows.
_CHECKS: Final = 30
_RUNS: Final = 10
_TONES: Final = {
    FeedCheck.Code.READ: "good",
    FeedCheck.Code.UNREACHABLE: "bad",
    FeedCheck.Code.INVALID: "bad",
    FeedCheck.Code.NO_ITEMS: "warn",
    FeedCheck.Code.OFFERED: "accent",
}


def with_feeds(mailings: Iterable[Mailing], now: datetime) -> None:
    """Load the feeds of those that may wait for one, in one query."""
    waiting = [one for one in mailings if one.repeat and _is_open(one, now)]
    if waiting:
        prefetch_related_objects(waiting, "feed")


def feed_wait(
    mailing: Mailing, now: datetime, format_time: Callable[[datetime, datetime], str]
) -> str:
    """Why a due mailing is not launched yet, or not at all; empty where that is not its feed."""
    feed = _feed_of(mailing, now)
    if feed is None:
        return ""
    if feed.passed_for == mailing.starts_at:
        return _("The feed has too few new items: nothing is sent this time.")
    if feed.read_for == mailing.starts_at:
        return ""
    if feed.failure and feed.next_at is not None:
        facts = {
            "reason": kept_words(feed.failure).rstrip("."),
            "when": format_time(feed.next_at, now),
            "end": format_time(mailing.ends_at, now),
        }
        text = _("Waiting for the feed: %(reason)s. Next try: %(when)s. Tried until %(end)s.")
        return text % facts
    return _("Waiting for the feed: it is being read.")


def feed_reason(mailing: Mailing, now: datetime) -> str:
    """The same as a code; empty where there is none."""
    feed = _feed_of(mailing, now)
    if feed is None or feed.read_for == mailing.starts_at and feed.passed_for != mailing.starts_at:
        return ""
    if feed.passed_for == mailing.starts_at:
        return "feed_no_items"
    return str(feed.failure.get("code", ""))


def _feed_of(mailing: Mailing, now: datetime) -> Feed | None:
    if not mailing.repeat or not _is_open(mailing, now):
        return None
    feed: Feed | None = getattr(mailing, "feed", None)
    return feed


def _is_open(mailing: Mailing, now: datetime) -> bool:
    created = mailing.status == Mailing.Status.CREATED and mailing.scheduled
    return created and mailing.starts_at <= now < mailing.ends_at


@dataclass(frozen=True, slots=True)
class RunItems:
    """A run with the items that it took, of which none was offered again."""

    number: int
    is_open: bool
    items: Sequence[FeedItem]


@dataclass(frozen=True, slots=True)
class FeedOverview:
    """What the page of a feed shows beside its form.

    ``next_items`` are those that the next message has, ``later`` how many wait beyond them;
    ``checks`` are lines of the history with their colours.
    """

    feed: Feed
    is_read: bool
    next_items: Sequence[FeedItem]
    later: int
    runs: Sequence[RunItems]
    checks: Sequence[tuple[FeedCheck, str]]


def overview_of(feed: Feed, next_items: Sequence[FeedItem], now: datetime) -> FeedOverview:
    """The feed as it stands; ``next_items`` as the next launch would choose them."""
    waiting = FeedItem.objects.filter(feed=feed, taken_at=None).count()
    busy = feed.held_until is not None and feed.held_until > now
    asked = feed.next_at is not None and feed.next_at <= now
    checks = FeedCheck.objects.filter(mailing_id=feed.mailing_id).select_related("actor")
    return FeedOverview(
        feed=feed,
        is_read=busy or asked,
        next_items=next_items,
        later=waiting - len(next_items),
        runs=_runs_with_items(feed),
        checks=[(one, _TONES.get(one.code, "plain")) for one in checks[:_CHECKS]],
    )


def _runs_with_items(feed: Feed) -> list[RunItems]:
    taken = FeedItem.objects.filter(feed=feed, run__isnull=False).select_related("run")
    numbers = sorted({*taken.order_by().values_list("run__number", flat=True)}, reverse=True)
    found: dict[int, list[FeedItem]] = {number: [] for number in numbers[:_RUNS]}
    for item in taken.filter(run__number__in=list(found)).defer("html"):
        assert item.run is not None
        found[item.run.number].append(item)
    return [
        RunItems(number, rows[0].run.state != Run.State.DONE, rows)
        for number, rows in found.items()
        if rows and rows[0].run is not None
    ]
