"""Documents of feeds for tests."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


def rss(items: Iterable[dict[str, str]], *, title: str = "The blog", link: str = "") -> bytes:
    """An RSS document with these items, each a mapping of its elements."""
    rows = "".join(
        "<item>"
        + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in one.items())
        + "</item>"
        for one in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>{escape(title)}</title><link>{escape(link)}</link>{rows}</channel></rss>"
    ).encode()


def post(number: int, **fields: str) -> dict[str, str]:
    """The item of this number: the higher, the newer."""
    return {
        "guid": f"post-{number}",
        "link": f"https://example.com/posts/{number}",
        "title": f"Post {number}",
        "description": f"<p>About {number}.</p>",
        "pubDate": f"Mon, 02 Nov 2026 {number // 60 % 24:02d}:{number % 60:02d}:00 GMT",
        **fields,
    }
