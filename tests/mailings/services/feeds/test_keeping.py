"""What a feed brings is kept once: whatever it drops, repeats, renames or moves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from apps.core.http import outbound
from apps.mailings.feeds.errors import FeedInvalid
from apps.mailings.models import Feed, FeedCheck, FeedItem, Mailing, MediaFile
from apps.mailings.services.feeds import history, keeping
from apps.mailings.services.feeds.content import entries_of, waiting_items
from apps.mailings.services.feeds.fetching import Found, fetch
from apps.mailings.services.feeds.round import read_feeds
from apps.mailings.services.feeds.settings import FeedSettings, save_feed
from tests.http_service import redirect
from tests.mailings.feeds.blog import Blog, feed_mailing, feed_of, open_blog, titles
from tests.mailings.feeds.documents import post
from tests.mailings.media.pictures import drawing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blog]:
    with open_blog(monkeypatch) as blog:
        blog.publish(1, 2, 3)
        yield blog


def read(mailing: Mailing) -> Feed:
    """Read the mailing's feed, as if its time had come."""
    Feed.objects.filter(mailing=mailing).update(read_for=None)
    read_feeds([feed_of(mailing).pk])
    return feed_of(mailing)


def waiting() -> list[str]:
    return titles(taken_at=None)


def test_the_first_time_what_is_older_counts_as_sent(blog: Blog) -> None:
    mailing = feed_mailing(blog.url, begin_with=1)
    feed = read(mailing)
    assert waiting() == ["Post 3"] and FeedItem.objects.count() == 3
    assert FeedItem.objects.filter(html="", summary="", run=None).count() == 2
    assert feed.title == "The blog" and feed.started_at is not None
    blog.publish(4, 5)
    read(mailing)
    assert waiting() == ["Post 5", "Post 4", "Post 3"]


def test_items_that_are_dropped_and_come_back_are_no_new_ones(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    read(mailing)
    FeedItem.objects.update(taken_at=timezone.now())
    posts, blog.posts = blog.posts, []
    read(mailing)
    blog.posts = [*reversed(posts), *posts]
    read(mailing)
    assert waiting() == [] and FeedItem.objects.count() == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Post-A", "POST-a"),
        ("https://example.com/posts/7", "https://EXAMPLE.com/posts/7/"),
        ("http://example.com/posts/7", "https://www.example.com/posts/7?utm_source=rss"),
    ],
)
def test_an_id_that_is_written_otherwise_is_the_same_item(
    blog: Blog, before: str, after: str
) -> None:
    mailing = feed_mailing(blog.url)
    blog.posts = [post(7, guid=before)]
    read(mailing)
    blog.posts = [post(7, guid=after)]
    read(mailing)
    assert FeedItem.objects.count() == 1


def test_a_feed_that_moves_to_another_host_sends_nothing_twice(blog: Blog) -> None:
    """The ids are addresses on the host that it had; the redirect is kept."""
    mailing = feed_mailing(blog.url)
    blog.posts = [post(number, guid=f"{blog.service.url}/posts/{number}") for number in (2, 1)]
    read(mailing)
    there = blog.url.replace("127.0.0.1", "localhost").replace("feed.xml", "feed/new.xml")
    home = there.rpartition("/feed")[0]
    blog.posts = [post(number, guid=f"{home}/posts/{number}") for number in (3, 2, 1)]
    blog.service.script.append(redirect(there, status=301))
    feed = read(mailing)
    assert feed.moved_to == feed.address == there and feed.url == blog.url
    assert waiting() == ["Post 3", "Post 2", "Post 1"] and FeedItem.objects.count() == 3
    asked = len(blog.asked)
    read(mailing)
    assert [one.path for one in blog.asked[asked:]] == ["/feed/new.xml"], "the old one is left"


