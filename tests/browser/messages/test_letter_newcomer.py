"""Somebody who has never seen it makes a letter of two columns with a picture and a condition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.mailings.models import MediaFile, Message, Tag
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.browser.messages.test_letter_digest import add, canvas, sequence, write
from tests.browser.messages.test_letter_editor import acted, part, scheme
from tests.factories import RecipientFactory, TagFactory
from tests.mailings.media.library import picture_files
from tests.mailings.media.pictures import drawing

__all__ = ["picture_files", "scheme"]  # fixtures

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("picture_files"),
]

#: Words that nobody meets on the way.
CODE_WORDS = ("MJML", "Liquid", "JSON", "{{", "{%")


def begin(page: Page, site: str) -> None:
    page.goto(site)
    page.click(".sections a[href='/messages/']")
    page.get_by_role("link", name="New message").first.click()
    page.get_by_role("button", name="Blank message").click()
    expect(canvas(page).locator("h1 [data-line]")).to_be_visible()


def put_in_two_columns(page: Page) -> None:
    before = sequence(page)
    page.select_option("#kind-", "section:2")
    page.click("#letter-outline > .part-add button")
    acted(page, before + 1)


def choose_a_picture(page: Page, path: Path) -> None:
    """Into the left column, from the computer, with words for those who can't see it."""
    part(page, "column", 2).locator("> .part-row .part-name").click()
    add(page, "Image")
    before = sequence(page)
    page.get_by_role("link", name="Choose from the library…").click()
    page.set_input_files("#dialog [data-media-add] [name=file]", path)
    page.locator("#dialog .media-new .media-card").click()
    acted(page, before + 1)
    page.get_by_label("Description for those who can’t see it").fill("A river in spring")
    acted(page, before + 2)
    expect(canvas(page).locator("img[alt='A river in spring']")).to_be_visible()


def show_it_to(page: Page, tag: Tag) -> None:
    """The right column's text for those alone who have the tag."""
    part(page, "text", 1).locator(".part-name").click()
    page.get_by_text("Who sees it", exact=True).click()
    before = sequence(page)
    page.locator("#part-form [name=visibility-0-what]").select_option(f"tag:{tag.pk}")
    acted(page, before + 1)
    expect(part(page, "text", 1)).to_contain_text("By condition")


def test_a_newcomer_makes_a_letter_of_two_columns(
    live_server: Any, visit: Visit, owner: User, tmp_path: Path
) -> None:
    page, tag = visit.page, TagFactory.create(owner=owner, name="regulars")
    path = tmp_path / "river.png"
    path.write_bytes(drawing())
    RecipientFactory.create(owner=owner, full_name="Anna", email="anna@example.org")
    sign_in(page, live_server.url, owner.email)
    page.click(".person")
    page.click(".languages button[value=en]")
    page.set_viewport_size({"width": 1440, "height": 900})
    begin(page, live_server.url)
    write(page, canvas(page).locator("h1 [data-line]"), "Spring at the river")
    write(page, canvas(page).locator("[data-rich]").first, "The boats are out again.")
    put_in_two_columns(page)
    choose_a_picture(page, path)
    canvas(page).get_by_text("Add a block here").click()  # the right column, still empty
    before = sequence(page)
    page.click("#dialog .targets button:text-is('Text')")
    acted(page, before + 1)
    write(page, canvas(page).locator("[data-rich]").nth(1), "Regulars go first.")
    show_it_to(page, tag)
    for field, text in (("company", "Kofein"), ("address", "1 Garden Street, Tula")):
        write(page, canvas(page).locator(f"[data-line={field}]"), text)
    page.fill("#letter-form [name=subject]", "Spring")
    assert not [word for word in CODE_WORDS if word in page.locator("main").inner_text()]
    page.click("#letter-form button.btn-primary")
    message = Message.objects.get()
    page.wait_for_url(f"**/messages/{message.pk}/")
    message.refresh_from_db()
    left, right = (message.document or {})["body"][-1]["columns"]
    assert left["blocks"][0]["picture"]["media"] == MediaFile.objects.get().pk
    assert right["blocks"][0]["visibility"]["rules"][0]["id"] == tag.pk
    look_at_it(page, live_server.url, message)
    assert visit.complaints == []


def look_at_it(page: Page, site: str, message: Message) -> None:
    """As Anna sees it, and as she would with the tag."""
    page.goto(f"{site}/messages/{message.pk}/look/?recipient=anna@")
    seen = page.frame_locator("iframe.letter")
    expect(seen.locator("body")).to_contain_text("The boats are out again.")
    expect(seen.locator("body")).not_to_contain_text("Regulars go first.")
    page.get_by_text("Tags and segments", exact=True).click()
    page.get_by_label("regulars").check()
    page.get_by_role("button", name="Show with these").click()
    expect(seen.locator("body")).to_contain_text("Regulars go first.")
