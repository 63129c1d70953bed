"""A letter of another tool in the browser: chosen, looked at, and gone on with in the editor."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from apps.mailings.models import MediaFile, Message, MessageDraft
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.browser.pages.test_every_page import DESKTOP, PHONE, violations
from tests.mailings.media.library import picture_files
from tests.mailings.media.pictures import drawing

__all__ = ["picture_files"]  # a fixture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("picture_files"),
]

PAGE = """<html><head><title>May <b>*|FNAME|*</b></title></head><body onload="alert(1)">
<h1>Hi *|FNAME|*</h1><img src="logo.png" alt="Logo" width="120"><p>{{ contact.CITY }}</p>
<script>alert(1)</script><pre><img src=x onerror="alert(1)">as it is</pre></body></html>"""


def packed(target: Path) -> Path:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("index.html", PAGE)
        archive.writestr("logo.png", drawing())
    target.write_bytes(made.getvalue())
    return target


def test_a_letter_comes_from_its_archive_into_the_editor(
    live_server: Any, visit: Visit, owner: User, tmp_path: Path
) -> None:
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/messages/new/")
    page.click("a[href$='/messages/import/']")
    page.set_input_files("[name=file]", packed(tmp_path / "may.zip"))
    page.click("main form button[type=submit]")
    expect(page.locator("[name^=tag-]")).to_have_count(2)
    expect(page.locator("[name^=tag-]").first).to_have_value("full_name")
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.set_viewport_size(DESKTOP)
    page.click("main form button[type=submit]")
    expect(page.locator("#letter-canvas")).to_be_visible()
    expect(page.locator(".letter-outline")).to_contain_text("Hi {{ full_name }}")
    letter = page.frame_locator("#letter-canvas")
    expect(letter.locator("h1")).to_contain_text("Hi")
    shown = letter.locator("img").first
    assert shown.evaluate("async (one) => { await one.decode(); return one.naturalWidth; }")
    assert MediaFile.objects.get(owner=owner).name == "logo"
    draft = MessageDraft.objects.get(owner=owner)
    assert draft.message is not None and Message.objects.get(owner=owner).subject == ""
    assert visit.complaints == []