def test_a_redirect_for_now_is_no_move(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    blog.service.script.append(redirect("/feed/today.xml"))
    feed = read(mailing)
    assert feed.moved_to == "" and feed.read_at is not None
    assert [one.path for one in blog.asked] == ["/feed.xml", "/feed/today.xml"]


def test_another_address_begins_anew(blog: Blog) -> None:
    mailing = feed_mailing(blog.url, begin_with=1)
    read(mailing)
    other = blog.url.replace("feed.xml", "feed/2.xml")
    chosen = FeedSettings(url=other, begin_with=1)
    feed = save_feed(mailing=mailing, chosen=chosen, now=timezone.now())
    assert (feed.started_at, feed.etag) == (None, "")
    blog.posts = [post(number, title=f"Other {number}") for number in (30, 20, 10)]
    read(mailing)
    assert waiting() == ["Other 30", "Post 3"]


def test_an_answer_to_an_address_that_was_changed_meanwhile_is_dropped(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    held = keeping.hold(feed_of(mailing).pk, timezone.now())
    assert held is not None
    Feed.objects.update(url="https://example.com/other.xml")
    found = Found(None, blog.url)
    assert keeping.keep(held, found, timezone.now()) is None
    keeping.fail(held, FeedInvalid("no"), timezone.now())
    assert not FeedCheck.objects.exists()


def test_one_process_reads_a_feed_at_a_time_until_it_is_thought_dead(blog: Blog) -> None:
    mailing, now = feed_mailing(blog.url), timezone.now()
    feed = feed_of(mailing)
    assert keeping.hold(feed.pk, now) is not None
    assert keeping.hold(feed.pk, now) is None
    later = now + timedelta(seconds=keeping.HELD_SECONDS + 1)
    assert keeping.hold(feed.pk, later) is not None


def test_what_was_kept_and_not_finished_is_read_again(blog: Blog) -> None:
    """The process that read it died before it could say so."""
    mailing = feed_mailing(blog.url)
    now = timezone.now()
    held = keeping.hold(feed_of(mailing).pk, now)
    assert held is not None
    keeping.keep(held, fetch(held), now)
    assert feed_of(mailing).read_for is None and len(waiting()) == 3
    Feed.objects.update(held_until=None)
    assert read(mailing).read_for == mailing.starts_at
    assert FeedItem.objects.count() == 3


def test_pictures_of_the_next_letter_come_into_the_library(blog: Blog) -> None:
    blog.pictures["/good.png"] = drawing()
    picture = f"<img src='{blog.service.url}/good.png'>"
    blog.posts = [
        post(3, description=f"<p>3</p>{picture}"),
        post(2, description=f"<p>2</p><img src='{blog.service.url}/feed-none.png'>"),
        post(1, description=f"<p>1</p>{picture}"),
    ]
    mailing = feed_mailing(blog.url, limit=2)
    feed = read(mailing)
    media = MediaFile.objects.get(owner=mailing.owner)
    third, second = waiting_items(feed, 2)
    assert (third.media, second.media) == (media, None)
    assert second.image_tried and not FeedItem.objects.get(title="Post 1").image_tried
    first, other = entries_of([third, second], mailing.message)
    assert first.media == media.pk and media.token in first.image
    assert (other.media, other.image) == (None, "")


def test_a_picture_on_an_address_inside_the_house_is_not_asked_for(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    blog.posts = [post(1, description="<img src='http://169.254.169.254/latest/meta-data/'>")]
    mailing = feed_mailing(blog.url)
    monkeypatch.setattr(outbound, "is_public", lambda address: address.startswith("127."))
    feed = read(mailing)
    assert feed.read_for == mailing.starts_at and not MediaFile.objects.exists()


@pytest.mark.parametrize(
    ("published", "zone"),
    [
        (datetime(9999, 12, 31, 23, 30, tzinfo=UTC), "Asia/Tokyo"),
        (datetime(1, 1, 1, 0, 30, tzinfo=UTC), "America/New_York"),
    ],
)
def test_an_item_at_an_end_of_time_is_shown_without_its_date(
    blog: Blog, published: datetime, zone: str
) -> None:
    mailing = feed_mailing(blog.url)
    item = FeedItem(title="Post 1", link="https://example.com/posts/1", published_at=published)
    with timezone.override(zone):
        (entry,) = entries_of([item], mailing.message)
    assert (entry.title, entry.date, entry.day) == ("Post 1", "", "")


def test_the_history_does_not_grow_without_end(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT", 5)
    mailing = feed_mailing(blog.url)
    feed, now = feed_of(mailing), timezone.now()
    history.note(feed, FeedCheck.Code.NO_ITEMS, now, passed=True)
    history.note(feed, FeedCheck.Code.OFFERED, now)
    for _ in range(20):
        history.note(feed, FeedCheck.Code.READ, now)
    codes = list(FeedCheck.objects.values_list("code", flat=True))
    assert sorted(codes) == ["feed_no_items", "offered_again", *["read"] * 5]
