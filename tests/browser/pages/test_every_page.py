"""Every page of the site in a real browser: axe, the console, the policy, and a phone's width.

The pages are those of the rules in tests/access/rules: a new page is looked at from its first day.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Dialog, Page, ViewportSize, expect

from apps.mailings.links import unsubscribe_token
from apps.mailings.models import Run
from tests.access.hostile import fill
from tests.access.rules import ENDPOINTS
from tests.access.rules.types import ROLES
from tests.access.test_hostile_texts import MANAGEMENT, admin_pages, pages_of
from tests.browser.conftest import Visit, sign_in
from tests.factories import UserFactory, WebhookCallFactory, WebhookFactory, confirmed
from tests.people import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Answers that are no page: files, JSON, pictures, and frames, which are judged where they lie.
NO_PAGE = re.compile(
    r"export|letter|frame|poll|healthz|readyz|metrics|avatar|:attachment$|rejects|suggest|:sample$"
    r"|counts|:samples$|signup_script|signup_challenge|:certificate$|:copy$|media:file$|:canvas$"
    r"|:thumbnail$|:delivery_file$|:archive_feed$"
)
PHONE: ViewportSize = {"width": 390, "height": 850}
DESKTOP: ViewportSize = {"width": 1280, "height": 850}
ACCOUNTS = ("login/", "signup/", "password/reset/", "password/reset/done/", "inactive/")
OWN_ACCOUNT = ("password/change/", "email/", "logout/", "2fa/", "2fa/totp/activate/")


def pages_for(cast: Cast, role: str) -> list[str]:
    """Every address that answers this role with a page."""
    at = ROLES.index(role)
    return [
        reverse(name, kwargs=endpoint.kwargs(cast))
        for name, endpoint in ENDPOINTS.items()
        if endpoint.get[at] == 200 and not NO_PAGE.search(name) and ":" in name
    ]


def violations(page: Page) -> list[str]:
    """What axe finds in the light theme; in the dark one only colours are others."""
    found = _asked_of_axe(page, {})
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-bs-theme", scheme)
        if scheme == "dark":
            found += _asked_of_axe(page, {"runOnly": ["color-contrast"]})
    return found


def _asked_of_axe(page: Page, options: dict[str, Any]) -> list[str]:
    # A sandboxed frame answers nobody; its document is judged by the tests of the preview.
    found = Axe().run(page, options={"iframes": False, **options}).response["violations"]
    return [f"{page.url}: {v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]


def settled(page: Page) -> None:
    """Whatever htmx loads on its own has come."""
    page.wait_for_selector(".htmx-request, [hx-trigger=load]", state="detached")


def looked_at(visit: Visit, site: str, paths: list[str]) -> list[str]:
    """What is wrong with these pages, on a computer and on a phone."""
    page, found = visit.page, []
    for path in paths:
        page.set_viewport_size(DESKTOP)
        page.goto(site + path)
        settled(page)
        found += violations(page)
        page.set_viewport_size(PHONE)
        width = page.evaluate("document.documentElement.scrollWidth")
        found += [f"{path}: {width} px wide on a phone"] if width > 390 else []
    return found


@pytest.fixture
def scheme() -> str:
    """The theme that a page begins in; the other one is looked at on the way."""
    return "light"


def test_the_pages_of_strangers(live_server: Any, visit: Visit, cast: Cast) -> None:
    public = ["/", f"/u/{unsubscribe_token(cast.delivery.pk)}/"]
    names = ("feedback:signup", "feedback:confirm_signup")
    public += [reverse(name, kwargs=ENDPOINTS[name].kwargs(cast)) for name in names]
    public += [f"/accounts/{end}" for end in ACCOUNTS]
    assert looked_at(visit, live_server.url, public) == []
    assert visit.complaints == []


def test_the_pages_of_a_user(live_server: Any, visit: Visit, cast: Cast) -> None:
    fill(cast.owner)
    sign_in(visit.page, live_server.url, confirmed(cast.owner).email)
    why = f"/mailings/{cast.mailing.pk}/runs/1/why/?recipient={cast.delivery.recipient_id}"
    paths = ["/", why, *pages_for(cast, "owner"), *(f"/accounts/{end}" for end in OWN_ACCOUNT)]
    assert "\n".join(looked_at(visit, live_server.url, paths)) == ""
    assert visit.complaints == []


def test_the_pages_of_webhooks_in_every_state(live_server: Any, visit: Visit, cast: Cast) -> None:
    now = timezone.now()
    long = f"https://crm.example.org/{'without-any-place-to-break' * 10}?token={'a' * 80}"
    paused = WebhookFactory.create(owner=cast.owner, url=long, paused_at=now, old_until=now)
    waiting = WebhookFactory.create(owner=cast.owner)
    failed_call = {"tries": 12, "tried_at": now, "code": 503, "response": "x" * 200}
    calls = [
        WebhookCallFactory.create(webhook=paused, **failed_call),
        WebhookCallFactory.create(webhook=waiting, tries=1, tried_at=now, next_try=now),
        WebhookCallFactory.create(webhook=waiting, code=200, tried_at=now, delivered_at=now),
    ]
    paths = [f"/profile/webhooks/{end}" for end in ("", f"{paused.pk}/delete/")]
    paths += [f"/profile/webhooks/{webhook.pk}/" for webhook in (paused, waiting)]
    paths += [f"/profile/webhooks/calls/{call.pk}/" for call in calls]
    sign_in(visit.page, live_server.url, confirmed(cast.owner).email)
    found = looked_at(visit, live_server.url, paths)
    visit.page.goto(f"{live_server.url}/profile/webhooks/{waiting.pk}/")
    visit.page.click("form[action$='rotate/'] button")
    expect(visit.page.locator("input[readonly]")).to_have_value(re.compile("^whsec_"))
    assert "\n".join(found + violations(visit.page)) == ""
    assert visit.complaints == []


def test_the_pages_of_a_manager(live_server: Any, visit: Visit, cast: Cast) -> None:
    fill(cast.owner)
    sign_in(visit.page, live_server.url, confirmed(cast.manager).email)
    paths = ["/", "/mailings/", f"/mailings/{cast.mailing.pk}/", "/recipients/", *MANAGEMENT]
    assert "\n".join(looked_at(visit, live_server.url, paths)) == ""
    assert visit.complaints == []


def test_no_stored_text_runs_in_an_administrators_browser(
    live_server: Any, visit: Visit, cast: Cast
) -> None:
    """Sixty payloads in every stored text, the previews included: no dialog, no complaint."""
    run: Run = fill(cast.owner)
    admin = confirmed(UserFactory.create(is_superuser=True, is_staff=True))
    page = visit.page
    errors: list[str] = []

    def dismissed(dialog: Dialog) -> None:
        errors.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismissed)
    page.on("request", lambda sent: errors.append(sent.url))
    sign_in(page, live_server.url, admin.email)
    own_alone = ("edit/", "convert/", "delete/", "confirm/stop/", "draft=1")
    paths = [path for path in pages_of(run) if not path.endswith(own_alone)]
    for path in [*paths, *MANAGEMENT, *admin_pages()]:
        page.goto(live_server.url + path)
        settled(page)
        assert page.locator("body").is_visible(), path
    page.goto(f"{live_server.url}/messages/{run.mailing.message_id}/frame/")
    assert [text for text in errors if not text.startswith(live_server.url)] == []
    # What the preview is forbidden is reported; that it was asked for is tested here.
    complaints = [
        text for text in visit.complaints if "/frame/" not in text and "sandbox" not in text
    ]
    assert [text for text in complaints if "Content Security Policy" not in text] == []
