"""`/api/mailings/{id}/feed/`: set, read, offered again and removed by a program."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.models import Feed, FeedItem, Mailing, Run
from tests.api.conftest import Voice
from tests.factories import MailingFactory, RunFactory

pytestmark = pytest.mark.django_db

URL = "https://example.com/feed.xml"


@pytest.fixture
def mailing(anna: Voice) -> Mailing:
    return MailingFactory.create(owner=anna.user, repeat="FREQ=WEEKLY")


def body(answer: Any) -> Any:
    return answer.json()


def test_a_feed_is_set_seen_changed_and_removed(anna: Voice, mailing: Mailing) -> None:
    place = f"/api/mailings/{mailing.pk}/feed/"
    assert anna.get(place).status_code == 404
    made = body(anna.put(place, {"url": URL, "limit": 5}))
    assert (made["url"], made["limit"], made["at_least"]) == (URL, 5, 1)
    assert made["waiting"] == 0 and made["failure"] is None
    now, feed = timezone.now(), Feed.objects.get(mailing=mailing)
    FeedItem.objects.create(feed=feed, key="a", title="New", dated_at=now, found_at=now)
    Feed.objects.update(failure={"code": "feed_invalid", "words": "There is no feed."})
    seen = body(anna.get(place))
    assert seen["waiting"] == 1 and seen["next_items"][0]["title"] == "New"
    assert seen["failure"] == {"code": "feed_invalid", "text": "There is no feed."}
    assert anna.post(f"{place}read/").status_code == 202
    assert anna.delete(place).status_code == 204
    assert anna.delete(place).status_code == 404


def test_what_cannot_be_is_refused_with_its_code(anna: Voice, mailing: Mailing) -> None:
    once = MailingFactory.create(owner=anna.user)
    refused = anna.put(f"/api/mailings/{once.pk}/feed/", {"url": URL})
    assert (refused.status_code, body(refused)["code"]) == (409, "feed_of_once")
    wrong = anna.put(f"/api/mailings/{mailing.pk}/feed/", {"url": URL, "at_least": 20})
    assert wrong.status_code == 422 and body(wrong)["errors"][0]["field"] == "at_least"


def test_items_of_a_run_are_offered_again(anna: Voice, mailing: Mailing) -> None:
    now, feed = timezone.now(), Feed.objects.create(mailing=mailing, url=URL)
    run = RunFactory.create(mailing=mailing, state=Run.State.DONE)
    FeedItem.objects.create(feed=feed, key="a", dated_at=now, found_at=now, run=run, taken_at=now)
    place = f"/api/mailings/{mailing.pk}/feed/offer/"
    assert body(anna.post(place, {"run": 1})) == {"count": 1}
    assert anna.post(place, {"run": 1}).status_code == 409
