"""The items of a feed as the content of a letter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from html import escape

from django.conf import settings
from django.utils import timezone, translation
from django.utils.formats import date_format

from apps.core.content.blocks.document import read
from apps.core.content.blocks.feeds.entry import FeedEntry
from apps.core.content.blocks.feeds.unrolling import most_shown
from apps.core.content.blocks.typography import plain_blanks
from apps.core.errors import ContentRefused
from apps.mailings.models import Feed, FeedItem, Mailing, Message, MessageDraft, MessageVersion
from apps.mailings.selectors.letters.saved_blocks import with_blocks_of
from apps.mailings.services.media.renditions import PictureAddresses

#: Of the file of an item's picture where its address alone is asked for, in pixels.
_WIDTH = 1_200


def places_in(message: Message) -> int:
    """So many items of a feed the message shows; 0: it has no place for one.

    Raises ContentRefused.
    """
    if message.document is None:
        return 0
    return most_shown(with_blocks_of(read(message.document), message.owner_id))


def shown_at_most(message: Message) -> int:
    """The same for a page; of a message that cannot be read its launch says what is wrong."""
    try:
        return places_in(message)
    except ContentRefused:
        return 0


def waiting_items(feed: Feed, most: int) -> list[FeedItem]:
    """The items that the next letter shows, in its order."""
    rows = FeedItem.objects.filter(feed=feed, taken_at=None)
    return list(rows.order_by(*_order(feed))[:most])


def items_of_run(run_id: int, feed: Feed) -> list[FeedItem]:
    """The items that this run has taken, in the order of its letter."""
    return list(FeedItem.objects.filter(run_id=run_id).order_by(*_order(feed)))


def _order(feed: Feed) -> tuple[str, ...]:
    newest = feed.order == Feed.Order.NEWEST
    return ("-dated_at", "position", "-pk") if newest else ("dated_at", "-position", "pk")


def sample_entries(
    written: Message | MessageVersion | MessageDraft, most: int, mailing: Mailing | None = None
) -> list[FeedEntry] | None:
    """What would be sent of the feed of the mailing; None: it has none.

    Without ``mailing`` it is the newest one that has this message and a feed. ``most``: so many
    items the message shows.
    """
    message = written if isinstance(written, Message) else written.message
    if not most or message is None or message.pk is None:
        return None
    feeds = (
        Feed.objects.filter(mailing=mailing)
        if mailing is not None
        else Feed.objects.filter(mailing__message=message, mailing__archived_at=None)
    )
    feed = feeds.order_by("-mailing_id").first()
    if feed is None:
        return None
    return entries_of(waiting_items(feed, min(feed.limit, most)), message)


def waiting_entries(message: Message, mailing: Mailing | None = None) -> list[FeedEntry] | None:
    """The same of a message as it is saved."""
    return sample_entries(message, shown_at_most(message), mailing)


def entries_of(items: Iterable[FeedItem], message: Message) -> list[FeedEntry]:
    """The items as the message's letter shows them."""
    items = list(items)
    media = [item.media_id for item in items if item.media_id is not None]
    pictures = PictureAddresses(message.owner_id, media)
    language = (message.language or settings.LANGUAGE_CODE).partition("-")[0]
    with translation.override(language):
        return [_entry(item, pictures) for item in items]


def _entry(item: FeedItem, pictures: PictureAddresses) -> FeedEntry:
    known = item.media_id is not None and pictures.media(item.media_id) is not None
    day = _day_of(item)
    return FeedEntry(
        title=plain_blanks(item.title),
        link=item.link,
        summary=plain_blanks(item.summary),
        html=item.html or (f"<p>{escape(item.summary)}</p>" if item.summary else ""),
        author=plain_blanks(item.author),
        date=date_format(day, "DATE_FORMAT") if day else "",
        day=day.isoformat() if day else "",
        image=pictures(item.media_id, _WIDTH) if known and item.media_id else "",
        media=item.media_id if known else None,
    )


def _day_of(item: FeedItem) -> date | None:
    """On which it was published, where the mailings are written; None: that is not known."""
    if item.published_at is None:
        return None
    try:
        return timezone.localtime(item.published_at).date()
    except OverflowError:  # at an end of time, beyond which the zone would be
        return None
