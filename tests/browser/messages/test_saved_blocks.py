"""Saved blocks in the editor: added, kept from a section, made part of a message again."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from apps.mailings.services.letters.reuse.saved_blocks import keep_section
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.mailings.services.letters.letters import a_letter
from tests.mailings.services.letters.reuse.test_saved_blocks import a_section

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_block_is_added_kept_and_unlinked(live_server: Any, visit: Visit, owner: User) -> None:
    page, letter = visit.page, a_letter(owner)
    keep_section(owner=owner, name="Контакты", section=a_section("Пишите нам"))
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/messages/{letter.pk}/edit/")
    page.select_option("#kind-", label="Контакты")
    page.click(".part-add button >> nth=-1")
    expect(page.locator(".saved-part")).to_contain_text("Контакты")
    expect(page.frame_locator("#letter-canvas").get_by_text("Пишите нам")).to_be_visible()
    page.locator(".part-section > .part-row").first.click()
    page.click("#letter-properties a[href$='/keep/']")
    page.fill("[name=name]", "Верх письма")
    page.click("main button[type=submit]")
    page.wait_for_url("**/edit/**")
    blocks = page.locator(".part[data-kind=saved]")
    expect(blocks).to_have_count(2)
    blocks.first.locator("> .part-row").click()
    page.click("#letter-properties [formaction$='/unlink/']")
    expect(blocks).to_have_count(1)
    assert visit.complaints == []


def test_a_block_is_edited_like_a_message(live_server: Any, visit: Visit, owner: User) -> None:
    page = visit.page
    block = keep_section(owner=owner, name="Контакты", section=a_section("Пишите нам"))
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/blocks/{block.pk}/")
    page.click("form[action$='/edit/'] button")
    page.wait_for_url("**/messages/*/edit/")
    canvas = page.frame_locator("#letter-canvas")
    expect(canvas.get_by_text("Пишите нам")).to_be_visible()
    page.locator(".part-heading > .part-row").click()
    page.fill("#letter-properties [name=text]", "Звоните нам")
    expect(canvas.get_by_text("Звоните нам")).to_be_visible()
    page.click("#letter-form button[type=submit]")
    page.wait_for_url(f"**/blocks/{block.pk}/")
    block.refresh_from_db()
    assert block.revision == 2 and visit.complaints == []
