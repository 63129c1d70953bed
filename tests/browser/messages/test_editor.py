"""The form of HTML and of a text: fields at the cursor, a preview, stored as it was typed."""

from __future__ import annotations

import threading
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.core.content.sheet import off_its_sheet
from apps.delivery.service import service
from apps.mailings.models import Mailing, Message, Recipient
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.factories import MailingFactory, RecipientFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LINK = '<p><a href="{{ unsubscribe_url }}">Отписаться</a></p>'
TYPED = (
    "Hello, {{ full_name }}! This is an ordinary paragraph of a letter that is long enough to need"
    " more than one line on a telephone, as every letter is."
)


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def editor(live_server: Any, visit: Visit, owner: User) -> Page:
    RecipientFactory.create(owner=owner, full_name="Анна", email="anna@example.org")
    sign_in(visit.page, live_server.url, owner.email)
    visit.page.goto(f"{live_server.url}/messages/new/?form=html")
    visit.page.fill("[name=subject]", "Новости")
    return visit.page


def save(page: Page) -> Message:
    page.click("#message-form button.btn-primary")
    expect(page.locator(".flash-success")).to_be_visible()
    return Message.objects.latest("pk")


def insert(page: Page, name: str) -> None:
    page.click(".names summary")
    page.click(f"[data-insert={name}]")


def test_what_is_typed_is_stored_and_shown(editor: Page, visit: Visit) -> None:
    editor.fill("[name=html]", f"<p>{TYPED}</p>{LINK}")
    letter = editor.frame_locator("iframe.letter")
    expect(letter.locator("body")).to_contain_text("Hello, Анна!")
    assert off_its_sheet(save(editor).html) == f"<p>{TYPED}</p>{LINK}"
    assert visit.complaints == []


def test_a_field_goes_where_the_cursor_is_and_has_something_to_stand_for_it(
    editor: Page, visit: Visit
) -> None:
    editor.fill("[name=html]", "<p>Hello, </p>")
    editor.locator("[name=html]").evaluate("field => field.setSelectionRange(10, 10)")
    editor.click(".names summary")
    editor.fill("#fallback", 'dear "friend"')
    editor.click("[data-insert=full_name]")
    editor.click(".names summary")
    editor.fill("#fallback", "")
    editor.click("[data-insert=email]")
    expected = '<p>Hello, {{ full_name | default: "dear friend" }}{{ email }}</p>'
    assert editor.locator("[name=html]").input_value() == expected
    editor.focus("[name=subject]")
    insert(editor, "full_name")
    assert "{{ full_name" in editor.locator("[name=subject]").input_value()
    assert visit.complaints == []


def test_a_text_has_no_html_to_be_seen(live_server: Any, editor: Page) -> None:
    editor.goto(f"{live_server.url}/messages/new/?form=text")
    expect(editor.locator("textarea[name=html]")).to_have_count(0)
    editor.fill("[name=subject]", "Plain")
    editor.fill("[name=text]", "plain ")
    insert(editor, "email")
    message = save(editor)
    assert (message.form, message.text, message.html) == ("text", "plain {{ email }}", "")


def test_the_letter_wraps_on_a_telephone(
    editor: Page, tmp_path: Path, settings: Any, owner: User
) -> None:
    settings.OUTBOX_DIR = tmp_path / "outbox"
    editor.fill("[name=html]", f"<p>{TYPED}</p>{LINK}")
    message = save(editor)
    mailing: Mailing = MailingFactory.create(owner=owner, message=message)
    mailing.recipients.set(Recipient.objects.all())
    launched = service.launch(mailing_id=mailing.pk, trigger="manual")
    service.work_until(launched.run_id, threading.Event())
    (letter,) = (tmp_path / "outbox").glob("**/*.eml")
    part = message_from_bytes(letter.read_bytes(), policy=policy.default).get_body(("html",))
    assert part is not None and "Анна" in part.get_content()
    phone = editor.context.new_page()
    phone.set_viewport_size({"width": 375, "height": 600})
    phone.set_content(part.get_content())
    assert phone.evaluate("document.documentElement.scrollWidth") <= 375
