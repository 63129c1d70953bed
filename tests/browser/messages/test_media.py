"""Pictures in the browser: chosen, dropped, pasted; refused where they were tried; picked."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.mailings.models import MediaFile
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in
from tests.mailings.media.library import picture_files
from tests.mailings.media.pictures import drawing

__all__ = ["picture_files"]  # a fixture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("picture_files"),
]

#: An event with a file in it, as dropping and pasting make them.
EVENT = """([name, kind, place, base64, type]) => {
  const bytes = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], "from-outside.png", { type }));
  const options = { bubbles: true, cancelable: true };
  const event = kind === "paste" ? new ClipboardEvent(name, { ...options, clipboardData: data })
    : new DragEvent(name, { ...options, dataTransfer: data });
  document.querySelector(place).dispatchEvent(event);
}"""


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def come_with(page: Page, name: str, place: str, content: bytes, kind: str = "image/png") -> None:
    """Drop or paste a file there."""
    page.evaluate(EVENT, [name, name, place, base64.b64encode(content).decode(), kind])


def test_pictures_come_in_by_every_way_and_are_loaded(
    live_server: Any, visit: Visit, owner: User, tmp_path: Path
) -> None:
    page, chosen = visit.page, tmp_path / "chosen.png"
    chosen.write_bytes(drawing("#1c5d86"))
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/media/")
    page.set_input_files("[data-media-add] [name=file]", chosen)  # and it is sent
    expect(page.locator(".media-card")).to_have_count(1)
    come_with(page, "drop", "[data-file-pick]", drawing("#a32a2a"))
    expect(page.locator(".media-card")).to_have_count(2)
    come_with(page, "paste", "body", drawing("#1d6b43"))
    expect(page.locator(".media-card")).to_have_count(3)
    expect(page.locator(".media-name").first).to_have_text("from-outside")
    for picture in page.locator(".media-thumb img").all():
        assert picture.evaluate("async (one) => { await one.decode(); return one.naturalWidth; }")
    come_with(page, "paste", "body", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")
    expect(page.locator("[data-media-add] [role=alert]")).to_contain_text("SVG")
    assert MediaFile.objects.filter(owner=owner).count() == 3
    assert visit.complaints == []


def test_the_picker_adds_without_leaving_the_page_and_says_what_was_picked(
    live_server: Any, visit: Visit, owner: User, tmp_path: Path
) -> None:
    page, chosen = visit.page, tmp_path / "chosen.png"
    chosen.write_bytes(drawing())
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/media/picker/")
    page.evaluate(
        "document.addEventListener('media:picked', (event) => { window.picked = event.detail; })"
    )
    page.set_input_files("[data-media-add] [name=file]", chosen)
    expect(page.locator(".media-new .media-card")).to_be_visible()
    page.locator("#media-search").fill("nothing like it")
    expect(page.locator(".media-card")).to_have_count(0)
    page.locator("#media-search").fill("chos")
    page.locator(".media-card").click()
    picked = page.evaluate("window.picked")  # the same page: nothing was loaded anew
    media = MediaFile.objects.get(owner=owner)
    assert (picked["id"], picked["name"], picked["width"]) == (media.pk, "chosen", 80)
    assert visit.complaints == []
