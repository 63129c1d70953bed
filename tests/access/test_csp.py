"""Nothing inline on any page, and a policy that would forbid it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.test import Client

from apps.mailings.links import unsubscribe_token
from tests.people import Cast

pytestmark = pytest.mark.django_db

PUBLIC = (
    "/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/confirm-email/",
    "/accounts/inactive/",
    "/u/{token}/",
    "/nothing-here/",
)
SIGNED_IN = (
    "/",
    "/mailings/",
    "/mailings/?q=nothing",
    "/mailings/{pk}/",
    "/mailings/{pk}/panel/",
    "/mailings/{pk}/preflight/",
    "/mailings/{pk}/approval/",
    "/approvals/",
    "/mailings/{pk}/confirm/stop/",
    "/mailings/{pk}/runs/1/",
    "/queue/",
    "/profile/webhooks/",
    "/accounts/logout/",
    "/accounts/password/change/",
    "/accounts/email/",
)


class Inline(HTMLParser):
    """Collects whatever a strict policy would block."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        data = names.get("type") == "application/json"
        if tag == "style" or (tag == "script" and "src" not in names and not data):
            self.found.append(f"<{tag}>")
        self.found += [f"{tag}.{name}" for name in names if name == "style" or name[:2] == "on"]
        links = [names.get("src"), names.get("href") if tag == "link" else None]
        self.found += [link for link in links if link and not link.startswith("/")]


def check(client: Client, url: str) -> None:
    response = client.get(url)
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "style-src 'self'" in policy
    assert "unsafe" not in policy
    page = response.content.decode()
    assert "<main" in page and '<html lang="' in page
    parser = Inline()
    parser.feed(page)
    assert parser.found == []


@pytest.mark.parametrize("url", PUBLIC)
def test_public_pages(url: str, cast: Cast) -> None:
    check(cast.client("anonymous"), url.format(token=unsubscribe_token(cast.delivery.pk)))


@pytest.mark.parametrize("role", ["owner", "manager"])
@pytest.mark.parametrize("url", SIGNED_IN)
def test_pages_behind_the_sign_in(url: str, role: str, cast: Cast) -> None:
    check(cast.client(role), url.format(pk=cast.mailing.pk))


def test_fragments_have_nothing_inline_either(cast: Cast) -> None:
    for url in ("/mailings/", f"/mailings/{cast.mailing.pk}/panel/", "/queue/"):
        parser = Inline()
        parser.feed(cast.client("owner").get(url, headers={"HX-Request": "true"}).content.decode())
        assert parser.found == []


def test_htmx_is_set_to_add_no_styles_and_to_run_no_strings(cast: Cast) -> None:
    page = cast.client("owner").get("/").content.decode()
    assert '"includeIndicatorStyles": false, "allowEval": false' in page
