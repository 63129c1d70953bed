"""The visual editor stores what was typed: blanks that break, code in braces, nothing unasked."""

from __future__ import annotations

import re
import threading
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Dialog, Page, expect

from apps.core.content.sheet import off_its_sheet
from apps.delivery.service import service
from apps.mailings.models import Mailing, Message, Recipient
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.factories import MailingFactory, MessageFactory, RecipientFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LINK = '<p><a href="{{ unsubscribe_url }}">Отписаться</a></p>'
TYPED = (
    "Hello, {{ full_name }}! This is an ordinary paragraph of a letter that is long enough to need"
    " more than one line on a telephone, as every letter is."
)
HOSTILE = (
    '<iframe class="ql-video" src="https://x.example/\'><script>alert(1)</script>"></iframe>'
    "<p>kept</p><p><img src=x onerror=alert(1)></p>"
    '<p><span class="ql-formula" data-value="x">f</span></p><script>alert(1)</script>'
)


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def editor(live_server: Any, visit: Visit, owner: User) -> Page:
    RecipientFactory.create(owner=owner, full_name="Анна", email="anna@example.org")
    sign_in(visit.page, live_server.url, owner.email)
    visit.page.goto(f"{live_server.url}/messages/new/")
    visit.page.fill("[name=subject]", "Новости")
    visit.page.focus(".ql-editor")
    return visit.page


def save(page: Page) -> Message:
    page.click("#message-form button.btn-primary")
    expect(page.locator(".flash-success")).to_be_visible()
    return Message.objects.latest("pk")


def saved(page: Page) -> str:
    """What is stored of the typed HTML, off its sheet and without the link that ends a message."""
    return off_its_sheet(save(page).html).removesuffix(LINK)


def insert(page: Page, name: str) -> None:
    page.click(".names summary")
    page.click(f"[data-insert={name}]")


def edit(page: Page, site: str, html: str, owner: User) -> Message:
    message = MessageFactory.create(owner=owner, html=html, text="")
    page.goto(f"{site}/messages/{message.pk}/edit/")
    return message


def test_what_is_typed_is_stored_with_blanks_that_break(editor: Page, visit: Visit) -> None:
    editor.keyboard.type(TYPED)
    assert saved(editor) == f"<p>{TYPED}</p>"
    assert visit.complaints == []


def test_a_name_by_its_button_and_on_behind_it(editor: Page, visit: Visit) -> None:
    editor.keyboard.type("Hello, ")
    insert(editor, "full_name")
    editor.keyboard.type(" and")
    insert(editor, "email")
    editor.keyboard.type("!")
    assert saved(editor) == "<p>Hello, {{ full_name }} and{{ email }}!</p>"
    assert visit.complaints == []


def test_code_in_braces_stays_code(editor: Page) -> None:
    line = """{% if age > 18 %}{{ name | default: "dear 'friend'" }}{% endif %} "quoted" & more"""
    editor.keyboard.type(line)
    code, rest = line.split("{% endif %}")
    assert saved(editor) == f'<p>{code}{{% endif %}} "quoted" &amp; more</p>'


def test_several_blanks_in_a_row_and_empty_lines_are_kept(editor: Page) -> None:
    editor.keyboard.type("a  b   c")
    editor.keyboard.press("Enter")
    editor.keyboard.press("Enter")
    editor.keyboard.type("d")
    html = "<p>a&nbsp; b&nbsp;&nbsp; c</p><p><br></p><p>d</p>"
    assert saved(editor) == html


def test_the_letter_wraps_on_a_telephone(
    editor: Page, tmp_path: Path, settings: Any, owner: User
) -> None:
    settings.OUTBOX_DIR = tmp_path / "outbox"
    editor.keyboard.type(TYPED.replace("{{ full_name }}", ""))
    insert(editor, "full_name")
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


def test_what_is_stored_comes_back_into_the_editor_as_it_was(
    live_server: Any, editor: Page, owner: User
) -> None:
    html = "<p>10&nbsp;кг, {{ full_name }}&nbsp; — “да”</p><ul><li>one two</li></ul>"
    message = edit(editor, live_server.url, html, owner)
    expect(editor.locator(".ql-editor")).to_be_visible()
    editor.locator(".ql-editor p").click()
    editor.keyboard.press("End")
    editor.keyboard.type("!")
    save(editor)
    message.refresh_from_db()
    assert off_its_sheet(message.html) == html.replace("”</p>", "”!</p>")


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td>x</td></tr></table>", "<p style='color:red'>x</p>", "<div>x</div>",
        "<p>x</p><img src='https://example.org/a.png' alt=''>", "<p class='x'>x</p>",
        "{% if full_name %}<p>x</p>{% endif %}", "<!-- x --><p>x</p>", HOSTILE,
    ],
)  # fmt: skip
def test_what_the_editor_cannot_keep_stays_a_source(
    live_server: Any, editor: Page, owner: User, html: str
) -> None:
    edit(editor, live_server.url, html, owner)
    expect(editor.locator("textarea[name=html]")).to_be_visible()
    expect(editor.locator(".editor-tabs button").first).to_be_disabled()


def test_nothing_hostile_gets_through_the_editor(editor: Page) -> None:
    opened: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    editor.on("dialog", dismiss)
    editor.evaluate(
        """html => {
          const quill = window.Quill.find(document.querySelector(".ql-container"));
          quill.clipboard.dangerouslyPasteHTML(html, "user");
        }""",
        HOSTILE,
    )
    html = saved(editor)
    assert "kept" in html
    assert not re.search(r"<script|<iframe|<img|onerror|class=", html)
    assert opened == []


@pytest.mark.parametrize(
    ("key", "target"), [("Tab", "[data-width=wide]"), ("Escape", "#message-form .btn-primary")]
)
def test_the_keyboard_leaves_the_editor(editor: Page, key: str, target: str) -> None:
    editor.keyboard.type("x")
    editor.keyboard.press(key)
    expect(editor.locator(target)).to_be_focused()
    assert editor.locator("[name=html]").input_value() == f"<p>x</p>{LINK}"


def test_a_field_has_something_to_stand_for_it(editor: Page) -> None:
    editor.click(".names summary")
    editor.fill("#fallback", 'dear "friend"')
    editor.click("[data-insert=full_name]")
    assert saved(editor) == '<p>{{ full_name | default: "dear friend" }}</p>'


def test_the_plain_text_is_a_sheet_beside_the_html(editor: Page) -> None:
    editor.keyboard.type("x")
    text = editor.locator("[name=text]")
    expect(text).to_be_hidden()
    editor.locator(".editor-tabs button").last.click()
    expect(editor.locator(".ql-editor")).to_be_hidden()
    text.fill("plain ")
    insert(editor, "email")
    message = save(editor)
    assert message.text == "plain {{ email }}"
    assert off_its_sheet(message.html).startswith("<p>x</p>")


def test_the_keyboard_leaves_the_editor_backwards(editor: Page) -> None:
    editor.keyboard.press("Shift+Tab")
    expect(editor.locator(".ql-clean")).to_be_focused()


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_button_has_a_name_in_words(editor: Page, language: str) -> None:
    editor.click(".person")
    editor.click(f".languages button[value={language}]")
    names = editor.locator(".ql-toolbar button").evaluate_all(
        "buttons => buttons.map(button => button.getAttribute('aria-label'))"
    )
    assert not any(":" in label or label.islower() for label in names)
    with translation.override(language):
        assert gettext("Bold") in names and gettext("Numbered list") in names
        name = gettext("Message text, visual editor")
    expect(editor.locator(".ql-editor")).to_have_attribute("aria-label", name)
