"""What a person does to the feed of a mailing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.core.contracts import Actor
from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.mailings.models import Feed, FeedCheck, FeedItem, Mailing, Run
from apps.mailings.services.feeds.history import note

log = structlog.get_logger(__name__)


class FeedOfOnce(Refused):
    """Only a repeated mailing can have a feed."""

    code = "feed_of_once"


class FeedInUse(Refused):
    """The mailing is being sent with items of the feed."""

    code = "feed_in_use"


class NothingToOffer(Refused):
    """The run has taken no items of the feed, or they were offered again already."""

    code = "wrong_state"


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """What an owner chooses of a feed."""

    url: str
    limit: int = 10
    at_least: int = 1
    begin_with: int = 3
    order: str = Feed.Order.NEWEST


@transaction.atomic
def save_feed(*, mailing: Mailing, chosen: FeedSettings, now: datetime) -> Feed:
    """Give the mailing this feed, or change it; it is read soon.

    Another address begins anew: what is older there than ``begin_with`` is left out. Raises
    FeedOfOnce, ValidationError.
    """
    feed = Feed.objects.select_for_update().filter(mailing=mailing).first()
    if feed is None and not mailing.repeat:
        text = gettext_noop("Only a repeated mailing can have a feed: set its repetition first.")
        raise refusal(FeedOfOnce, text)
    feed = feed or Feed(mailing=mailing)
    moved = feed.url != chosen.url
    for name, value in asdict(chosen).items():
        setattr(feed, name, value)
    _check(feed)
    if moved:
        feed.etag = feed.last_modified = feed.moved_to = feed.title = ""
        feed.started_at = feed.read_for = feed.held_until = None
    if moved or feed.failure:
        feed.failures, feed.failure, feed.next_at = 0, {}, now
    feed.save()
    log.info("feed_saved", feed_id=feed.pk, mailing_id=mailing.pk, moved=moved)
    return feed


def _check(feed: Feed) -> None:
    """Raises ValidationError for what no feed may be."""
    if not feed.url.lower().startswith(("http://", "https://")) or " " in feed.url:
        text = _("Write the address of a feed, such as https://example.com/feed.xml.")
        raise ValidationError({"url": ValidationError(text, code="url")})
    feed.full_clean(exclude=["mailing"])
    if feed.at_least > feed.limit:
        text = _("It can’t wait for more items than one message shows.")
        raise ValidationError({"at_least": ValidationError(text, code="at_least")})


@transaction.atomic
def remove_feed(mailing: Mailing) -> bool:
    """Take the feed away, with all that is known of its items. Raises FeedInUse."""
    list(Mailing.objects.select_for_update().filter(pk=mailing.pk).values_list("pk"))
    if mailing.runs.exclude(state=Run.State.DONE).exists():
        text = gettext_noop("The mailing is being sent with items of this feed. Stop it first.")
        raise refusal(FeedInUse, text)
    count, _by_model = Feed.objects.filter(mailing=mailing).delete()
    log.info("feed_removed", mailing_id=mailing.pk)
    return bool(count)


def ask(mailing: Mailing, now: datetime) -> bool:
    """Have the feed read soon. False: the mailing has none."""
    return bool(Feed.objects.filter(mailing=mailing).update(next_at=now))


@transaction.atomic
def offer_again(*, mailing: Mailing, number: int, actor: Actor, now: datetime) -> int:
    """Let the items of a run wait once more: the next letter has them again.

    Returns how many. Raises FeedInUse while the run goes on, NothingToOffer.
    """
    run = Run.objects.select_for_update().filter(mailing=mailing, number=number).first()
    if run is not None and run.state != Run.State.DONE:
        text = gettext_noop("The run is still being sent.")
        raise refusal(FeedInUse, text)
    count = 0
    if run is not None:
        count = FeedItem.objects.filter(run=run).update(run=None, taken_at=None)
    if not count:
        text = gettext_noop("There are no items of this run to offer again.")
        raise refusal(NothingToOffer, text)
    facts: dict[str, Any] = {"run_number": number, "actor_id": actor.pk, "fresh": count}
    feed = Feed.objects.get(mailing=mailing)
    note(feed, FeedCheck.Code.OFFERED, now, **facts)
    log.info("feed_offered_again", mailing_id=mailing.pk, run=number, count=count, by=actor.pk)
    return count
