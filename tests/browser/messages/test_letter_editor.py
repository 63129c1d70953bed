"""A message of blocks by pointer, by keyboard alone, and without JavaScript: the same one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from apps.core.content.blocks.editing import places
from apps.mailings.models import Message, MessageDraft
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.factories import RecipientFactory
from tests.mailings.services.letters.letters import a_letter

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SAVED = "[data-sequence='{}']"


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def letter(owner: User) -> Message:
    RecipientFactory.create(owner=owner, full_name="Anna", email="anna@example.org")
    return a_letter(owner)


@pytest.fixture
def editor(live_server: Any, visit: Visit, owner: User, letter: Message) -> Page:
    page = visit.page
    page.set_viewport_size({"width": 1440, "height": 900})
    sign_in(page, live_server.url, owner.email)
    page.click(".person")
    page.click(".languages button[value=en]")
    page.goto(f"{live_server.url}/messages/{letter.pk}/edit/")
    expect(page.locator("[role=tree]")).to_be_visible()
    return page


def without_ids(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: without_ids(part) for name, part in document.items() if name != "id"}
    return [without_ids(one) for one in document] if isinstance(document, list) else document


def drafted() -> dict[str, Any]:
    return MessageDraft.objects.get().document or {}


def kinds() -> list[str]:
    return [places.kind_of(place.node) for place in places.each(drafted())]


def acted(page: Page, sequence: int) -> None:
    """So many acts have come back from the server."""
    page.wait_for_selector(f"#letter-state{SAVED.format(sequence)}", state="attached")


def part(page: Page, kind: str, number: int = 0) -> Any:
    return page.locator(f".part-{kind}").nth(number)


def test_by_pointer_by_keyboard_and_by_forms_the_same_message_is_made(
    live_server: Any, visit: Visit, owner: User, editor: Page, letter: Message, browser: Browser
) -> None:
    made = []
    for build in (_by_pointer, _by_keyboard, _by_forms):
        MessageDraft.objects.all().delete()
        page = editor
        if build is _by_forms:
            state = editor.context.storage_state()
            plain = browser.new_context(java_script_enabled=False, storage_state=state)
            page = plain.new_page()
        page.goto(f"{live_server.url}/messages/{letter.pk}/edit/")
        build(page)
        made.append(without_ids(drafted()))
    assert made[0] == made[1] == made[2]
    assert [block["type"] for block in made[0]["body"][0]["columns"][0]["blocks"]] == [
        "text",
        "heading",
        "button",
    ]
    assert visit.complaints == []


def _by_pointer(page: Page) -> None:
    part(page, "text").locator(".part-name").click()
    page.click("[data-ask=add]")
    page.click("#dialog .targets button:text-is('Button')")
    acted(page, 1)
    page.fill("#part-form [name=label]", "Read on")
    acted(page, 2)
    handle = part(page, "heading").locator(".part-handle")
    handle.hover()
    page.mouse.down()
    box = part(page, "text").bounding_box()
    assert box is not None
    for step in (0.3, 0.6, 0.9):
        page.mouse.move(box["x"] + 60, box["y"] + box["height"] * step)
    page.mouse.up()
    acted(page, 3)


def _by_keyboard(page: Page) -> None:
    page.locator(".part[tabindex='0']").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(part(page, "text")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#dialog [data-search]")).to_be_focused()
    page.keyboard.type("button")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    acted(page, 1)
    expect(part(page, "button")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text(
        "Button added: Section 1, Column 1, place 3 of 3."
    )
    expect(page.locator("#part-form [name=label]")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("Read on")
    acted(page, 2)
    page.keyboard.press("Escape")
    expect(part(page, "button")).to_be_focused()
    for _ in range(2):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("Alt+ArrowDown")
    acted(page, 3)
    expect(part(page, "heading")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text(
        "Heading moved: Section 1, Column 1, place 2 of 3."
    )


def _by_forms(page: Page) -> None:
    column = page.locator(".part-column").first
    column.locator("> .part-add select").select_option("button")
    column.locator("> .part-add button").click()
    part(page, "button").locator(".part-name").click()
    page.fill("#part-form [name=label]", "Read on")
    page.click("#part-form .btn-primary")
    part(page, "heading").locator("button[title='Move down']").click()
    page.wait_for_load_state()


def test_what_is_typed_is_kept_while_it_is_typed(editor: Page, visit: Visit) -> None:
    part(editor, "text").locator(".part-name").click()
    box = editor.locator("#part-form .rich-text")
    expect(box).to_be_visible()
    box.click()
    editor.keyboard.press("End")
    editor.keyboard.type(" How are you?")
    acted(editor, 1)
    assert "<p>Hello, {{ full_name }}! How are you?</p>" in json.dumps(drafted())
    editor.keyboard.press("Control+A")
    editor.keyboard.press("Control+B")
    editor.keyboard.press("End")
    acted(editor, 2)
    assert "<strong>Hello, {{ full_name }}! How are you?</strong>" in json.dumps(drafted())
    expect(editor.locator("#part-form .rich-bar [data-mark=b]")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert visit.complaints == []


def test_a_field_and_a_link_are_put_in_by_the_toolbar(editor: Page, visit: Visit) -> None:
    part(editor, "text").locator(".part-name").click()
    editor.locator("#part-form .rich-text").click()
    editor.keyboard.press("Control+A")
    editor.keyboard.press("Delete")
    editor.keyboard.type("See ")
    editor.keyboard.press("Control+Space")
    editor.locator("#part-form .rich-bar [data-field]").select_option("email")
    editor.fill("#part-form .rich-bar [data-fallback]", "you")
    editor.click("#part-form .rich-bar [data-act=set-field]")
    editor.keyboard.type(" here")
    editor.keyboard.press("Control+Shift+ArrowLeft")
    editor.keyboard.press("Control+K")
    editor.fill("#part-form .rich-bar [data-address]", "https://example.org/")
    editor.keyboard.press("Enter")
    expected = 'See {{ email | default: "you" }} <a href="https://example.org/">here</a>'
    link = editor.frame_locator("#letter-canvas").locator("a[href='https://example.org/']")
    expect(link).to_have_text("here")  # the canvas has what the server made of it
    text = next(p.node for p in places.each(drafted()) if p.node.get("type") == "text")
    assert text["html"] == f"<p>{expected}</p>"
    assert visit.complaints == []


def test_what_is_pasted_comes_clean_and_without_a_complaint(editor: Page, visit: Visit) -> None:
    part(editor, "text").locator(".part-name").click()
    editor.locator("#part-form .rich-text").click()
    editor.keyboard.press("Control+A")
    editor.evaluate("""() => {
          const data = new DataTransfer();
          const html = "<div style='color:red'><b onclick='x()'>Bold</b></div><script>1</script>";
          data.setData("text/html", html);
          data.setData("text/plain", "Bold");
          document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""")
    expect(editor.locator("#part-form .rich-text :is(b, strong)")).to_have_text("Bold")
    acted(editor, 1)
    text = next(p.node for p in places.each(drafted()) if p.node.get("type") == "text")
    assert text["html"] == "<p><strong>Bold</strong></p>"
    assert visit.complaints == []


def test_tab_leaves_the_text_and_alt_f10_leads_to_its_toolbar(editor: Page) -> None:
    part(editor, "text").locator(".part-name").click()
    editor.locator("#part-form .rich-text").click()
    editor.keyboard.press("Alt+F10")
    expect(editor.locator("#part-form .rich-bar [data-mark=b]")).to_be_focused()
    editor.keyboard.press("ArrowRight")
    expect(editor.locator("#part-form .rich-bar [data-mark=i]")).to_be_focused()
    editor.keyboard.press("Escape")
    expect(editor.locator("#part-form .rich-text")).to_be_focused()
    editor.keyboard.press("Tab")
    expect(editor.locator("#part-form [name=align]")).to_be_focused()


def test_undo_to_the_beginning_and_redo_to_the_end_also_in_a_new_browser(
    live_server: Any, editor: Page, letter: Message, browser: Browser
) -> None:
    first = letter.document
    part(editor, "text").locator(".part-name").click()
    part(editor, "text").focus()
    editor.keyboard.press("Control+D")
    acted(editor, 1)
    editor.keyboard.press("Delete")
    acted(editor, 2)
    expect(part(editor, "text")).to_be_visible()
    part(editor, "heading").focus()
    editor.keyboard.press("Alt+ArrowDown")
    acted(editor, 3)
    last = drafted()
    for number in range(3):
        editor.keyboard.press("Control+Z")
        acted(editor, 4 + number)
    assert drafted() == first
    other = browser.new_context(storage_state=editor.context.storage_state()).new_page()
    other.goto(editor.url)
    for number in range(3):
        other.click("button[data-redo]")
        acted(other, 7 + number)
    assert drafted() == last


def test_of_two_tabs_the_older_is_brought_up_to_date_and_keeps_what_was_typed(
    editor: Page, visit: Visit
) -> None:
    other = editor.context.new_page()
    other.goto(editor.url)
    part(other, "heading").locator(".part-name").click()
    part(editor, "heading").locator(".part-name").click()
    expect(editor.locator("#part-form [name=text]")).to_be_visible()
    other.fill("#part-form [name=text]", "Theirs")
    acted(other, 1)
    editor.fill("#part-form [name=text]", "Mine")
    expect(editor.locator("#letter-problem")).to_contain_text("changed elsewhere")
    expect(editor.locator("#part-form [name=text]")).to_have_value("Mine")
    editor.locator("#part-form [name=text]").press("!")
    acted(editor, 2)
    assert "Mine!" in json.dumps(drafted())


def test_while_the_server_is_silent_the_text_stays_and_is_sent_later(editor: Page) -> None:
    part(editor, "heading").locator(".part-name").click()
    expect(editor.locator("#part-form [name=text]")).to_be_visible()
    silent: Callable[[Route], None] = lambda route: route.abort()  # noqa: E731
    editor.route(re.compile("/parts/"), silent)
    editor.fill("#part-form [name=text]", "Typed into silence")
    expect(editor.locator("#letter-banner")).to_contain_text("Not saved since")
    expect(editor.locator("#part-form [name=text]")).to_have_value("Typed into silence")
    editor.unroute(re.compile("/parts/"))
    acted(editor, 1)
    expect(editor.locator("#letter-banner")).to_be_hidden()
    assert "Typed into silence" in json.dumps(drafted())


def test_what_is_wrong_in_a_field_is_said_and_nothing_typed_is_lost(editor: Page) -> None:
    part(editor, "text").locator(".part-name").click()
    editor.click("[data-ask=add]")
    editor.click("#dialog .targets button:text-is('Button')")
    acted(editor, 1)
    editor.fill("#part-form [name=link]", "javascript:alert(1)")
    expect(editor.locator("#letter-problem")).to_contain_text("Link address")
    expect(editor.locator("#part-form [name=link]")).to_have_value("javascript:alert(1)")
    expect(editor.locator("#part-form [name=link]")).to_have_attribute("aria-invalid", "")
    editor.fill("#part-form [name=link]", "https://example.org/")
    acted(editor, 2)
    expect(editor.locator("#letter-problem")).to_be_hidden()


def test_a_click_on_the_message_selects_its_part(editor: Page, visit: Visit) -> None:
    frame = editor.frame_locator("#letter-canvas")
    frame.locator("h1").click()
    expect(part(editor, "heading")).to_have_attribute("aria-selected", "true")
    editor.fill("#part-form [name=text]", "Shown at once")
    expect(frame.locator("h1")).to_have_text("Shown at once")
    frame.locator("a").first.click()
    expect(part(editor, "footer")).to_have_attribute("aria-selected", "true")
    assert "/edit/" in editor.url and visit.complaints == []


def test_save_by_a_click_when_all_is_saved_already(editor: Page, letter: Message) -> None:
    editor.click("#letter-form button.btn-primary")
    editor.wait_for_url(f"**/messages/{letter.pk}/")


def test_save_waits_for_all_that_was_typed(editor: Page, letter: Message) -> None:
    part(editor, "heading").locator(".part-name").click()
    editor.fill("#part-form [name=text]", "At the last moment")
    editor.fill("#letter-form [name=subject]", "Saved")
    editor.keyboard.press("Control+S")
    editor.wait_for_url(f"**/messages/{letter.pk}/")
    letter.refresh_from_db()
    assert letter.subject == "Saved" and "At the last moment" in json.dumps(letter.document)


def test_a_part_is_copied_into_another_message(live_server: Any, editor: Page, owner: User) -> None:
    other = a_letter(owner)
    part(editor, "heading").locator(".part-name").click()
    part(editor, "heading").focus()
    editor.keyboard.press("Control+C")
    expect(editor.locator("#announcer")).to_have_text("Copied.")
    editor.goto(f"{live_server.url}/messages/{other.pk}/edit/")
    part(editor, "text").locator(".part-name").click()
    part(editor, "text").focus()
    editor.keyboard.press("Control+V")
    acted(editor, 1)
    assert kinds().count("heading") == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_has_nothing_to_say(editor: Page, width: int) -> None:
    editor.set_viewport_size({"width": width, "height": 900})
    part(editor, "text").locator(".part-name").click()
    if width == 390:
        editor.click("[data-region=side]")
    expect(editor.locator("#part-form .rich-text")).to_be_visible()
    editor.locator("#part-form details").first.locator("summary").click()
    assert violations(editor) == []
    assert editor.evaluate("document.documentElement.scrollWidth") <= width
    if width == 390:
        editor.click("[data-region=canvas]")
    editor.frame_locator("#letter-canvas").locator("[data-rich]").first.click()
    editor.keyboard.press("Control+K")
    expect(editor.locator("#canvas-tools [data-address]")).to_be_focused()
    assert violations(editor) == []  # of the message as it is written, too
    assert editor.evaluate("document.documentElement.scrollWidth") <= width


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
