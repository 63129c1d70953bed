"""Which items of a feed a mailing sends: one choice for all that is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from apps.core.content.blocks.document import Document
from apps.core.content.blocks.errors import DocumentInvalid
from apps.core.content.translation import base_strings, entries_of
from apps.delivery.engine.direct_send import send_probe
from apps.delivery.engine.render import snapshot_of
from apps.delivery.engine.runs import feeds, launch, recurrence
from apps.delivery.preflight.letter import Letter
from apps.delivery.service import DispatchService
from apps.mailings.ledger import dialect
from apps.mailings.models import Feed, FeedCheck, FeedItem, Mailing, Message, Run
from apps.mailings.models.content import content_of
from apps.mailings.run_content import contents_of
from apps.mailings.services.feeds.round import read_feeds
from apps.mailings.services.languages.translations import keep_translations
from apps.mailings.services.letters import bodies
from tests.delivery.engine.runs.audience.test_condition_bits import letters
from tests.factories import MailingFactory, MediaFileFactory, RecipientFactory
from tests.mailings.feeds.blog import Blog, feed_mailing, feed_of, open_blog, titles

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


TITLES = ("Of the older", "Of the newer")


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blog]:
    with open_blog(monkeypatch) as blog:
        blog.publish(1, 2, 3)
        yield blog


def translated(message: Message) -> None:
    """The message is English, and has every text in German."""
    message.language = "en"
    message.save()
    content = content_of(message)
    texts = {one.key: one.text for one in base_strings(content)}
    keep_translations(message, {"de": entries_of(content, texts)})


def test_what_comes_while_a_run_is_made_is_in_none_of_its_languages(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = feed_mailing(blog.url)
    translated(mailing.message)
    RecipientFactory.create(owner=mailing.owner, language="de")
    DispatchService().read_feeds()

    def read_behind(*args: Any, **facts: Any) -> dict[str, Any]:
        content = snapshot_of(*args, **facts)
        blog.publish(9)
        Feed.objects.update(read_for=None)
        read_feeds([feed_of(mailing).pk])
        return content

    monkeypatch.setattr(launch, "snapshot_of", read_behind)
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    contents = contents_of(Run.objects.get(pk=launched.run_id)).values()
    assert [one["language"] for one in contents] == ["en", "de"]
    assert len({tuple(one["feed"]) for one in contents}) == 1
    assert all("Post 3" in str(one) and "Post 9" not in str(one) for one in contents)
    assert set(titles(taken_at=None)) == {"Post 9"}


def test_a_message_that_cannot_be_read_is_refused_for_that(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    DispatchService().read_feeds()
    Message.objects.filter(pk=mailing.message_id).update(document={"schema": 1, "body": [7]})
    with pytest.raises(DocumentInvalid):
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")


def shared(blog: Blog) -> tuple[Mailing, Mailing]:
    """Two mailings that send the same message, each with what its own feed has brought."""
    older, newer = feed_mailing(blog.url), feed_mailing(blog.url)
    for mailing, title in zip((older, newer), TITLES, strict=True):
        Mailing.objects.filter(pk=mailing.pk).update(message=older.message, owner=older.owner)
        now = timezone.now()
        feed = feed_of(mailing)
        FeedItem.objects.create(feed=feed, key=title, title=title, dated_at=now, found_at=now)
    rows = Mailing.objects.select_related("message", "sender", "owner")
    return rows.get(pk=older.pk), rows.get(pk=newer.pk)


def test_a_preflight_looks_at_the_feed_of_its_own_mailing(blog: Blog) -> None:
    older, newer = shared(blog)
    plain = MailingFactory.create(owner=older.owner, message=older.message)
    for mailing, shown in ((older, [TITLES[0]]), (newer, [TITLES[1]]), (plain, [])):
        letter = Letter(mailing)
        for text in (letter.readable, letter.as_mail(timezone.now()).decode()):
            assert [title for title in TITLES if title in text] == shown


def test_a_probe_sends_the_feed_of_its_own_mailing(blog: Blog, tmp_path: Path) -> None:
    older, newer = shared(blog)
    for mailing, shown in ((older, TITLES[0]), (newer, TITLES[1]), (None, TITLES[1])):
        send_probe(
            message_id=older.message_id,
            account="email",
            address="probe@example.org",
            key="0123456789abcdef",
            mailing=mailing,
        )
        (letter,) = letters(tmp_path).values()
        assert [title for title in TITLES if title in letter] == [shown]


def test_pictures_of_its_own_feed_are_made_before_a_start(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, _newer = shared(blog)
    FeedItem.objects.update(media=MediaFileFactory.create(owner=older.owner))
    made: list[str] = []

    def compiled(_written: Message, document: Document, **_more: object) -> None:
        made.append(str(document))

    monkeypatch.setattr(bodies, "compiled_letter", compiled)
    bodies.make_pictures(older.message, mailing=older)
    assert [title for title in TITLES if title in made[0]] == [TITLES[0]]


def test_a_start_is_not_passed_over_when_items_came_meanwhile(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = feed_mailing(blog.url, begin_with=0)
    DispatchService().read_feeds()
    found = feeds.passing(dialect.database_now())
    assert found == [mailing.pk]
    monkeypatch.setattr(feeds, "passing", lambda now: found)
    blog.publish(4)
    Feed.objects.update(read_for=None)
    read_feeds([feed_of(mailing).pk])
    assert recurrence.pass_empty_feeds() == 0
    assert Mailing.objects.get(pk=mailing.pk).starts_at == mailing.starts_at
    assert not FeedCheck.objects.filter(passed=True).exists()
    assert len(DispatchService().dispatch_due()) == 1


def test_a_start_is_passed_over_by_the_number_that_its_letter_needs(blog: Blog) -> None:
    """Of a letter with two places nobody waits for five items."""
    mailing = feed_mailing(blog.url, at_least=5, begin_with=1)
    document = mailing.message.document or {}
    document["body"][0]["columns"][0]["blocks"][-1]["limit"] = 2
    Message.objects.filter(pk=mailing.message_id).update(document=document)
    DispatchService().read_feeds()
    assert recurrence.pass_empty_feeds() == 1
    passed = FeedCheck.objects.get(mailing=mailing, passed=True)
    assert (passed.fresh, passed.detail) == (1, {"least": 2})
