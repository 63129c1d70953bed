"""What holds for every answer, and who is counted when somebody guesses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from config.rules.edge import networks_of
from tests.access.rules import ENDPOINTS
from tests.effort import effort
from tests.factories import PASSWORD, UserFactory, confirmed
from tests.people import Cast

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def sign_in(address: str, email: str, password: str = PASSWORD, *, peer: str = "127.0.0.1") -> Any:
    """A try from the visitor with this address, by the proxy."""
    meta: dict[str, Any] = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": address}
    return Client().post(LOGIN, {"login": email, "password": password}, **meta)


def token(address: str, email: str, password: str = PASSWORD) -> int:
    body = json.dumps({"email": email, "password": password})
    meta: dict[str, Any] = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": address}
    return Client().post("/auth/token", body, content_type="application/json", **meta).status_code


# --- who is counted


def test_wrong_passwords_lock_out_who_sent_them_and_nobody_else(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = networks_of("127.0.0.1")
    confirmed(UserFactory.create(email="anna@example.org"))
    for n in range(12):
        sign_in("203.0.113.66", f"nobody{n}@example.org", "wrong")
    assert b"Too many" in sign_in("203.0.113.66", "anna@example.org").content
    assert token("203.0.113.66", "anna@example.org") == 429
    assert sign_in("198.51.100.7", "anna@example.org").status_code == 302
    assert token("198.51.100.7", "anna@example.org") == 200


def test_nobody_keeps_somebody_else_out_of_the_account(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = networks_of("127.0.0.1")
    confirmed(UserFactory.create(email="anna@example.org"))
    for n in range(9):
        sign_in(f"203.0.113.{n % 3}", "anna@example.org", "wrong")
    assert sign_in("198.51.100.7", "anna@example.org").status_code == 302


def test_an_account_is_not_guessed_from_everywhere(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = networks_of("127.0.0.1")
    settings.ACCOUNT_RATE_LIMITS = {"login_failed_account": "3/h/key"}
    confirmed(UserFactory.create(email="anna@example.org"))
    for n in range(3):
        sign_in(f"203.0.113.{n}", "anna@example.org", "wrong")
    assert b"Too many" in sign_in("198.51.100.7", "anna@example.org").content


def test_right_passwords_are_no_tries() -> None:
    confirmed(UserFactory.create(email="anna@example.org"))
    assert {sign_in("203.0.113.9", "anna@example.org").status_code for _ in range(12)} == {302}


def test_without_a_trusted_proxy_a_header_makes_nobody_new() -> None:
    confirmed(UserFactory.create(email="anna@example.org"))
    for n in range(12):
        sign_in(f"203.0.113.{n}", f"nobody{n}@example.org", "wrong", peer="198.51.100.1")
    last = sign_in("203.0.113.77", "anna@example.org", peer="198.51.100.1")
    assert b"Too many" in last.content


def test_hsts_goes_to_those_who_came_to_our_proxy_by_https(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = networks_of("10.0.0.1")
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.MIDDLEWARE = list(settings.MIDDLEWARE)
    settings.SECURE_HSTS_SECONDS = 31_536_000

    def header(peer: str) -> str | None:
        meta: dict[str, Any] = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_PROTO": "https"}
        return Client().get("/healthz", **meta).headers.get("Strict-Transport-Security")

    assert header("10.0.0.1") == "max-age=31536000"
    assert header("10.0.0.2") is None


# --- every answer


#: The pictures of letters are the same for everybody (tests/mailings/views/media/test_public.py).
FOR_EVERYBODY = {"media:file"}


@pytest.mark.parametrize("name", sorted(ENDPOINTS.keys() - FOR_EVERYBODY))
def test_no_answer_is_kept_and_none_to_head_has_a_body(name: str, cast: Cast) -> None:
    url = reverse(name, kwargs=ENDPOINTS[name].kwargs(cast))
    for role in ("anonymous", "owner"):
        got = cast.client(role).get(url)
        assert {"no-store", "private"} & set(got["Cache-Control"].replace(" ", "").split(","))
        assert "public" not in got["Cache-Control"]
        head = cast.client(role).head(url)
        assert b"".join(head) == b""


def test_head_shows_the_length_that_get_has(cast: Cast) -> None:
    for url in ("/healthz", "/profile/", "/accounts/login/"):
        client = cast.client("owner" if url == "/profile/" else "anonymous")
        assert abs(int(client.head(url)["Content-Length"]) - len(client.get(url).content)) < 100


def test_api_answers_and_exports_are_not_kept(cast: Cast) -> None:
    for url in ("/api/recipients/", "/recipients/export/?format=csv", "/admin/", "/nothing/here"):
        assert "no-store" in cast.client("owner").get(url)["Cache-Control"]


def test_after_a_sign_out_the_browser_keeps_nothing(cast: Cast) -> None:
    answer = cast.client("owner").post("/accounts/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert cast.client("owner").get("/profile/").status_code == 302


# --- every entry bears texts of the largest size

LARGE = {
    "letters": "a" * 64_000,
    "an address": "@" + "a" * 64_000,
    "addresses": "a@b.c " * 10_000,
    "markup": "<ul><li>" * 8_000,
    "quotes": "'\"" * 32_000,
    "percent": "%40" * 20_000,
    "blanks": " " * 64_000,
    "braces": "{{" * 32_000,
}
STRANGERS = [
    "/healthz",
    LOGIN,
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/auth/token",
    "/hooks/generic/wrong/",
    "/u/invented/",
    "/nothing/here",
    "/api/recipients/",
    "/i18n/setlang/",
]


#: Rounds (tests/effort.py).
MOST = 1_500
#: The head of a request has 64 kB; three parameters, each letter of them as %XX.
IN_A_HEAD = 64_000 // 9


@pytest.mark.parametrize("text", LARGE)
@pytest.mark.parametrize("url", STRANGERS)
def test_no_url_stands_open_for_long(url: str, text: str) -> None:
    large, client = LARGE[text], Client()
    fields = dict.fromkeys(
        ("login", "email", "password", "password1", "password2", "next", "language", "q"), large
    )
    names = ("HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_ACCEPT_LANGUAGE", "HTTP_COOKIE")
    headers: dict[str, Any] = dict.fromkeys(names, large[:60_000])
    query = dict.fromkeys(("q", "next", "page"), large[:IN_A_HEAD])
    body = json.dumps(fields)
    for ask in (
        lambda: client.get(url, **headers),
        lambda: client.get(url, query),
        lambda: client.post(url, fields),
        lambda: client.post(url, body, "application/json"),
    ):
        assert effort(ask, MOST) <= MOST


@pytest.mark.parametrize("text", ["letters", "an address", "percent"])
def test_no_path_stands_open_for_long(text: str) -> None:
    path = "/" + LARGE[text][:60_000]
    assert effort(lambda: Client().get(path), MOST) <= MOST
