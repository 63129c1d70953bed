"""No page is wider than its window, in either language, whatever long texts it has to show.

Nor is anything on it too small to be touched, on a computer or on a phone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.links import unsubscribe_token
from tests.access.test_hostile_texts import MANAGEMENT
from tests.browser.conftest import Visit, sign_in
from tests.browser.pages.small_targets import SMALL
from tests.browser.pages.test_every_page import ACCOUNTS, OWN_ACCOUNT, pages_for, settled
from tests.factories import DeliveryFactory, RecipientFactory, confirmed
from tests.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDTHS = (390, 1280, 1360, 1440, 1920)
#: Asked after two frames: tables measure themselves anew when the window has changed.
_SETTLED_WIDTH = """new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
    () => done(document.documentElement.scrollWidth))))"""
#: What nothing breaks on its own.
LONG = f"{'without-any-place-to-break' * 7}@example.org"


def waiting(cast: Cast) -> None:
    """A run that waits with failed and unknown ones: the panel has all its buttons."""
    run = cast.run
    later = timezone.now() + timedelta(minutes=30)
    run.state, run.reason, run.deferred_until = "deferred", "transient_error", later
    run.failed, run.audience = 3, run.audience + 3
    run.save()
    for state in ("failed", "unknown", "bounced"):
        DeliveryFactory.create(run=run, state=state, code=550, response=f"5.1.1 <{LONG}> {LONG}")
    RecipientFactory.create(
        owner=cast.owner,
        email=LONG[-120:],
        full_name="Я" * 150,
        comment=LONG,
        attributes={"ключ" * 12: "значение" * 60, "город": LONG},
    )


def misfits(visit: Visit, site: str, paths: list[str]) -> list[str]:
    """The pages that overflow, and the small targets: those are the same in both languages."""
    page, found = visit.page, []
    page.goto(f"{site}/")
    in_english = page.locator("html").get_attribute("lang") == "en"
    for path in paths:
        page.goto(site + path)
        settled(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 850})
            seen = page.evaluate(_SETTLED_WIDTH)
            found += [f"{path}: {seen} px in {width}"] if seen > width else []
            if in_english and width in (390, 1280):
                found += [f"{path} {width}: {one}" for one in page.evaluate(SMALL)]
    return found


@pytest.fixture(params=["ru", "en"])
def language(request: pytest.FixtureRequest, visit: Visit, live_server: Any) -> str:
    code = str(request.param)
    visit.page.context.add_cookies(
        [{"name": "django_language", "value": code, "url": live_server.url}]
    )
    return code


@pytest.mark.parametrize("scheme", ["light"])
def test_the_pages_of_strangers_fit(
    live_server: Any, visit: Visit, cast: Cast, language: str, scheme: str
) -> None:
    cast.delivery.address = LONG[-200:]
    cast.delivery.save()
    paths = ["/", f"/u/{unsubscribe_token(cast.delivery.pk)}/"]
    paths += [f"/accounts/{end}" for end in ACCOUNTS]
    assert misfits(visit, live_server.url, paths) == []


@pytest.mark.parametrize("scheme", ["light"])
def test_the_pages_of_a_user_fit(
    live_server: Any, visit: Visit, cast: Cast, language: str, scheme: str
) -> None:
    waiting(cast)
    sign_in(visit.page, live_server.url, confirmed(cast.owner).email)
    assert visit.page.locator("html").get_attribute("lang") == language
    newest = cast.owner.recipients.order_by("-pk")[0]
    paths = ["/", *pages_for(cast, "owner"), f"/recipients/{newest.pk}/"]
    paths += ["/figures/", "/find/?q=a", *(f"/accounts/{end}" for end in OWN_ACCOUNT)]
    assert misfits(visit, live_server.url, paths) == []


@pytest.mark.parametrize("scheme", ["light"])
def test_the_pages_of_a_manager_fit(
    live_server: Any, visit: Visit, cast: Cast, language: str, scheme: str
) -> None:
    waiting(cast)
    sign_in(visit.page, live_server.url, confirmed(cast.manager).email)
    paths = ["/", "/mailings/", f"/mailings/{cast.mailing.pk}/", "/recipients/", *MANAGEMENT]
    assert misfits(visit, live_server.url, paths) == []


@pytest.mark.parametrize("scheme", ["light"])
def test_a_long_address_pushes_no_column_out_of_the_table(
    live_server: Any, visit: Visit, cast: Cast, scheme: str
) -> None:
    waiting(cast)
    sign_in(visit.page, live_server.url, confirmed(cast.owner).email)
    visit.page.set_viewport_size({"width": 1280, "height": 850})
    visit.page.goto(f"{live_server.url}/recipients/")
    frame = visit.page.locator(".table-frame").first
    assert frame.evaluate("box => box.scrollWidth - box.clientWidth") <= 0


@pytest.mark.parametrize("scheme", ["light"])
def test_the_reason_of_a_button_that_cannot_be_pressed_fits_into_the_window(
    live_server: Any, visit: Visit, cast: Cast, language: str, scheme: str
) -> None:
    waiting(cast)
    sign_in(visit.page, live_server.url, confirmed(cast.owner).email)
    visit.page.goto(f"{live_server.url}/mailings/{cast.mailing.pk}/")
    for width in WIDTHS:
        visit.page.set_viewport_size({"width": width, "height": 850})
        for tip in visit.page.locator(".tip").all():
            tip.hover()
            assert tip.locator(".tip-text").is_visible()
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
