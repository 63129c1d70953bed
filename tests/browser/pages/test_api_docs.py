"""Swagger UI under the strict policy, from files of our own, with a call made on the page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Request, expect

from apps.mailings.models import Recipient
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.browser.pages.test_every_page import violations
from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_document_is_shown_and_tried_out(live_server: Any, visit: Visit, owner: User) -> None:
    page = visit.page
    outside: list[str] = []

    def seen(request: Request) -> None:
        if not request.url.startswith((live_server.url, "data:", "blob:")):
            outside.append(request.url)

    page.on("request", seen)
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/docs/")
    expect(page.locator(".info .title")).to_contain_text("Vestnik", timeout=20_000)
    page.click("#operations-tag-Recipients")
    block = page.locator("#operations-Recipients-add_recipient")
    block.locator(".opblock-summary-control").click()
    block.locator("button:has-text('Try it out')").click()
    block.locator("textarea").fill('{"email": "from-the-page@example.org"}')
    block.locator("button:has-text('Execute')").click()
    status = block.locator(".live-responses-table td.response-col_status:not(.col_header)")
    expect(status.first).to_contain_text("201")
    assert Recipient.objects.filter(owner=owner, email="from-the-page@example.org").exists()
    assert visit.complaints == []
    assert outside == []


def test_the_page_of_tokens(live_server: Any, visit: Visit, owner: User) -> None:
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/profile/")
    page.click("a[href='/profile/tokens/']")
    page.fill("[name=name]", "Shop")
    page.click("main form.form-sheet button[type=submit]")
    page.fill("[name=password]", PASSWORD)  # a token costs the password once more
    page.click("main button[type=submit]")
    expect(page.locator("#secret")).to_have_value(re.compile(r"^vst_.{43}$"))
    assert violations(page) == []
    assert visit.complaints == []
