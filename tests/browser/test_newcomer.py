"""From a newcomer's first form to a subscriber who leaves and comes back, on real pages.

The form stands in a plain HTML page of another site, and the subscriber's browser has no
JavaScript: whatever the pages add by script must not be needed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.delivery.service import DispatchService
from apps.mailings.models import Mailing, Recipient, SignupForm, Subscription
from apps.users.models import User
from config.account_settings import AccountSettings
from tests.browser.conftest import TIMEOUT, sign_in
from tests.factories import MailingFactory, MessageFactory
from tests.feedback.signups import send_all

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESS = "guest@example.org"


@contextmanager
def somebodys_site(body: str) -> Iterator[str]:
    """A page of plain HTML at an origin of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Café</title>{body}".encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def pages(browser: Browser, no_cover: None) -> Iterator[tuple[Page, Page]]:
    """The newcomer's page, and that of a subscriber whose browser has no JavaScript."""
    contexts = [
        browser.new_context(locale="en", reduced_motion="reduce"),
        browser.new_context(locale="en", java_script_enabled=False),
    ]
    for context in contexts:
        context.set_default_timeout(TIMEOUT)
    newcomer, guest = (context.new_page() for context in contexts)
    yield newcomer, guest
    for context in contexts:
        context.close()


def make_a_form(page: Page, site: str) -> str:
    """A list, then a form of it; returns the code for one's own site."""
    page.goto(f"{site}/lists/new/")
    page.fill("[name=title]", "Café news")
    page.click("main form button[type=submit]")
    page.goto(f"{site}/forms/new/")
    page.fill("[name=title]", "Café")
    page.get_by_label("Café news").check()
    page.get_by_text("Other sites and robots").click()
    page.locator("[name=check_mx]").uncheck()  # no DNS here
    page.click("button[name=publish]")
    page.get_by_text("Put it on your site").click()
    return page.get_by_label("Code").input_value()


def letters_to(address: str, directory: Path) -> list[str]:
    """The plain texts of the emails that were sent, in their order."""
    found = []
    for path in sorted(directory.glob("**/*.eml"), key=lambda one: one.stat().st_mtime_ns):
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        part = letter.get_body(("plain",))
        assert part is not None
        if address in str(letter["To"]):
            found.append(part.get_content())
    return found


def link_in(text: str, path: str) -> str:
    link = re.search(rf"https?://\S+/{path}/\S+/", text)
    assert link is not None, text
    return link[0]


def status() -> str:
    return Subscription.objects.get(recipient__email=ADDRESS).status


def send_mailing(owner: User) -> None:
    """The owner's first mailing to the list."""
    message = MessageFactory.create(owner=owner, html="", text="Hello {{ unsubscribe_url }}")
    mailing: Mailing = MailingFactory.create(
        owner=owner, message=message, everyone=False, basis="subscription"
    )
    mailing.lists.set(SignupForm.objects.get().lists.all())
    DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    send_all()


def subscribe(guest: Page, code: str) -> None:
    """By the form in a page of another site."""
    with somebodys_site(code) as another_site:
        guest.goto(another_site)
        guest.get_by_label("Email").fill(ADDRESS)
        guest.get_by_role("button", name="Subscribe").click()
    expect(guest.locator("h1")).to_have_text("Check your inbox")
    assert status() == "unconfirmed"


def confirm(guest: Page, outbox: Path) -> None:
    send_all()
    (letter,) = letters_to(ADDRESS, outbox)
    guest.goto(link_in(letter, "c"))
    assert status() == "unconfirmed", "opening the link changes nothing"
    guest.get_by_role("button", name="Confirm subscription").click()
    expect(guest.locator("h1")).to_have_text("You are subscribed")


def change_preferences(guest: Page, link: str) -> None:
    guest.goto(link)
    guest.get_by_label("How often").select_option("7")
    guest.get_by_role("button", name="Save").click()
    expect(guest.locator("h1")).to_have_text("Saved")
    assert Recipient.objects.get(email=ADDRESS).every_days == 7


def leave_and_come_back(guest: Page, link: str) -> None:
    guest.goto(link)
    guest.get_by_role("button", name="Unsubscribe", exact=True).click()
    expect(guest.locator("h1")).to_have_text("You are unsubscribed")
    assert status() == "unsubscribed"
    guest.get_by_role("button", name="Undo").click()
    expect(guest.locator("h1")).to_have_text("You are subscribed again")
    assert status() == "subscribed"


def test_a_newcomer_s_form_brings_a_subscriber_who_decides_what_comes(
    live_server: Any, owner: User, pages: tuple[Page, Page], settings: Any, tmp_path: Path
) -> None:
    site, outbox = live_server.url, tmp_path / "outbox"
    settings.SITE_URL, settings.OUTBOX_DIR = site, outbox
    settings.ACCOUNTS = {"email": AccountSettings(kind="outbox", from_email="cafe@example.org")}
    newcomer, guest = pages
    sign_in(newcomer, site, owner.email)
    subscribe(guest, make_a_form(newcomer, site))
    confirm(guest, outbox)
    newcomer.goto(f"{site}/lists/")
    newcomer.get_by_role("link", name="Café news").first.click()
    expect(newcomer.locator("#results")).to_contain_text(ADDRESS)
    send_mailing(owner)
    link = link_in(letters_to(ADDRESS, outbox)[-1], "u")
    change_preferences(guest, link)
    leave_and_come_back(guest, link)
