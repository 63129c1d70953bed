"""A message is translated in a browser, under the real policy, and each page passes axe."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from apps.mailings.models import Message, MessageTranslation
from apps.mailings.services.languages.translations import translations_of
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.factories import MailingFactory, RecipientFactory
from tests.mailings.services.letters.letters import a_letter, id_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def letter(owner: User) -> Message:
    for language in ("ru", "en", "de", ""):
        RecipientFactory.create(owner=owner, language=language)
    letter = a_letter(owner)
    Message.objects.filter(pk=letter.pk).update(language="ru")
    return letter


def assert_sound(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    assert not wide


@pytest.fixture
def page(live_server: Any, visit: Visit, owner: User, letter: Message) -> Page:
    """The languages of the letter, in English."""
    page = visit.page
    page.set_viewport_size({"width": 1280, "height": 900})
    sign_in(page, live_server.url, owner.email)
    page.click(".person")
    page.click(".languages button[value=en]")
    page.goto(f"{live_server.url}/messages/{letter.pk}/translations/")
    return page


def test_a_language_is_added_and_translated(page: Page, visit: Visit, letter: Message) -> None:
    assert_sound(page)
    page.fill("#language", "English")
    page.click("main form button[type=submit]")
    page.get_by_role("link", name="Translate English").click()

    page.fill("[name=subject]", "Spring")
    page.click("main .translation-acts a >> nth=0")  # to the next that is missing
    text = f"{id_of(letter, 'text')}.html"
    page.locator(f"[id='text-{text}'] .rich-text").click()
    page.keyboard.type("Hello")
    expect(page.locator(f"[id='text-{text}'] .rich-bar")).to_be_visible()
    assert_sound(page)
    page.click("main .editor-bar button.btn-primary")
    expect(page.locator(".toast, .flash").first).to_be_visible()
    entries = translations_of(Message.objects.get(pk=letter.pk))["en"]
    assert {key: one["text"] for key, one in entries.items()} == {
        "subject": "Spring",
        text: "<p>Hello</p>",
    }
    page.set_viewport_size({"width": 390, "height": 844})
    assert_sound(page)
    assert visit.complaints == []


def test_a_mailing_shows_who_gets_which(
    live_server: Any, page: Page, visit: Visit, letter: Message
) -> None:
    MessageTranslation.objects.create(message=letter, language="en")
    mailing = MailingFactory.create(owner=letter.owner, message=letter)
    for place in ("", "review/"):
        page.goto(f"{live_server.url}/mailings/{mailing.pk}/{place}")
        expect(page.locator("#mailing-languages")).to_contain_text("English")
        assert_sound(page)
    assert visit.complaints == []
