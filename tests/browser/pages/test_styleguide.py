"""The components together, in both themes: photographed, judged by axe, and used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, sign_in
from tests.browser.pages.test_every_page import DESKTOP, PHONE, violations
from tests.factories import UserFactory, confirmed

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_components(live_server: Any, visit: Visit, tmp_path: Path, scheme: str) -> None:
    admin = confirmed(UserFactory.create(is_superuser=True, is_staff=True))
    page = visit.page
    sign_in(page, live_server.url, admin.email)
    for name, size in (("desktop", DESKTOP), ("phone", PHONE)):
        page.set_viewport_size(size)
        page.goto(f"{live_server.url}/styleguide/?q=menu&sort=-sent")
        photo = page.screenshot(path=tmp_path / f"{name}-{scheme}.png", full_page=True)
        assert len(photo) > 10_000
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.set_viewport_size(DESKTOP)
    bar = page.locator(".bulk-bar")
    expect(bar).to_be_hidden()
    page.locator("tbody [name=ids]").first.check()
    expect(bar).to_contain_text("1")
    page.locator("[data-clear-selection]").click()
    expect(bar).to_be_hidden()
    page.locator("main .page-acts .menu summary").click()
    expect(page.locator(".page-acts .menu-sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".page-acts .menu-sheet")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#finder-q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#finder")).to_be_hidden()
    assert visit.complaints == []
