"""A message written in place, in its own fonts, and nothing that was typed is lost."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import pytest
from django.utils import timezone
from playwright.sync_api import FrameLocator, Locator, Page, expect

from apps.core.content.blocks.editing import places
from apps.mailings.models import Message
from apps.mailings.services.letters import draft_operations
from apps.mailings.services.letters.reuse.saved_blocks import keep_section
from apps.users.models import User
from tests.browser.conftest import Visit
from tests.browser.hands import saved
from tests.browser.messages.samples import DOCS, GMAIL, WORD
from tests.browser.messages.test_letter_editor import (
    acted,
    drafted,
    editor,
    letter,
    part,
    scheme,
)
from tests.factories import PASSWORD
from tests.mailings.services.letters.letters import id_of, writer_of
from tests.mailings.services.letters.reuse.test_saved_blocks import a_section, with_block

__all__ = ["editor", "letter", "scheme"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TOOLS: Final = "#canvas-tools"
PASTE: Final = """([html, plain]) => {
  const data = new DataTransfer();
  if (html) data.setData("text/html", html);
  data.setData("text/plain", plain);
  const options = { clipboardData: data, bubbles: true, cancelable: true };
  const event = new ClipboardEvent("paste", options);
  document.activeElement.contentDocument.activeElement.dispatchEvent(event);
}"""
#: Where a sign of the first paragraph stands on the page.
PLACE: Final = """(box, [at, left, top]) => {
  const range = document.createRange();
  const walker = document.createTreeWalker(box.querySelector("p"), NodeFilter.SHOW_TEXT);
  let rest = at;
  while (walker.nextNode() && rest > walker.currentNode.length) rest -= walker.currentNode.length;
  range.setStart(walker.currentNode, rest);
  const { x, y, height } = range.getBoundingClientRect();
  return [left + x, top + y + height / 2];
}"""


def canvas(page: Page) -> FrameLocator:
    return page.frame_locator("#letter-canvas")


def rich(page: Page) -> Locator:
    return canvas(page).locator("[data-rich]").first


def kept(kind: str, field: str) -> str:
    """What the draft holds there."""
    node = next(p.node for p in places.each(drafted()) if places.kind_of(p.node) == kind)
    return str(node[field])


def empty(page: Page) -> None:
    """Into the text of the canvas, and all of it away."""
    rich(page).click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")


def paste(page: Page, html: str, plain: str = "") -> None:
    page.evaluate(PASTE, [html, plain])


def typed_elsewhere(letter: Message, kind: str, field: str, value: str) -> None:
    act = {"op": "set", "id": id_of(letter, kind), "field": field, "value": value}
    draft_operations.act(writer_of(letter), [act], now=timezone.now())


def test_a_heading_is_typed_where_it_stands_and_the_caret_stays(editor: Page, visit: Visit) -> None:
    heading = canvas(editor).locator("h1 [data-line]")
    heading.click()
    editor.keyboard.press("End")
    editor.keyboard.type(", first")
    acted(editor, 1)
    editor.keyboard.type(" and second")
    acted(editor, 2)
    expect(heading).to_have_text("Spring news, first and second")
    expect(heading).to_be_focused()
    assert kept("heading", "text") == "Spring news, first and second"
    expect(editor.locator("#part-form [name=text]")).to_have_value("Spring news, first and second")
    expect(part(editor, "heading")).to_contain_text("and second")
    editor.keyboard.press("Enter")
    expect(part(editor, "heading")).to_be_focused()
    editor.keyboard.press("Control+Z")
    acted(editor, 3)
    expect(heading).to_have_text("Spring news")
    assert visit.complaints == []


def test_enter_leads_from_the_contents_into_the_text_and_escape_back(
    editor: Page, visit: Visit
) -> None:
    part(editor, "text").locator(".part-name").click()
    editor.keyboard.press("Enter")
    expect(rich(editor)).to_be_focused()
    editor.keyboard.type(" Come in.")
    editor.keyboard.press("Escape")
    expect(part(editor, "text")).to_be_focused()
    acted(editor, 1)
    assert kept("text", "html") == "<p>Hello, {{ full_name }}! Come in.</p>"
    chip = rich(editor).locator(".placeholder-chip")
    expect(chip).to_have_text("Name")  # in words, not in code
    assert visit.complaints == []


def test_marks_fields_and_links_by_the_toolbar_of_the_canvas(editor: Page, visit: Visit) -> None:
    expect(editor.locator(f"{TOOLS} [data-mark=b]")).to_be_disabled()
    empty(editor)
    editor.keyboard.type("See ")
    editor.keyboard.press("Control+Space")
    editor.locator(f"{TOOLS} [data-field]").select_option("email")
    editor.fill(f"{TOOLS} [data-fallback]", "you")
    editor.click(f"{TOOLS} [data-act=set-field]")
    editor.keyboard.type(" here")
    editor.keyboard.press("Control+Shift+ArrowLeft")
    editor.keyboard.press("Control+K")
    editor.fill(f"{TOOLS} [data-address]", "https://example.org/")
    editor.keyboard.press("Enter")
    editor.click(f"{TOOLS} [data-mark=b]")
    expect(editor.locator(f"{TOOLS} [data-mark=b]")).to_have_attribute("aria-pressed", "true")
    editor.keyboard.press("Alt+F10")
    expect(editor.locator(f"{TOOLS} [data-mark=b]")).to_be_focused()
    editor.keyboard.press("Escape")
    expect(rich(editor)).to_be_focused()
    editor.keyboard.press("Escape")
    link = '<a href="https://example.org/"><strong>here</strong></a>'
    expect(rich(editor).locator("a strong")).to_have_text("here")
    saved(editor)
    assert kept("text", "html") == f'<p>See {{{{ email | default: "you" }}}} {link}</p>'
    heading = canvas(editor).locator("h1 [data-line]")
    heading.click()
    expect(editor.locator(f"{TOOLS} [data-mark=b]")).to_be_disabled()
    expect(editor.locator(f"{TOOLS} [data-act=field]")).to_be_enabled()
    assert visit.complaints == []


def test_a_chip_is_one_sign_for_the_caret_and_opens_by_enter(editor: Page, visit: Visit) -> None:
    empty(editor)
    paste(editor, "<p>Dear {{ full_name }}</p>")  # ends in a chip: nothing is typed into it
    expect(rich(editor).locator(".placeholder-chip")).to_have_count(1)
    editor.keyboard.type("!")
    expect(rich(editor)).to_contain_text("Dear Name!")
    editor.keyboard.press("Backspace")
    editor.keyboard.press("Shift+ArrowLeft")
    rich(editor).locator(".placeholder-chip").click()
    editor.keyboard.press("Enter")
    expect(editor.locator(f"{TOOLS} [data-field]")).to_have_value("full_name")
    editor.fill(f"{TOOLS} [data-fallback]", "friend")
    editor.keyboard.press("Enter")
    editor.keyboard.type(", hello")
    saved(editor)
    expected = '<p>Dear {{ full_name | default: "friend" }}, hello</p>'
    assert kept("text", "html") == expected
    for _ in range(7):
        editor.keyboard.press("Backspace")
    editor.keyboard.press("Backspace")  # and the chip
    expect(rich(editor).locator(".placeholder-chip")).to_have_count(0)
    editor.keyboard.press("Escape")
    expect(rich(editor)).to_have_text("Dear")
    assert visit.complaints == []


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (WORD, "<p><strong>Spring</strong>"),
        (DOCS, '<a href="https://example.org/menu">all of it</a>'),
        (GMAIL, "<p>Spring <strong>menu</strong></p>"),
    ],
    ids=["word", "docs", "gmail"],
)
def test_what_is_copied_from_other_programs_comes_clean(
    editor: Page, visit: Visit, html: str, expected: str
) -> None:
    empty(editor)
    paste(editor, html, "Spring menu")
    expect(rich(editor)).to_contain_text("Tea")
    editor.keyboard.press("Escape")
    expect(rich(editor)).to_contain_text("Tea")
    saved(editor)
    stored = kept("text", "html")
    assert expected in stored
    assert not re.search(r"style|class|script|onclick|mso|<o:|<img|javascript", stored)
    assert visit.complaints == []


def test_plain_text_is_pasted_as_it_is_and_a_line_takes_no_marks(
    editor: Page, visit: Visit
) -> None:
    empty(editor)
    paste(editor, "", "One <b>&\nTwo")
    editor.keyboard.press("Escape")
    expect(rich(editor)).to_contain_text("Two")
    canvas(editor).locator("h1 [data-line]").click()
    editor.keyboard.press("Control+A")
    paste(editor, "<h1 style='color:red'>Big<br>news</h1>", "Big\nnews")
    editor.keyboard.press("Escape")
    expect(canvas(editor).locator("h1")).to_have_text("Big news")
    saved(editor)
    assert kept("heading", "text") == "Big news"
    assert "One &lt;b&gt;&amp;" in kept("text", "html") and "Two" in kept("text", "html")
    assert visit.complaints == []


def test_what_an_input_method_composes_is_sent_when_it_is_done(editor: Page, visit: Visit) -> None:
    sent: list[str] = []
    editor.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    empty(editor)
    acted(editor, 1)
    keys = editor.context.new_cdp_session(editor)
    for text in ("n", "に", "にほ", "にほん"):
        length = len(text)
        compose = {"text": text, "selectionStart": length, "selectionEnd": length}
        keys.send("Input.imeSetComposition", compose)
    before = len(sent)
    editor.wait_for_timeout(900)
    assert len(sent) == before  # half a word is sent to nobody
    keys.send("Input.insertText", {"text": "日本"})
    acted(editor, 2)
    expect(rich(editor)).to_be_focused()
    assert kept("text", "html") == "<p>日本</p>"
    assert visit.complaints == []


def test_a_saved_block_is_chosen_and_not_written_in_a_message(
    editor: Page, letter: Message, owner: User, visit: Visit
) -> None:
    with_block(letter, keep_section(owner=owner, name="Offer", section=a_section("Until Friday")))
    editor.reload()
    canvas(editor).get_by_text("Until Friday").click()
    expect(part(editor, "saved")).to_be_focused()
    editor.keyboard.press("Enter")
    expect(canvas(editor).locator("[role=textbox]")).to_have_count(0)
    part(editor, "saved").focus()
    editor.keyboard.press("Alt+ArrowDown")
    acted(editor, 1)
    headings = canvas(editor).locator("h1, h2")
    expect(headings.first).to_have_text("Spring news")
    assert visit.complaints == []


def test_a_word_is_dragged_forth_and_back(editor: Page, visit: Visit) -> None:
    empty(editor)
    editor.keyboard.type("one two three")
    acted(editor, 1)
    drag(editor, 0, 13)
    expect(rich(editor)).to_have_text(re.compile(r"^\s*two\sthreeone$"))
    drag(editor, 9, 1)
    expect(rich(editor)).to_have_text(re.compile("^\\W*threeone"))
    editor.keyboard.press("Escape")
    saved(editor)
    letters = re.sub(r"[^a-z]", "", kept("text", "html").replace("<p>", "").replace("</p>", ""))
    assert sorted(letters) == sorted("onetwothree")
    assert visit.complaints == []


def drag(page: Page, begin: int, end: int) -> None:
    """The word at this sign of the text, to another one."""
    frame = page.locator("#letter-canvas").bounding_box()
    assert frame is not None
    (x, y), (to, _level) = (
        rich(page).evaluate(PLACE, [place, frame["x"], frame["y"]]) for place in (begin + 1, end)
    )
    page.mouse.dblclick(x, y)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 8):
        page.mouse.move(x + (to - x) * step / 7, y)
    page.mouse.up()


def test_of_two_tabs_nothing_typed_is_lost(editor: Page, letter: Message) -> None:
    rich(editor).click()
    typed_elsewhere(letter, "heading", "text", "Theirs")
    editor.keyboard.press("End")
    editor.keyboard.type(" Mine")
    acted(editor, 2)  # nobody else has written there: it is sent at once
    expect(canvas(editor).locator("h1")).to_have_text("Theirs")
    expect(rich(editor)).to_be_focused()
    editor.keyboard.type(", on")
    acted(editor, 3)
    assert kept("text", "html") == "<p>Hello, {{ full_name }}! Mine, on</p>"
    typed_elsewhere(letter, "text", "html", "<p>Theirs</p>")
    editor.keyboard.type(" and on")
    expect(editor.locator("#letter-problem")).to_contain_text("changed elsewhere")
    expect(rich(editor)).to_contain_text("Mine, on and on")
    assert kept("text", "html") == "<p>Theirs</p>"  # theirs is not written over
    expect(rich(editor)).to_be_focused()
    editor.keyboard.type("!")
    acted(editor, 5)
    assert kept("text", "html").endswith("Mine, on and on!</p>")
    act = {"op": "remove", "id": id_of(letter, "text")}
    draft_operations.act(writer_of(letter), [act], now=timezone.now())
    editor.keyboard.type(" Last words")
    expect(editor.locator("#letter-lost")).to_contain_text("Last words")


def test_while_the_server_is_gone_the_text_stays_and_is_sent_later(editor: Page) -> None:
    gone = re.compile("/operations/")
    editor.route(gone, lambda route: route.abort())
    rich(editor).click()
    editor.keyboard.press("End")
    editor.keyboard.type(" Into silence")
    banner = editor.locator("#letter-banner")
    expect(banner).to_contain_text("Not saved since")
    editor.keyboard.type(", and on")
    editor.keyboard.press("Escape")
    expect(rich(editor)).to_contain_text("Into silence, and on")
    editor.unroute(gone)
    acted(editor, 1)
    expect(banner).to_be_hidden()
    expect(rich(editor)).to_contain_text("Into silence, and on")
    assert "Into silence, and on" in kept("text", "html")


def test_signed_out_the_text_stays_and_is_sent_after_signing_in(
    editor: Page, owner: User, letter: Message
) -> None:
    rich(editor).click()
    editor.context.clear_cookies()
    editor.keyboard.press("End")
    editor.keyboard.type(" Signed out")
    banner = editor.locator("#letter-banner")
    expect(banner).to_contain_text("You are signed out")
    with editor.context.expect_page() as opened:
        banner.locator("a").click()
    other = opened.value
    other.fill("[name=login]", owner.email)
    other.fill("[name=password]", PASSWORD)
    other.click("main button[type=submit]")
    expect(other.locator(".person")).to_be_visible()
    other.close()
    expect(rich(editor)).to_contain_text("Signed out")
    editor.evaluate("dispatchEvent(new Event('focus'))")
    acted(editor, 1)
    editor.keyboard.press("Control+S")
    editor.wait_for_url(f"**/messages/{letter.pk}/")
    letter.refresh_from_db()
    assert "Signed out" in json.dumps(letter.document)


def test_what_is_refused_stays_where_it_was_typed_and_is_not_saved_over(
    editor: Page, letter: Message
) -> None:
    heading = canvas(editor).locator("h1 [data-line]")
    heading.click()
    editor.keyboard.press("End")
    editor.keyboard.insert_text("x" * 300)
    expect(editor.locator("#letter-problem")).to_be_visible()
    editor.keyboard.press("Control+S")
    editor.wait_for_timeout(500)
    assert "/edit/" in editor.url
    expect(heading).to_contain_text("x" * 300)
    heading.click()
    editor.keyboard.press("Control+A")
    editor.keyboard.type("Short")
    acted(editor, 1)
    assert kept("heading", "text") == "Short"


def test_the_items_of_a_list_are_typed_in_place(editor: Page, letter: Message) -> None:
    where = {"parent": id_of(letter, "column"), "at": 1}
    draft_operations.act(
        writer_of(letter), [{"op": "insert", "type": "list", **where}], now=timezone.now()
    )
    item: dict[str, Any] = {"title": "Tea", "html": "<p>Black</p>"}
    act = {"op": "set", "id": id_of(letter, "list"), "field": "items", "value": [item, item]}
    draft_operations.act(writer_of(letter), [act], now=timezone.now())
    editor.reload()
    canvas(editor).locator("[data-line='items.1.title']").click()
    editor.keyboard.press("Control+A")
    editor.keyboard.type("Coffee")
    acted(editor, 3)
    expect(editor.locator("#part-form [name=items-1-title]")).to_have_value("Coffee")
    canvas(editor).locator("[data-rich='items.1.html']").click()
    editor.keyboard.press("End")
    editor.keyboard.type(" and strong")
    acted(editor, 4)
    node = next(p.node for p in places.each(drafted()) if places.kind_of(p.node) == "list")
    found = [(one["title"], one["html"]) for one in node["items"]]
    assert found == [("Tea", "<p>Black</p>"), ("Coffee", "<p>Black and strong</p>")]
