"""A mailing with a feed sends what is new, each item once, and says why it does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from apps.core.content.blocks.editing import places
from apps.core.errors import Refused
from apps.delivery.engine.direct_send import send_test
from apps.delivery.engine.runs import control, feeds, launch
from apps.delivery.monitoring.notifications import notify_owners
from apps.delivery.service import DispatchService
from apps.mailings.feeds.errors import FeedChanged, FeedNoItems, FeedUnreachable
from apps.mailings.gallery.reading import templates
from apps.mailings.ledger import dialect
from apps.mailings.models import Feed, FeedCheck, FeedItem, Mailing, Message, Run
from apps.mailings.selectors.mailings import cards_of
from apps.mailings.services import starting
from apps.mailings.services.feeds.settings import FeedInUse, offer_again
from apps.mailings.services.letters.reuse.saved_blocks import keep_section
from apps.mailings.services.letters.sources.from_gallery import begin_from_gallery
from apps.reports.notifications import render
from apps.users.models import Notification
from tests.delivery.engine.conftest import ShiftedClock
from tests.delivery.engine.runs.audience.test_condition_bits import letters
from tests.factories import MailingFactory, MessageFactory
from tests.http_service import Reply, empty, html
from tests.mailings.feeds.blog import (
    REPEAT,
    Blog,
    due_again,
    feed_mailing,
    feed_of,
    open_blog,
    titles,
)
from tests.mailings.media.library import picture_files
from tests.mailings.services.letters.letters import a_letter

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blog]:
    with open_blog(monkeypatch) as blog:
        blog.publish(1, 2, 3)
        yield blog


def tick(service: DispatchService | None = None) -> list[Run]:
    """One round of a scheduler, whose runs are sent to their end."""
    service = service or DispatchService()
    launched = service.dispatch_due()
    service.read_feeds()
    launched += service.dispatch_due()
    for one in launched:
        service.work_until(one.run_id, threading.Event())
    service.dispatch_due()  # what is over moves on
    return list(Run.objects.filter(pk__in=[one.run_id for one in launched]))


def why(mailing: Mailing) -> tuple[str, str]:
    """What the mailing's page says of what comes next, and the code of it."""
    row = Mailing.objects.select_related("owner").get(pk=mailing.pk)
    (card,) = cards_of([row], now=dialect.database_now())
    return card.next_step, card.reason


def test_new_items_are_the_letter_and_the_next_one_has_only_newer_ones(
    blog: Blog, tmp_path: Path
) -> None:
    mailing = feed_mailing(blog.url, begin_with=2)
    (run,) = tick()
    assert titles(run=run) == ["Post 3", "Post 2"]
    (letter,) = letters(tmp_path).values()
    assert letter.index("Post 3") < letter.index("Post 2") and "Post 1" not in letter
    assert "https://example.com/posts/3" in letter and "item." not in letter

    blog.publish(4)
    due_again(mailing)
    (again,) = tick()
    assert again.number == 2 and titles(run=again) == ["Post 4"]
    assert titles(taken_at=None) == []


