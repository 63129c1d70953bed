"""The pictures of the items that wait become pictures of the library."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog

from apps.core.errors import Refused
from apps.mailings.models import Feed, FeedItem
from apps.mailings.services.feeds.content import waiting_items
from apps.mailings.services.media.uploads import take_from_address

log = structlog.get_logger(__name__)

#: For all pictures of one reading; what is not there by then is sent without.
SECONDS: Final = 60.0


def fetch_pictures(
    feed: Feed, stopping: Callable[[], bool] = lambda: False, seconds: float = SECONDS
) -> int:
    """Fetch the pictures of what would be sent, each tried once. Returns how many there are."""
    until, count = time.monotonic() + seconds, 0
    owner = feed.mailing.owner
    for item in waiting_items(feed, feed.limit):
        if stopping() or time.monotonic() > until:
            break
        if not item.image or item.image_tried:
            continue
        try:
            media = take_from_address(owner=owner, url=item.image, alt=item.title)
        except (Refused, OSError, ValueError) as refused:
            code = getattr(refused, "code", type(refused).__name__)
            log.info("feed_picture_not_taken", feed_id=feed.pk, item_id=item.pk, code=code)
            FeedItem.objects.filter(pk=item.pk).update(image_tried=True)
            continue
        FeedItem.objects.filter(pk=item.pk).update(image_tried=True, media=media)
        count += 1
    return count
