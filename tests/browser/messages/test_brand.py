"""The brand in the browser: its preview follows what is filled in, under the site's policy."""

from __future__ import annotations

from typing import Any

import pytest

from apps.mailings.selectors.letters.brand import brand_of
from apps.users.models import User
from tests.browser.conftest import Visit, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(params=["light"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_preview_follows_and_the_first_message_is_next(
    live_server: Any, visit: Visit, owner: User
) -> None:
    page = visit.page
    sign_in(page, live_server.url, owner.email)
    page.goto(f"{live_server.url}/messages/new/")
    page.click("a[href='/brand/?next=/messages/new/']")
    page.fill("[name=address]", "Тула, Садовая 1")
    page.frame_locator(".brand-frame").get_by_text("Садовая").wait_for()
    page.click(".brand-form .acts button:first-child")
    page.wait_for_url("**/messages/new/")
    brand = brand_of(owner.pk)
    assert brand is not None and brand.address == "Тула, Садовая 1"
    assert visit.complaints == []
