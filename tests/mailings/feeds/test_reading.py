"""Feeds of every kind become items; what is hostile ends its own process, and no other."""

from __future__ import annotations

import time
from typing import Any

import pytest

from apps.core.text.formatting import facts_of, kept_words
from apps.mailings.feeds import reading
from apps.mailings.feeds.errors import FeedInvalid
from apps.mailings.feeds.reading import parsed
from apps.mailings.feeds.worker.job import Findings
from tests.mailings.feeds.documents import post, rss


def read(content: bytes, kind: str = "application/rss+xml") -> Findings:
    return parsed(content, url="https://example.com/feed.xml", content_type=kind)


def test_an_rss_feed_has_titles_links_texts_and_dates() -> None:
    found = read(
        rss([post(2, author="anna@example.com (Anna)"), post(1)], link="https://example.com")
    )
    assert (found.title, found.site) == ("The blog", "https://example.com")
    first, second = found.entries
    assert (first.guid, first.title) == ("post-2", "Post 2")
    assert first.link == "https://example.com/posts/2"
    assert (first.summary, first.html) == ("About 2.", "<p>About 2.</p>")
    assert first.published == "2026-11-02T00:02:00+00:00"
    assert second.guid == "post-1"


def test_an_atom_feed_with_relative_addresses_and_pictures_is_read() -> None:
    content = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Новости</title>
    <entry><id>urn:x:1</id><title type="html">Весна &amp;amp; лето</title>
    <link href="/posts/1"/><updated>2026-11-02T10:00:00+03:00</updated>
    <author><name>Анна</name></author>
    <content type="html">&lt;p onclick="x()"&gt;Текст &lt;img src="/a b.png"&gt;&lt;/p&gt;</content>
    </entry></feed>""".encode()
    (entry,) = read(content, "application/atom+xml").entries
    assert (entry.title, entry.author) == ("Весна & лето", "Анна")
    assert entry.link == "https://example.com/posts/1"
    assert entry.image == "https://example.com/a%20b.png"
    assert entry.published == "2026-11-02T07:00:00+00:00"
    assert "onclick" not in entry.html and "<img" not in entry.html and "Текст" in entry.html


@pytest.mark.parametrize(
    ("extra", "image"),
    [
        ('<enclosure url="https://example.com/a.jpg" type="image/jpeg" length="1"/>', "a.jpg"),
        ('<enclosure url="https://example.com/a.mp3" type="audio/mpeg" length="1"/>', ""),
        ('<media:content url="https://example.com/b.png" medium="image"/>', "b.png"),
        ('<media:thumbnail url="https://example.com/c.png"/>', "c.png"),
        ('<media:thumbnail url="javascript:alert(1)"/>', ""),
    ],
)
def test_the_picture_of_an_item_is_found_where_feeds_put_it(extra: str, image: str) -> None:
    content = (
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>T</title>'
        f"<item><guid>1</guid>{extra}</item></channel></rss>"
    )
    (entry,) = read(content.encode()).entries
    assert entry.image == (f"https://example.com/{image}" if image else "")


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("9999-12-31T23:30:00Z", ""),
        ("0001-01-01T00:30:00Z", ""),
        ("1969-12-31T23:59:59Z", ""),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00"),
        ("2100-12-31T23:59:59Z", "2100-12-31T23:59:59+00:00"),
        ("2101-01-01T00:00:00Z", ""),
        ("9999-99-99", ""),
    ],
)
def test_a_date_of_no_time_that_anybody_means_is_none(written: str, date: str) -> None:
    (entry,) = read(rss([post(1, pubDate=written)])).entries
    assert entry.published == date


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "ftp://example.com/x"])
def test_a_link_that_opens_no_page_is_none(link: str) -> None:
    (entry,) = read(rss([post(1, link=link)])).entries
    assert entry.link == ""


def test_long_texts_are_cut_behind_a_word() -> None:
    long_text = "слово " * 5_000
    (entry,) = read(rss([post(1, title=long_text, description=f"<p>{long_text}</p>")])).entries
    assert len(entry.title) <= 300 and len(entry.summary) <= 600
    assert entry.summary.endswith("слово…")
    assert entry.html == "", "too long for a block: the letter shows the summary"


@pytest.mark.parametrize(
    "content", [b"", b"<html><body>404</body></html>", b"\x00\x01\x02", b"/etc/passwd", b"{}"]
)
def test_what_is_no_feed_is_refused_with_the_reason(content: bytes) -> None:
    with pytest.raises(FeedInvalid) as refused:
        read(content, "text/html")
    assert "RSS" in kept_words(facts_of(refused.value))


def test_a_thousand_items_are_read_and_no_more() -> None:
    found = read(rss(post(number) for number in range(1_500)))
    assert len(found.entries) == reading.MOST_ITEMS


def billion_laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{"&l%d;" % (n - 1) * 10}">' for n in range(1, 12))
    return (
        f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{entities}]>'
        "<rss version='2.0'><channel><title>&l11;</title><item><title>&l11;</title>"
        "</item></channel></rss>"
    ).encode()


def quadratic() -> bytes:
    return (
        '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "' + "a" * 100_000 + '">]>'
        "<rss version='2.0'><channel><title>T</title><item><title>"
        + "&a;" * 20_000
        + "</title></item></channel></rss>"
    ).encode()


def external() -> bytes:
    return b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>
    <rss version="2.0"><channel><title>T</title><item><guid>1</guid><title>a&x;b</title></item>
    </channel></rss>"""


def nested() -> bytes:
    return rss([post(1, description="<div>" * 40_000 + "x")])


def deep() -> bytes:
    return b"<rss version='2.0'><channel><item>" + b"<a>" * 200_000 + b"</item></channel></rss>"


@pytest.mark.parametrize("attack", [billion_laughs, quadratic, external, nested, deep])
def test_an_attack_ends_in_time_and_gives_nothing_away(attack: Any) -> None:
    began = time.process_time()
    try:
        found = read(attack())
    except FeedInvalid:
        return
    finally:
        assert time.process_time() - began < 2, "this process did not work for it"
    text = "".join(entry.title + entry.summary + entry.html for entry in found.entries)
    assert "root:" not in text and len(text) < 10_000


def test_a_parser_that_dies_or_never_ends_is_a_feed_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_MEGABYTES", 20)
    with pytest.raises(FeedInvalid):
        read(rss([post(1)]))
    monkeypatch.undo()
    monkeypatch.setattr(reading, "_SECONDS", 0.01)
    with pytest.raises(FeedInvalid, match="too long"):
        read(rss([post(1)]))
