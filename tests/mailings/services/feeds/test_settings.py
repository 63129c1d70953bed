"""What an owner may choose of a feed, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.mailings.models import Feed, FeedItem, Run
from apps.mailings.services.feeds.settings import (
    FeedInUse,
    FeedOfOnce,
    FeedSettings,
    NothingToOffer,
    ask,
    offer_again,
    remove_feed,
    save_feed,
)
from tests.factories import MailingFactory, RunFactory

pytestmark = pytest.mark.django_db

URL = "https://example.com/feed.xml"


def save(mailing: Any, **chosen: Any) -> Feed:
    return save_feed(
        mailing=mailing, chosen=FeedSettings(**{"url": URL, **chosen}), now=timezone.now()
    )


def test_only_a_repeated_mailing_has_a_feed() -> None:
    mailing = MailingFactory.create()
    with pytest.raises(FeedOfOnce):
        save(mailing)
    mailing.repeat = "FREQ=DAILY"
    mailing.save()
    assert save(mailing).next_at is not None, "it is read soon"
    mailing.repeat = ""
    assert save(mailing, limit=5).limit == 5, "what is there can still be changed"


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "example.com"}, "url"),
        ({"limit": 0}, "limit"),
        ({"limit": 51}, "limit"),
        ({"at_least": 0}, "at_least"),
        ({"at_least": 11}, "at_least"),
        ({"begin_with": 11}, "begin_with"),
        ({"order": "random"}, "order"),
    ],
)
def test_what_no_feed_can_be_is_refused_by_its_field(chosen: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        save(MailingFactory.create(repeat="FREQ=DAILY"), **chosen)
    assert field in refused.value.message_dict
    assert not Feed.objects.exists()


def test_a_change_that_leaves_the_address_keeps_what_is_known() -> None:
    mailing = MailingFactory.create(repeat="FREQ=DAILY")
    feed = save(mailing)
    Feed.objects.update(etag='"a"', started_at=timezone.now(), next_at=None)
    feed = save(mailing, limit=3)
    assert (feed.etag, feed.next_at) == ('"a"', None) and feed.started_at is not None


def test_a_feed_is_not_taken_from_a_run_that_is_open() -> None:
    mailing = MailingFactory.create(repeat="FREQ=DAILY")
    save(mailing)
    run = RunFactory.create(mailing=mailing)
    with pytest.raises(FeedInUse):
        remove_feed(mailing)
    Run.objects.filter(pk=run.pk).update(state=Run.State.DONE)
    assert remove_feed(mailing) is True
    assert remove_feed(mailing) is False and ask(mailing, timezone.now()) is False


def test_there_is_nothing_to_offer_of_a_run_without_items() -> None:
    mailing = MailingFactory.create(repeat="FREQ=DAILY")
    feed, now = save(mailing), timezone.now()
    run = RunFactory.create(mailing=mailing, state=Run.State.DONE)
    for number in (run.number, 99):
        with pytest.raises(NothingToOffer):
            offer_again(mailing=mailing, number=number, actor=mailing.owner, now=now)
    FeedItem.objects.create(feed=feed, key="a", dated_at=now, found_at=now, run=run, taken_at=now)
    assert offer_again(mailing=mailing, number=1, actor=mailing.owner, now=now) == 1
