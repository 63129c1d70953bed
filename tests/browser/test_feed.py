"""The page of a mailing's feed as a person meets it: set, read in the background, seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from apps.delivery.service import DispatchService
from apps.mailings.models import FeedCheck, Mailing
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.browser.pages.test_every_page import violations
from tests.factories import MailingFactory
from tests.http_service import empty
from tests.mailings.feeds.blog import Blog, feed_letter, feed_of, open_blog

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blog]:
    with open_blog(monkeypatch) as blog:
        blog.publish(1, 2, 3)
        blog.publish(4, title="Весенний выпуск: двадцать рецептов для тех, кто спешит")
        yield blog


def page_of(live_server: Any, page: Page, owner: User) -> Mailing:
    """A mailing of every week whose page of its feed is open."""
    now = timezone.now()
    mailing = MailingFactory.create(
        owner=owner,
        name="Дайджест",
        repeat="FREQ=WEEKLY",
        starts_at=now + timedelta(days=1),
        ends_at=now + timedelta(days=2),
    )
    mailing.message = feed_letter(owner)
    mailing.save()
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/mailings/{mailing.pk}/feed/")
    return mailing


def test_a_feed_is_set_read_and_looked_at(
    live_server: Any, visit: Visit, owner: User, blog: Blog
) -> None:
    page = visit.page
    mailing = page_of(live_server, page, owner)
    page.fill("[name=url]", blog.url)
    page.fill("[name=limit]", "2")
    page.click("[name=act][value=save]")
    expect(page.locator("#feed-standing")).to_have_attribute("hx-trigger", "every 2s")
    DispatchService().read_feeds()
    expect(page.locator("#feed-standing")).to_contain_text("Post 3")
    assert page.locator("#feed-standing[hx-trigger]").count() == 0
    blog.instead = empty(503)
    feed = feed_of(mailing)
    FeedCheck.objects.create(
        mailing=mailing,
        code="feed_no_items",
        at=timezone.now(),
        passed=True,
        occurrence=timezone.now(),
        fresh=1,
        detail={"least": 3},
    )
    feed.next_at = timezone.now()
    feed.save()
    DispatchService().read_feeds()
    page.reload()
    expect(page.locator("#feed-standing .notice-bad")).to_contain_text("503")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    assert visit.complaints == []


def test_it_is_set_without_javascript(
    live_server: Any, browser: Browser, owner: User, blog: Blog
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ru")
    page = context.new_page()
    mailing = page_of(live_server, page, owner)
    page.fill("[name=url]", blog.url)
    page.click("[name=act][value=save]")
    DispatchService().read_feeds()
    page.reload()
    expect(page.locator("#feed-standing")).to_contain_text("Post 3")
    page.click("[name=act][value=remove]")
    assert not FeedCheck.objects.filter(mailing=mailing, passed=True).exists()
    expect(page.locator("#feed-standing")).to_have_count(0)
    context.close()
