"""A picture is cropped, and a brand takes a color from its logo, under the real policy."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from apps.mailings.models import MediaFile
from apps.mailings.services.media.uploads import take
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


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_arrow_keys_change_the_part_that_is_kept(
    live_server: Any, visit: Visit, owner: User
) -> None:
    page, media = visit.page, take(owner=owner, content=drawing(side=100), name="logo.png")
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/media/{media.pk}/crop/")
    result = page.locator("svg.crop-result")
    expect(result).to_have_attribute("viewBox", "0 0 200 200")
    page.select_option("[name=shape]", "2:1")
    expect(result).to_have_attribute("viewBox", "0 50 200 100")
    page.focus("[name=focus_y]")
    page.keyboard.press("ArrowDown")
    expect(result).to_have_attribute("viewBox", "0 48 200 100")
    page.click("main button[type=submit] >> nth=0")
    page.wait_for_url(lambda url: "/crop/" not in url)
    made = MediaFile.objects.latest("pk")
    assert (made.width, made.height) == (200, 100) and visit.complaints == []


def test_a_colour_of_the_logo_is_taken(live_server: Any, visit: Visit, owner: User) -> None:
    page, media = visit.page, take(owner=owner, content=drawing("#a11d45"), name="logo.png")
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/brand/")
    page.select_option("[name=logo]", str(media.pk))
    page.click("[name=act][value=colors]")
    page.click("[name=color]")
    expect(page.locator("[name=light-button]")).to_have_value("#a11d45")
    assert visit.complaints == []
