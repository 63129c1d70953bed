"""A digest is built by pointer, by keyboard alone and without JavaScript: the same document."""

from __future__ import annotations

from typing import Any, Final

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from apps.mailings.models import Message, MessageDraft
from apps.users.models import User
from tests.browser.conftest import Visit
from tests.browser.messages.test_letter_editor import (
    acted,
    drafted,
    editor,
    letter,
    part,
    scheme,
    without_ids,
)

__all__ = ["editor", "letter", "scheme"]  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LEAD: Final = "Three stories and a walk"
STORIES: Final = ("The river is open", "New tea has come")
LABEL: Final = "Read on"
LINK: Final = "https://example.org/river"


def canvas(page: Page) -> FrameLocator:
    return page.frame_locator("#letter-canvas")


def sequence(page: Page) -> int:
    return int(page.locator("#letter-state").get_attribute("data-sequence") or 0)


def done(page: Page, before: int, acts: int = 1) -> None:
    """So many acts more have come back."""
    acted(page, before + acts)


# -- by pointer ------------------------------------------------------------------------------------


def by_pointer(page: Page) -> None:
    write(page, canvas(page).locator("h1 [data-line]"), LEAD)
    before = sequence(page)
    page.select_option("#kind-", "section:2")
    page.click("#letter-outline > .part-add button")
    done(page, before)
    for number, story in enumerate(STORIES):
        column = part(page, "column", 2 + number)
        column.locator("> .part-row .part-name").click()
        add(page, "Text")
        write(page, canvas(page).locator("[data-rich]").nth(1 + number), story)
    part(page, "text", 1).locator(".part-name").click()
    add(page, "Button")
    write(page, canvas(page).locator("[data-line=label]"), LABEL)
    before = sequence(page)
    page.fill("#part-form [name=link]", LINK)
    done(page, before)
    before, section = sequence(page), part(page, "section", 2)
    section.locator("> .part-row .part-handle").hover()
    page.mouse.down()
    box = part(page, "section", 1).locator("> .part-row").bounding_box()
    assert box is not None
    for step in (3.0, 1.0, 0.2):
        page.mouse.move(box["x"] + 60, box["y"] + box["height"] * step)
    page.mouse.up()
    done(page, before)


def add(page: Page, kind: str) -> None:
    before = sequence(page)
    page.click("[data-ask=add]")
    page.click(f"#dialog .targets button:text-is('{kind}')")
    done(page, before)


def write(page: Page, spot: Locator, text: str) -> None:
    """Click into a text of the message, and write another one."""
    spot.click()
    typed(page, text)


def typed(page: Page, text: str) -> None:
    before = sequence(page)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    done(page, before)
    page.keyboard.press("Escape")


# -- by keyboard alone -----------------------------------------------------------------------------


def by_keyboard(page: Page) -> None:
    page.locator(".part[tabindex='0']").focus()
    go(page, "heading")
    page.keyboard.press("Enter")
    typed(page, LEAD)
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    add_by_keys(page, "two columns", "section", 2)
    for number, story in enumerate(STORIES):
        go(page, "column", 2 + number)
        add_by_keys(page, "text", "text", 1 + number)
        page.keyboard.press("Enter")
        typed(page, story)
    go(page, "text", 1)
    add_by_keys(page, "button", "button")
    page.keyboard.press("Enter")
    typed(page, LABEL)
    expect(part(page, "button")).to_be_focused()
    link = page.locator("#part-form [name=link]")
    for _ in range(40):
        page.keyboard.press("Tab")
        if link.evaluate("element => element === document.activeElement"):
            break
    before = sequence(page)
    page.keyboard.type(LINK)
    done(page, before)
    page.keyboard.press("Escape")
    expect(part(page, "button")).to_be_focused()
    go(page, "section", 2)
    before = sequence(page)
    page.keyboard.press("Alt+ArrowUp")
    done(page, before)


