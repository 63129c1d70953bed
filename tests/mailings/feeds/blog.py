"""A site with a feed, and mailings that send it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.core.http import outbound
from apps.mailings.ledger import dialect
from apps.mailings.models import Feed, FeedItem, Mailing, Message
from apps.mailings.services.feeds.settings import FeedSettings, save_feed
from apps.users.models import User
from tests.factories import MailingFactory, RecipientFactory
from tests.http_service import HttpService, Reply, Request, Step, answer, written
from tests.mailings.feeds.documents import post, rss
from tests.mailings.services.letters.letters import a_letter


class Blog:
    """Answers with its posts, and with 304 to whom it has not changed for."""

    def __init__(self) -> None:
        self.posts: list[dict[str, str]] = []
        self.pictures: dict[str, bytes] = {}
        self.instead: Reply | None = None
        self.service = HttpService(self._reply)
        self.url = f"{self.service.url}/feed.xml"

    def publish(self, *numbers: int, **fields: str) -> None:
        """The newest stands on top, as blogs have it."""
        for number in numbers:
            self.posts.insert(0, post(number, **fields))

    @property
    def asked(self) -> list[Request]:
        """The requests for the feed."""
        return [one for one in self.service.requests if one.path.startswith("/feed")]

    def _reply(self, request: Request) -> Iterable[Step]:
        if request.path in self.pictures:
            return answer(self.pictures[request.path], content_type="image/png")(request)
        if self.instead is not None:
            return self.instead(request)
        content = rss(self.posts, link="https://example.com")
        tag = f'"{hash(content)}"'
        if request.headers.get("if-none-match") == tag:
            return [b"HTTP/1.1 304 Not Modified\r\n\r\n"]
        return [written(content, content_type="application/rss+xml", etag=tag)]


@contextmanager
def open_blog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blog]:
    """On an address that stands for a public one."""
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    blog = Blog()
    with blog.service:
        yield blog


REPEAT: dict[str, Any] = {
    "type": "repeat",
    "id": "feedrepeat",
    "source": "feed",
    "limit": 10,
    "blocks": [
        {"type": "heading", "id": "feedtitle", "text": "{{ item.title }}"},
        {
            "type": "image",
            "id": "feedimage",
            "picture": {"url": "{{ item.image }}", "alt": "{{ item.title }}"},
        },
        {"type": "text", "id": "feedtext1", "html": "<p>{{ item.html }}</p>"},
        {"type": "button", "id": "feedbutton", "label": "Read on", "link": "{{ item.link }}"},
    ],
    "empty": "<p>Nothing new.</p>",
}


def feed_letter(owner: User) -> Message:
    """A letter of blocks that shows a feed."""
    message = a_letter(owner)
    document: dict[str, Any] = message.document or {}
    document["body"][0]["columns"][0]["blocks"].append(REPEAT)
    message.save()
    return Message.objects.get(pk=message.pk)


def feed_mailing(url: str, people: int = 1, **chosen: Any) -> Mailing:
    """A due mailing of every week to so many people, with a feed."""
    now = dialect.database_now().replace(microsecond=0)
    starts = chosen.pop("starts_at", now - timedelta(seconds=2))
    made = MailingFactory.create(
        starts_at=starts,
        ends_at=starts + timedelta(days=1),
        repeat="FREQ=WEEKLY",
        repeat_zone="UTC",
    )
    made.message = feed_letter(made.owner)
    made.save()
    RecipientFactory.create_batch(people, owner=made.owner)
    save_feed(mailing=made, chosen=FeedSettings(url=url, **chosen), now=now)
    return Mailing.objects.get(pk=made.pk)


def titles(**lookup: Any) -> list[str]:
    """The titles of items, as they stand in the feed."""
    rows = FeedItem.objects.filter(**lookup).order_by("-dated_at", "position")
    return list(rows.values_list("title", flat=True))


def feed_of(mailing: Mailing) -> Feed:
    found: Feed = Feed.objects.get(mailing=mailing)
    return found


def due_again(mailing: Mailing) -> None:
    """The next occurrence has come, as if a week had passed."""
    now = timezone.now()
    Mailing.objects.filter(pk=mailing.pk).update(
        starts_at=now - timedelta(seconds=1),
        ends_at=now + timedelta(days=1),
        scheduled_at=now,
    )
