"""Who the visitor is: the word of our own proxies counts, nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse

from apps.core.http.proxies import ProxyMiddleware, is_trusted, visitor_of
from config.rules.edge import SignUp, keys_of, networks_of, sign_up_of, user_limit_of


@pytest.fixture(autouse=True)
def ours(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = networks_of("127.0.0.1, 10.0.0.0/8, 2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "chain", "visitor"),
    [
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),
        # What a visitor wrote himself stands before what our proxies added.
        ("127.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "1.1.1.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("10.9.9.9", "10.0.0.1,10.0.0.2", "10.0.0.1"),
        ("127.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("127.0.0.1", '"[2001:db9::7]:4711"', "2001:db9::7"),
        ("127.0.0.1", "2001:db9::7", "2001:db9::7"),
        ("127.0.0.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9, nonsense", "127.0.0.1"),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_visitor_is_the_last_hop_that_is_not_ours(peer: str, chain: str, visitor: str) -> None:
    assert visitor_of(peer, chain) == visitor


def passed_on(**meta: str) -> dict[str, Any]:
    """What the site sees of a request that came with this."""
    request = HttpRequest()
    request.META = dict(meta)
    ProxyMiddleware(lambda request: HttpResponse())(request)
    return request.META


_FORWARDED = {
    "HTTP_X_FORWARDED_FOR": "203.0.113.9",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_FORWARDED_PORT": "1",
    "HTTP_FORWARDED": "for=203.0.113.9",
    "HTTP_X_REAL_IP": "203.0.113.9",
}


def test_what_others_say_does_not_come_through() -> None:
    assert passed_on(REMOTE_ADDR="198.51.100.1", **_FORWARDED) == {"REMOTE_ADDR": "198.51.100.1"}


def test_of_our_proxy_address_and_scheme_are_believed_and_no_more() -> None:
    seen = passed_on(REMOTE_ADDR="127.0.0.1", **_FORWARDED)
    assert seen == {"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_PROTO": "https"}


@pytest.mark.parametrize(
    ("forwarded", "believed"),
    [("HTTPS", "https"), ("https, http", "http"), ("http,https", "https"), ("gopher", None)],
)
def test_the_last_scheme_counts(forwarded: str, believed: str | None) -> None:
    seen = passed_on(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_PROTO=forwarded)
    assert seen.get("HTTP_X_FORWARDED_PROTO") == believed


def test_without_proxies_nobody_is_trusted(settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = []
    assert not is_trusted("127.0.0.1")


def test_a_browsers_name_is_cut() -> None:
    assert (
        len(passed_on(REMOTE_ADDR="1.1.1.1", HTTP_USER_AGENT="a" * 60_000)["HTTP_USER_AGENT"])
        == 300
    )


@pytest.mark.parametrize("value", ["nonsense", "10.0.0.1/8", "0.0.0.0/0", "::/0", "example.org"])
def test_a_list_of_proxies_that_cannot_be_meant_is_refused(value: str) -> None:
    with pytest.raises(ValueError):
        networks_of(value)


def test_keys_of_before_are_as_long_as_the_key_of_today() -> None:
    assert keys_of(f"{'a' * 32}, {'b' * 40}") == ["a" * 32, "b" * 40]
    assert keys_of("") == []
    with pytest.raises(ValueError):
        keys_of(f"{'a' * 32},short")


@pytest.mark.parametrize(
    ("value", "site", "found"),
    [
        ("", "http://127.0.0.1:8000", "open"),
        ("", "http://localhost", "open"),
        ("", "https://mail.example.org", "approved"),
        ("open", "https://mail.example.org", "open"),
        ("closed", "http://127.0.0.1:8000", "closed"),
    ],
)
def test_where_strangers_come_by_somebody_lets_them_in(value: Any, site: str, found: str) -> None:
    assert sign_up_of(value, site) == found


@pytest.mark.parametrize(
    ("value", "sign_up", "site", "found"),
    [
        (None, "open", "https://mail.example.org", 5000),
        (None, "open", "http://127.0.0.1:8000", 0),
        (None, "approved", "https://mail.example.org", 0),
        (None, "closed", "https://mail.example.org", 0),
        (0, "open", "https://mail.example.org", 0),
        (70, "closed", "http://localhost", 70),
    ],
)
def test_where_anybody_may_join_every_user_is_bounded(
    value: int | None, sign_up: SignUp, site: str, found: int
) -> None:
    assert user_limit_of(value, sign_up, site) == found