def go(page: Page, kind: str, number: int = 0) -> None:
    """Along the tree to the part, from its beginning."""
    target = part(page, kind, number)
    page.keyboard.press("Home")
    for _ in range(30):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no way to {kind} {number}")


def add_by_keys(page: Page, sought: str, kind: str, number: int = 0) -> None:
    before = sequence(page)
    page.keyboard.press("/")
    expect(page.locator("#dialog [data-search]")).to_be_focused()
    page.keyboard.type(sought)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    done(page, before)
    expect(part(page, kind, number)).to_be_focused()


# -- without JavaScript ----------------------------------------------------------------------------


def by_forms(page: Page) -> None:
    fill(page, part(page, "heading"), text=LEAD)
    page.select_option("#kind-", "section:2")
    page.click("#letter-outline > .part-add button")
    for number, story in enumerate(STORIES):
        at_end(page, part(page, "column", 2 + number), "text")
        fill(page, part(page, "text", 1 + number), html=story)
    at_end(page, part(page, "column", 2), "button")
    fill(page, part(page, "button"), label=LABEL, link=LINK)
    part(page, "section", 2).locator("> .part-row button[title='Move up']").click()
    page.wait_for_load_state()


def at_end(page: Page, column: Any, kind: str) -> None:
    column.locator("> .part-add select").select_option(kind)
    column.locator("> .part-add button").click()


def fill(page: Page, one: Any, **fields: str) -> None:
    one.locator("> .part-row .part-name").click()
    for name, value in fields.items():
        page.fill(f"#part-form [name={name}]", value)
    page.click("#part-form .btn-primary")


def test_a_digest_by_pointer_by_keyboard_and_by_forms_is_the_same_document(
    live_server: Any, visit: Visit, owner: User, editor: Page, letter: Message, browser: Browser
) -> None:
    made = []
    for build in (by_pointer, by_keyboard, by_forms):
        MessageDraft.objects.all().delete()
        page = editor
        if build is by_forms:
            state = editor.context.storage_state()
            page = browser.new_context(java_script_enabled=False, storage_state=state).new_page()
        page.goto(f"{live_server.url}/messages/{letter.pk}/edit/")
        build(page)
        made.append(without_ids(drafted()))
    assert made[0] == made[1] == made[2]
    body = made[0]["body"]
    assert [len(one["columns"]) for one in body] == [1, 2, 1]
    assert [block["type"] for block in body[1]["columns"][0]["blocks"]] == ["text", "button"]
    assert body[1]["columns"][1]["blocks"][0]["html"] == f"<p>{STORIES[1]}</p>"
    assert visit.complaints == []


def test_a_screen_reader_hears_a_block_that_is_moved(editor: Page) -> None:
    tree = editor.locator("[role=tree]")
    part(editor, "heading").locator(".part-name").click()
    expect(tree).to_match_aria_snapshot("""
        - tree "Contents":
          - treeitem "Section 1" [expanded]:
            - group:
              - treeitem "Column 1" [expanded]:
                - group:
                  - 'treeitem "Heading: Spring news" [selected]'
                  - 'treeitem "Text: Hello, {{ full_name }}!"'
        """)
    editor.keyboard.press("Alt+ArrowDown")
    acted(editor, 1)
    expect(editor.locator("#announcer")).to_have_text(
        "Heading moved: Section 1, Column 1, place 2 of 2."
    )
    expect(part(editor, "heading")).to_be_focused()
    expect(tree).to_match_aria_snapshot("""
        - tree "Contents":
          - treeitem "Section 1" [expanded]:
            - group:
              - treeitem "Column 1" [expanded]:
                - group:
                  - 'treeitem "Text: Hello, {{ full_name }}!"'
                  - 'treeitem "Heading: Spring news" [selected]'
        """)
    editor.keyboard.press("Alt+ArrowDown")  # at the edge of its column: into the next one
    acted(editor, 2)
    expect(editor.locator("#announcer")).to_have_text(
        "Heading moved: Section 2, Column 1, place 1 of 2."
    )