def test_a_due_mailing_waits_until_its_feed_was_read(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    service = DispatchService()
    assert service.dispatch_due() == []
    assert why(mailing) == ("Waiting for the feed: it is being read.", "")
    assert service.read_feeds() == 1
    assert len(service.dispatch_due()) == 1
    assert service.read_feeds() == 0, "it was read for this start"


def test_the_feed_is_asked_for_what_has_changed_since(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    tick()
    due_again(mailing)
    tick()
    assert "if-none-match" in blog.asked[-1].headers
    checks = FeedCheck.objects.filter(mailing=mailing).order_by("pk")
    assert [one.code for one in checks] == ["read", "unchanged", "feed_no_items"]


def test_with_too_few_items_nothing_is_sent_and_the_history_says_so(blog: Blog) -> None:
    mailing = feed_mailing(blog.url, begin_with=2, at_least=3)
    started = mailing.starts_at
    assert tick() == []
    passed = FeedCheck.objects.get(mailing=mailing, passed=True)
    assert (passed.code, passed.fresh, passed.occurrence) == ("feed_no_items", 2, started)
    mailing.refresh_from_db()
    assert mailing.starts_at == started + timedelta(days=7) and mailing.current_run == 1
    blog.publish(4)
    due_again(mailing)
    (run,) = tick()
    assert titles(run=run) == ["Post 4", "Post 3", "Post 2"], "they have waited together"


def test_the_last_start_is_passed_over_once(blog: Blog) -> None:
    mailing = feed_mailing(blog.url, begin_with=0)
    Mailing.objects.filter(pk=mailing.pk).update(repeat="FREQ=WEEKLY;COUNT=1")
    for _ in range(3):
        assert tick() == []
    assert FeedCheck.objects.filter(mailing=mailing, passed=True).count() == 1
    step, code = why(mailing)
    assert "too few new items" in step and code == "feed_no_items"


@pytest.mark.parametrize(
    ("reply", "code", "said"),
    [
        (empty(503), "feed_unreachable", "answers: 503"),
        (html(), "feed_invalid", "no feed"),
    ],
)
def test_a_feed_that_fails_is_tried_until_the_end_and_its_owner_is_notified(
    blog: Blog, clock: ShiftedClock, reply: Reply, code: str, said: str
) -> None:
    mailing = feed_mailing(blog.url)
    blog.instead = reply
    for _try in range(30):
        assert tick() == []
        feed = feed_of(mailing)
        wait = feed.next_at - clock.now()
        assert timedelta(0) < wait <= timedelta(minutes=15)
        step, reason = why(mailing)
        assert said in step and "Next try" in step and reason == code
        assert DispatchService().read_feeds() == 0, "not before its time"
        clock.forward(seconds=wait.total_seconds() + 1)
    assert len(blog.asked) == 30
    clock.go_to(mailing.ends_at + timedelta(seconds=1))
    assert tick() == []
    passed = FeedCheck.objects.get(mailing=mailing, passed=True)
    assert passed.code == code
    mailing.refresh_from_db()
    assert mailing.starts_at > mailing.created_at + timedelta(days=6), "the next start is planned"
    FeedCheck.objects.filter(pk=passed.pk).update(at=dialect.database_now())
    for _twice in range(2):
        notify_owners(dialect.database_now())
    (notice,) = Notification.objects.filter(owner=mailing.owner, code="feed_failed")
    assert said in render(notice).text and mailing.name in render(notice).text


def test_a_feed_that_comes_back_in_time_is_sent(blog: Blog, clock: ShiftedClock) -> None:
    mailing = feed_mailing(blog.url)
    blog.instead = empty(500)
    assert tick() == []
    clock.forward(minutes=10)
    blog.instead = None
    (run,) = tick()
    assert run.outcome == "success"
    feed = feed_of(mailing)
    assert (feed.failures, feed.failure, feed.next_at) == (0, {}, None)


def test_a_disabled_mailing_and_a_draft_read_nothing(blog: Blog) -> None:
    off, draft = feed_mailing(blog.url), feed_mailing(blog.url)
    Mailing.objects.filter(pk=off.pk).update(is_active=False)
    Mailing.objects.filter(pk=draft.pk).update(scheduled_at=None)
    Feed.objects.update(next_at=None)
    assert tick() == [] and blog.asked == []


def test_items_of_a_launch_that_is_rolled_back_wait_as_before(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = feed_mailing(blog.url)
    service = DispatchService()
    service.read_feeds()

    def breaks(*_: object) -> None:
        raise IntegrityError("at the end of the transaction")

    monkeypatch.setattr(launch, "mark_sent", breaks)
    with pytest.raises(IntegrityError):
        service.launch(mailing_id=mailing.pk, trigger="manual")
    assert FeedItem.objects.filter(run__isnull=False).count() == 0
    monkeypatch.undo()
    monkeypatch.setattr("apps.core.http.outbound.is_public", lambda address: True)
    assert len(tick()) == 1


def test_what_another_run_has_taken_meanwhile_is_not_sent_twice(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    DispatchService().read_feeds()
    run, _languages = launch._new_run(
        Mailing.objects.select_related("owner", "message", "sender").get(pk=mailing.pk),
        trigger="manual",
        early=True,
    )
    FeedItem.objects.filter(pk=run.content["feed"][0]).update(taken_at=dialect.database_now())
    with pytest.raises(FeedChanged), transaction.atomic():
        run.save()
        feeds.take(run, dialect.database_now())
    assert not Run.objects.exists()


def test_a_message_that_shows_no_feed_takes_no_item(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    plain = MessageFactory.create(owner=mailing.owner)
    Mailing.objects.filter(pk=mailing.pk).update(message=plain)
    assert tick() == []
    mailing.refresh_from_db()
    assert mailing.start_refusal["code"] == "feed_not_shown"
    assert titles(taken_at=None) == ["Post 3", "Post 2", "Post 1"]


def test_a_repeat_in_a_saved_block_shows_the_feed_like_one_that_is_written_there(
    blog: Blog, tmp_path: Path
) -> None:
    mailing = feed_mailing(blog.url, begin_with=3)
    section = places.new_node("section")
    section["columns"][0]["blocks"] = [{**REPEAT, "limit": 2}]
    block = keep_section(owner=mailing.owner, name="Our blog", section=section)
    message = a_letter(mailing.owner)
    document = message.document or {}
    message.document = {**document, "body": [places.new_reference(block.pk), *document["body"]]}
    message.save()
    Mailing.objects.filter(pk=mailing.pk).update(message=message)
    DispatchService().read_feeds()
    send_test(message_id=message.pk, address="anna@example.org", account="email")
    assert "Post 3" in next(iter(letters(tmp_path).values()))
    (run,) = tick()
    assert titles(run=run) == ["Post 3", "Post 2"] and titles(taken_at=None) == ["Post 1"]
    assert "Post 2" in str(run.content) and "Post 1" not in str(run.content)


def test_no_more_items_are_taken_than_the_letter_shows(blog: Blog) -> None:
    mailing = feed_mailing(blog.url, limit=50, begin_with=3)
    document = mailing.message.document or {}
    document["body"][0]["columns"][0]["blocks"][-1]["limit"] = 2
    Message.objects.filter(pk=mailing.message_id).update(document=document)
    (run,) = tick()
    assert titles(run=run) == ["Post 3", "Post 2"] and titles(taken_at=None) == ["Post 1"]


def test_the_oldest_first_when_that_is_asked_for(blog: Blog) -> None:
    feed_mailing(blog.url, limit=2, order="oldest")
    (run,) = tick()
    assert titles(run=run) == ["Post 2", "Post 1"]
    assert titles(taken_at=None) == ["Post 3"]


def test_a_manual_start_reads_the_feed_first(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    launched = starting.start(mailing_id=mailing.pk, trigger="manual")
    assert titles(run=launched.run_id) == ["Post 3", "Post 2", "Post 1"]
    assert starting.start(mailing_id=mailing.pk, trigger="manual").created is False
    assert len(blog.asked) == 1


def test_a_manual_start_says_why_the_feed_cannot_be_read_or_has_nothing(blog: Blog) -> None:
    mailing = feed_mailing(blog.url, begin_with=0)
    blog.instead = empty(404)
    with pytest.raises(FeedUnreachable, match="404"):
        starting.start(mailing_id=mailing.pk, trigger="manual")
    blog.instead = None
    with pytest.raises(FeedNoItems):
        starting.start(mailing_id=mailing.pk, trigger="manual")
    assert not Run.objects.exists()


def test_an_edited_message_of_a_paused_run_keeps_the_runs_items(blog: Blog) -> None:
    mailing = feed_mailing(blog.url, people=3)
    service = DispatchService()
    service.read_feeds()
    (launched,) = service.dispatch_due()
    launch.freeze_audience(launched.run_id)
    control.pause(mailing.pk)
    blog.publish(9)
    document = mailing.message.document or {}
    document["body"][0]["columns"][0]["blocks"][0]["text"] = "Another heading"
    Message.objects.filter(pk=mailing.message_id).update(document=document, revision=2)
    control.replace_content(mailing.pk)
    content = str(Run.objects.get(pk=launched.run_id).content)
    assert "Another heading" in content and "Post 3" in content and "Post 9" not in content


def test_items_are_offered_again_once_the_run_is_over(blog: Blog) -> None:
    mailing = feed_mailing(blog.url)
    service = DispatchService()
    service.read_feeds()
    (launched,) = service.dispatch_due()
    now = dialect.database_now()
    with pytest.raises(FeedInUse):
        offer_again(mailing=mailing, number=1, actor=mailing.owner, now=now)
    service.work_until(launched.run_id, threading.Event())
    assert offer_again(mailing=mailing, number=1, actor=mailing.owner, now=now) == 3
    with pytest.raises(Refused):
        offer_again(mailing=mailing, number=1, actor=mailing.owner, now=now)
    audit = FeedCheck.objects.get(mailing=mailing, code="offered_again")
    assert (audit.actor, audit.run_number, audit.fresh) == (mailing.owner, 1, 3)
    service.dispatch_due()
    due_again(mailing)
    (run,) = tick()
    assert run.number == 2 and len(titles(run=run)) == 3


def test_many_schedulers_read_and_launch_once(blog: Blog) -> None:
    feed_mailing(blog.url)
    for _ in range(5):
        tick()
    assert Run.objects.count() == 1 and len(blog.asked) == 1


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.usefixtures("picture_files")
def test_the_letter_of_the_gallery_shows_the_feed(
    blog: Blog, tmp_path: Path, language: str
) -> None:
    mailing = feed_mailing(blog.url)
    template = next(one for one in templates() if one.slug == "feed")
    message = begin_from_gallery(author=mailing.owner, template=template, language=language)
    Mailing.objects.filter(pk=mailing.pk).update(message=message)
    (run,) = tick()
    assert run.outcome == "success"
    (letter,) = letters(tmp_path).values()
    assert letter.index("Post 3") < letter.index("Post 2") < letter.index("Post 1")
    assert "About 3." in letter and "{{" not in letter


def test_a_mailing_without_a_feed_sends_nothing_of_anothers(blog: Blog) -> None:
    """Both send the same message; what waits belongs to the one with the feed."""
    mailing = feed_mailing(blog.url)
    DispatchService().read_feeds()
    other = MailingFactory.create(owner=mailing.owner, message=mailing.message)
    launched = DispatchService().launch(mailing_id=other.pk, trigger="manual")
    content = Run.objects.get(pk=launched.run_id).content
    assert "Post 3" not in str(content) and "feed" not in content
    assert len(titles(taken_at=None)) == 3


def test_a_test_message_shows_what_waits(blog: Blog, tmp_path: Path) -> None:
    mailing = feed_mailing(blog.url)
    DispatchService().read_feeds()
    send_test(message_id=mailing.message_id, address="anna@example.org", account="email")
    (letter,) = letters(tmp_path).values()
    assert "Post 3" in letter and len(titles(taken_at=None)) == 3


def test_a_start_that_was_passed_over_can_be_set_again(blog: Blog) -> None:
    mailing = feed_mailing(blog.url, begin_with=0)
    same = mailing.starts_at
    assert tick() == []
    blog.publish(4)
    Mailing.objects.filter(pk=mailing.pk).update(
        starts_at=same, ends_at=same + timedelta(days=1), repeat_from=None
    )
    (run,) = tick()
    assert titles(run=run) == ["Post 4"]
