"""Hostile feeds cost nobody more than their own seconds, and nothing inside the house is asked."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator

import pytest

from apps.core.errors import Refused
from apps.core.http import outbound
from apps.core.text.formatting import facts_of, kept_words
from apps.mailings.feeds.errors import FeedInvalid, FeedUnreachable
from apps.mailings.services.feeds import fetching
from apps.mailings.services.feeds.fetching import Found, Held, fetch, fetch_all
from tests.http_service import (
    HttpService,
    Reply,
    answer,
    endless,
    endless_headers,
    gzip_bomb,
    redirect,
    silence,
    slow,
)
from tests.mailings.feeds.documents import post, rss

FEED = rss([post(1)])


def held(url: str, number: int = 1) -> Held:
    return Held(number, url, url, "", "", None)


def feed() -> Reply:
    return answer(FEED, content_type="application/rss+xml")


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., HttpService]]:
    monkeypatch.setattr(outbound, "is_public", lambda address: address.startswith("127."))
    services: list[HttpService] = []

    def serve(reply: Reply) -> HttpService:
        services.append(HttpService(reply).__enter__())
        return services[-1]

    yield serve
    for service in services:
        service.__exit__()


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(endless(), id="more than 5 MB"),
        pytest.param(answer(b" " * (fetching.MAX_BYTES + 1)), id="announced as more"),
        pytest.param(endless_headers(), id="headers without end"),
        pytest.param(silence(), id="tarpit"),
        pytest.param(redirect(), id="to a metadata address"),
        pytest.param(redirect("http://10.0.0.1/feed"), id="into the house"),
        pytest.param(redirect("file:///etc/passwd"), id="to a file"),
        pytest.param(redirect("/again"), id="in a ring"),
        pytest.param(
            answer(gzip.compress(b" " * 50_000_000), content_encoding="gzip"), id="a bomb"
        ),
        pytest.param(answer(b"x", content_encoding="gzip"), id="no gzip"),
        pytest.param(answer(b"x", content_encoding="br"), id="not asked for"),
    ],
)
def test_what_does_not_end_or_leads_elsewhere_is_given_up(
    serve: Callable[..., HttpService], reply: Reply
) -> None:
    service = serve(reply)
    began = time.monotonic()
    with pytest.raises(FeedUnreachable) as refused:
        fetch(held(f"{service.url}/feed.xml"), seconds=2)
    assert time.monotonic() - began < 30
    assert kept_words(facts_of(refused.value)).startswith("The feed")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.1.2.3/",
        "http://[::1]/",
        "ftp://example.com/",
        "http://a" + ".b" * 200,
        "http://",
    ],
)
def test_an_address_inside_the_house_is_never_asked(url: str) -> None:
    with pytest.raises(FeedUnreachable):
        fetch(held(url), seconds=2)


def test_packed_feeds_are_unpacked(serve: Callable[..., HttpService]) -> None:
    service = serve(answer(gzip.compress(FEED), content_encoding="gzip"))
    found = fetch(held(service.url), seconds=5)
    assert found.findings is not None and len(found.findings.entries) == 1
    assert service.requests[0].headers["accept-encoding"] == "identity"


def test_a_small_bomb_is_no_feed(serve: Callable[..., HttpService]) -> None:
    with pytest.raises(FeedInvalid):
        fetch(held(serve(gzip_bomb()).url), seconds=5)


def test_marks_are_kept_and_sent_and_an_unchanged_feed_is_not_parsed(
    serve: Callable[..., HttpService],
) -> None:
    service = serve(answer(FEED, etag='"a"', last_modified="Mon, 02 Nov 2026 00:00:00 GMT"))
    found = fetch(held(service.url), seconds=5)
    assert (found.etag, found.last_modified) == ('"a"', "Mon, 02 Nov 2026 00:00:00 GMT")
    service.script.append(answer(b"", 304))
    again = fetch(
        Held(1, service.url, service.url, found.etag, found.last_modified, None), seconds=5
    )
    assert again.findings is None
    headers = service.requests[-1].headers
    assert headers["if-none-match"] == '"a"' and "if-modified-since" in headers


def test_a_slow_feed_does_not_hold_the_others_up(serve: Callable[..., HttpService]) -> None:
    tarpit, quick = serve(silence()), serve(slow(feed(), 0.05))
    feeds = [held(tarpit.url, 1), *(held(quick.url, number) for number in range(2, 5))]
    answers = fetch_all(feeds, seconds=8)
    order: list[tuple[int, Found | Refused]] = [(one.pk, found) for one, found in answers]
    assert len(order) == 4 and order[-1][0] == 1
    assert isinstance(order[-1][1], FeedUnreachable)
    assert all(isinstance(found, Found) for _pk, found in order[:-1])


def test_a_librarys_error_with_one_feed_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(fetching, "fetch", breaks)
    ((_held, found),) = fetch_all([held("https://example.com/")])
    assert isinstance(found, FeedUnreachable)
