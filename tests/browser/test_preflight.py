"""A preflight as a person meets it: the button, rows that fill in, and the way to fix something."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.delivery.models import Preflight
from apps.delivery.preflight.running import carry_out
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.browser.pages.test_every_page import violations
from tests.delivery.preflight.faults import faulty_mailing, tools

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def waiting(live_server: Any, page: Page, owner: User) -> str:
    """A mailing with every fault, its preflight asked for by the button; returns the address."""
    mailing = faulty_mailing(owner=owner)
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/mailings/{mailing.pk}/")
    page.goto(f"{live_server.url}/mailings/{mailing.pk}/preflight/")
    page.click("#act-preflight")
    expect(page.locator("#check-content")).to_contain_text("ещё не было")
    return page.url


def test_the_rows_fill_in_and_lead_to_the_places(
    live_server: Any, visit: Visit, owner: User
) -> None:
    page = visit.page
    waiting(live_server, page, owner)
    assert carry_out(Preflight.objects.get().pk, tools())
    expect(page.locator("#check-links")).to_contain_text("https://nohost.test/")
    expect(page.locator("#check-unsubscribe .badge")).to_have_text("Проблема")
    assert page.locator("[hx-trigger]").filter(has=page.locator("#preflight-result")).count() == 0
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
    page.click("#check-links >> text=Правка сообщения")
    expect(page).to_have_url(
        f"{live_server.url}/messages/{Preflight.objects.get().mailing.message_id}/edit/"
    )
    assert visit.complaints == []


def test_it_is_read_without_javascript(live_server: Any, browser: Browser, owner: User) -> None:
    context = browser.new_context(java_script_enabled=False, locale="ru")
    page = context.new_page()
    url = waiting(live_server, page, owner)
    assert carry_out(Preflight.objects.get().pk, tools())
    page.click("main >> text=Обновить")
    assert page.url == url
    expect(page.locator("#check-links")).to_contain_text("https://nohost.test/")
    context.close()
