"""The page of a mailing's feed: set, read, seen, offered again, removed; without a script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from apps.core.errors import Refused
from apps.core.text.formatting import facts_of, refusal
from apps.mailings.feeds.errors import FeedUnreachable
from apps.mailings.models import Feed, FeedCheck, FeedItem, Mailing, MediaFile, Run
from tests.factories import MailingFactory, RunFactory
from tests.mailings.feeds.blog import feed_letter, feed_of, titles
from tests.people import Cast

pytestmark = pytest.mark.django_db

URL = "https://example.com/feed.xml"
FORM = {"url": URL, "order": "newest", "limit": "10", "at_least": "1", "begin_with": "3"}


@pytest.fixture
def mailing(cast: Cast) -> Mailing:
    """Cast's owner's, every week, with a letter that shows a feed."""
    made = MailingFactory.create(owner=cast.owner, repeat="FREQ=WEEKLY", name="Digest")
    made.message = feed_letter(cast.owner)
    made.save()
    return made


@pytest.fixture
def anna(cast: Cast) -> Client:
    return cast.client("owner")


def place(mailing: Mailing) -> str:
    return f"/mailings/{mailing.pk}/feed/"


def page(client: Client, mailing: Mailing) -> str:
    return client.get(place(mailing)).content.decode()


def item(feed: Feed, number: int, **fields: object) -> FeedItem:
    now = timezone.now()
    values = {
        "key": f"k{number}",
        "title": f"Post {number}",
        "link": f"https://example.com/{number}",
        "dated_at": now + timedelta(seconds=number),
        "found_at": now,
        **fields,
    }
    made: FeedItem = FeedItem.objects.create(feed=feed, **values)
    return made


def test_a_feed_is_set_and_read_soon(anna: Client, mailing: Mailing) -> None:
    assert "Address of the feed" in page(anna, mailing)
    answer = anna.post(place(mailing), {**FORM, "at_least": "2"}, follow=True)
    assert "The feed is saved." in answer.content.decode()
    feed = feed_of(mailing)
    assert (feed.url, feed.at_least, feed.limit) == (URL, 2, 10) and feed.next_at is not None
    assert "Being read…" in page(anna, mailing)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"url": "nonsense"}, "Write the address of a feed"),
        ({"url": "ftp://example.com/"}, "Write the address of a feed"),
        ({"limit": "51"}, "less than or equal to 50"),
        ({"at_least": "20"}, "wait for more items"),
    ],
)
def test_a_wrong_setting_is_named_beside_its_field(
    anna: Client, mailing: Mailing, typed: dict[str, str], said: str
) -> None:
    answer = anna.post(place(mailing), {**FORM, **typed})
    assert said in answer.content.decode()
    assert not Feed.objects.exists()


def test_a_mailing_that_is_sent_once_says_what_is_needed(anna: Client, cast: Cast) -> None:
    once = MailingFactory.create(owner=cast.owner)
    assert "Only a repeated mailing can have a feed" in page(anna, once)
    answer = anna.post(place(once), FORM, follow=True)
    assert "Only a repeated mailing can have a feed" in answer.content.decode()
    assert f'href="{place(once)}"' not in anna.get(f"/mailings/{once.pk}/").content.decode()


def test_a_message_without_a_place_for_it_says_so(anna: Client, cast: Cast) -> None:
    plain = MailingFactory.create(owner=cast.owner, repeat="FREQ=WEEKLY")
    assert "The message has no place for a feed yet" in page(anna, plain)


def test_the_page_shows_what_waits_and_what_comes_later(anna: Client, mailing: Mailing) -> None:
    feed = Feed.objects.create(mailing=mailing, url=URL, limit=2, title="The blog")
    for number in range(4):
        item(feed, number)
    text = page(anna, mailing)
    assert text.index("Post 3") < text.index("Post 2") and "Post 1" not in text
    assert "2 more items wait for later messages." in text
    detail = anna.get(f"/mailings/{mailing.pk}/").content.decode()
    assert place(mailing) in detail and "4 new items wait." in detail


def test_a_failure_is_shown_with_its_reason_and_the_next_try(
    anna: Client, mailing: Mailing
) -> None:
    now = timezone.now()
    feed = Feed.objects.create(mailing=mailing, url=URL, next_at=now + timedelta(minutes=4))
    refused: Refused = refusal(
        FeedUnreachable, "The feed's address answers: %(status)s.", status=503
    )
    Feed.objects.update(failure=facts_of(refused))
    FeedCheck.objects.create(
        mailing=mailing, code="feed_unreachable", at=now, detail=facts_of(refused)
    )
    text = page(anna, mailing)
    assert text.count("answers: 503.") == 2 and "Next try" in text and feed.url in text


def test_items_of_a_run_are_offered_again_with_a_line_in_the_history(
    anna: Client, mailing: Mailing
) -> None:
    feed = Feed.objects.create(mailing=mailing, url=URL)
    run = RunFactory.create(mailing=mailing, state=Run.State.DONE)
    item(feed, 1, run=run, taken_at=timezone.now())
    assert "Run #1: 1 item" in page(anna, mailing)
    answer = anna.post(place(mailing), {"act": "offer", "run": "1"}, follow=True)
    assert "1 item waits for the next message again." in answer.content.decode()
    assert titles(taken_at=None) == ["Post 1"]
    assert "Offered again" in page(anna, mailing)
    again = anna.post(place(mailing), {"act": "offer", "run": "1"}, follow=True)
    assert "no items of this run" in again.content.decode()


def test_it_is_read_now_and_removed(anna: Client, mailing: Mailing) -> None:
    Feed.objects.create(mailing=mailing, url=URL)
    anna.post(place(mailing), {"act": "read"})
    assert feed_of(mailing).next_at is not None
    anna.post(place(mailing), {"act": "remove"})
    assert not Feed.objects.exists()
    assert anna.post(place(mailing), {"act": "read"}).status_code == 404
    assert anna.post(place(mailing), {"act": "dance"}).status_code == 404


def test_a_manager_sees_it_and_changes_nothing(cast: Cast, mailing: Mailing) -> None:
    Feed.objects.create(mailing=mailing, url=URL)
    manager = cast.client("manager")
    text = page(manager, mailing)
    assert URL in text and "Remove the feed" not in text
    assert manager.post(place(mailing), FORM).status_code == 403


def test_hostile_words_of_a_feed_are_only_words(anna: Client, mailing: Mailing) -> None:
    feed = Feed.objects.create(mailing=mailing, url=URL, title="<script>alert(1)</script>")
    item(feed, 1, title="<img src=x onerror=alert(1)>", author="<b>")
    text = page(anna, mailing)
    assert "<script>alert(1)</script>" not in text and "<img src=x" not in text


def test_the_preview_of_the_message_shows_the_items_that_wait(
    anna: Client, mailing: Mailing
) -> None:
    feed = Feed.objects.create(mailing=mailing, url=URL)
    item(feed, 1, summary="What is new")
    frame = anna.get(f"/messages/{mailing.message_id}/frame/").content.decode()
    assert "Post 1" in frame and "What is new" in frame
    assert not MediaFile.objects.exists()


def test_the_history_speaks_the_readers_language(anna: Client, mailing: Mailing) -> None:
    Feed.objects.create(mailing=mailing, url=URL)
    now = timezone.now()
    FeedCheck.objects.create(
        mailing=mailing,
        code="feed_no_items",
        at=now,
        passed=True,
        occurrence=now,
        fresh=1,
        detail={"least": 3},
    )
    with translation.override("en"):
        text = page(anna, mailing)
    assert "Too few new items" in text and "new items: 1, needed: 3" in text
    assert "Nothing was sent" in text
