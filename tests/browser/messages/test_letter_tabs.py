"""The editor of blocks when the server refuses, when the session ends, and beside another tab."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from apps.mailings.models import Message
from apps.mailings.services.letters import draft_operations
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.browser.messages.test_letter_editor import acted, drafted, part
from tests.factories import PASSWORD
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def letter(owner: User) -> Message:
    return a_letter(owner)


@pytest.fixture
def editor(live_server: Any, visit: Visit, owner: User, letter: Message) -> Page:
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.click(".person")
    page.click(".languages button[value=en]")
    page.goto(f"{live_server.url}/messages/{letter.pk}/edit/")
    part(page, "heading").locator(".part-name").click()
    expect(page.locator("#part-form [name=text]")).to_be_visible()
    return page


def test_signed_out_what_is_typed_stays_and_is_sent_after_signing_in(
    live_server: Any, editor: Page, owner: User
) -> None:
    editor.context.clear_cookies()
    editor.fill("#part-form [name=text]", "Typed while signed out")
    banner = editor.locator("#letter-banner")
    expect(banner).to_contain_text("You are signed out")
    expect(editor.locator("#part-form [name=text]")).to_have_value("Typed while signed out")
    with editor.context.expect_page() as opened:
        banner.locator("a").click()
    other = opened.value
    other.fill("[name=login]", owner.email)
    other.fill("[name=password]", PASSWORD)
    other.click("main button[type=submit]")
    expect(other.locator(".person")).to_be_visible()
    other.close()
    editor.evaluate("dispatchEvent(new Event('focus'))")
    acted(editor, 1)
    expect(banner).to_be_hidden()
    assert "Typed while signed out" in json.dumps(drafted())


@pytest.mark.parametrize("status", [404, 413])
def test_what_is_not_accepted_is_no_success_and_is_sent_with_the_next_act(
    editor: Page, status: int
) -> None:
    refusing = re.compile("/parts/")
    editor.route(refusing, lambda route: route.fulfill(status=status))
    editor.fill("#part-form [name=text]", "Not accepted")
    expect(editor.locator("#letter-banner")).to_contain_text("was not accepted")
    expect(editor.locator("#part-form [name=text]")).to_have_value("Not accepted")
    editor.unroute(refusing)
    editor.fill("#letter-form [name=subject]", "Accepted")
    acted(editor, 2)
    assert "Not accepted" in json.dumps(drafted())


def test_an_error_of_the_server_is_tried_twice_and_stops_nothing_behind_it(editor: Page) -> None:
    tries: list[str] = []

    def fail(route: Route) -> None:
        tries.append(route.request.url)
        route.fulfill(status=500)

    failing = re.compile("/parts/")
    editor.route(failing, fail)
    editor.fill("#part-form [name=text]", "Never")
    expect(editor.locator("#letter-banner")).to_contain_text("error occurred on the server")
    editor.fill("#letter-form [name=subject]", "Behind it")
    acted(editor, 1)
    assert len(tries) == 2 and "Never" not in json.dumps(drafted())


def test_taking_a_subject_back_shows_it_and_save_does_not_write_it_again(
    editor: Page, letter: Message
) -> None:
    editor.fill("#letter-form [name=subject]", "Regretted")
    acted(editor, 1)
    editor.click("button[data-undo]")
    acted(editor, 2)
    expect(editor.locator("#letter-form [name=subject]")).to_have_value("Spring")
    editor.fill("#letter-form [name=preheader]", "Soon")
    editor.click("#letter-form button.btn-primary")
    editor.wait_for_url(f"**/messages/{letter.pk}/")
    letter.refresh_from_db()
    assert (letter.subject, letter.preheader) == ("Spring", "Soon")


def test_a_page_behind_keeps_what_is_typed_and_takes_all_else_from_the_other(editor: Page) -> None:
    other = editor.context.new_page()
    other.goto(editor.url)
    part(other, "heading").locator(".part-name").click()
    other.select_option("#part-form [name=level]", "3")
    acted(other, 1)
    other.fill("#letter-form [name=subject]", "Theirs")
    acted(other, 2)
    editor.bring_to_front()
    editor.fill("#part-form [name=text]", "Mine")
    expect(editor.locator("#letter-problem")).to_contain_text("changed elsewhere")
    expect(editor.locator("#part-form [name=level]")).to_have_value("3")
    expect(editor.locator("#letter-form [name=subject]")).to_have_value("Theirs")
    expect(editor.locator("#part-form [name=text]")).to_have_value("Mine")
    expect(editor.locator("#part-form [name=text]")).to_be_focused()
    editor.keyboard.press("!")
    acted(editor, 3)
    block = drafted()["body"][0]["columns"][0]["blocks"][0]
    assert (block["text"], block["level"]) == ("Mine!", 3)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("Alt+ArrowDown", ["heading", "repeat", "button", "text"]),
        ("Alt+ArrowUp", ["heading", "button", "repeat", "text"]),
    ],
)
def test_from_the_edge_of_a_repeat_a_block_steps_out_beside_it(
    editor: Page, letter: Message, key: str, found: list[str]
) -> None:
    for kind, parent, at in (("repeat", "column", 1), ("button", "repeat", 0)):
        where = {"parent": id_of(letter, parent), "at": at}
        asked = [{"op": "insert", "type": kind, **where}]
        draft_operations.act(writer_of(letter), asked, now=timezone.now())
    editor.reload()
    part(editor, "button").locator(".part-name").click()
    expect(part(editor, "button")).to_be_focused()
    editor.keyboard.press(key)
    acted(editor, 3)
    column = drafted()["body"][0]["columns"][0]["blocks"]
    assert [block["type"] for block in column] == found


def test_of_a_column_nothing_is_asked_that_is_only_refused(editor: Page) -> None:
    sent: list[str] = []
    editor.on("request", lambda request: sent.append(request.method))
    part(editor, "column").locator(".part-name").first.click()
    expect(part(editor, "column")).to_be_focused()
    for keys in ("Alt+ArrowDown", "Alt+ArrowUp", "Control+D", "Delete", "m"):
        editor.keyboard.press(keys)
    part(editor, "heading").focus()
    editor.keyboard.press("Control+D")
    acted(editor, 1)
    assert sent.count("POST") == 1
