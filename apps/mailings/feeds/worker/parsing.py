"""A feed of any kind (RSS, Atom) as plain items."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import feedparser
from feedparser.mixin import _FeedParserMixin

from apps.core.content.blocks.cleaning import TooDeep, clean_rich
from apps.core.content.html_nesting import is_too_deep
from apps.core.content.html_text import html_to_text
from apps.mailings.feeds.worker.job import CannotRead, Entry, Findings, Job

MOST_TITLE: Final = 300
MOST_LINK: Final = 2_000
MOST_SUMMARY: Final = 600
MOST_HTML: Final = 20_000
MOST_AUTHOR: Final = 200
#: Of an item's text so much is looked at.
_MOST_READ: Final = 200_000
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]+")
_PICTURE: Final = re.compile(r"<img\b[^<>]*?\bsrc\s*=\s*[\"']([^\"'<>]+)[\"']", re.IGNORECASE)
#: Elements of a feed stand this deep in each other at most; markup that is text does not count.
_DEEPEST: Final = 2_000
#: An item of another time has no date: nobody means it, and some zone cannot show it.
_YEARS: Final = range(1970, 2101)
#: What an address may hold as it stands.
_SAFE: Final = "/:?#[]@!$&()*+,;=%~"

# The id of an item is its name, and no address to be read from where the feed lies now.
_FeedParserMixin.can_be_relative_uri = _FeedParserMixin.can_be_relative_uri - {"id"}


def parse(job: Job) -> Findings:
    """The feed's items in its own order. Raises CannotRead."""
    source = Path(job.source).read_bytes()
    if _is_too_deep(source):
        raise CannotRead("too_big")
    # A stream: a text could be taken for the name of a file.
    found = feedparser.parse(
        BytesIO(source),
        response_headers={"content-type": job.content_type, "content-location": job.url},
        sanitize_html=False,  # what is kept is cleaned by our own rules
    )
    if not found.get("version"):
        raise CannotRead("no_feed")
    feed = found.get("feed", {})
    entries = [_entry(one) for one in found.get("entries", [])[: job.most_items]]
    return Findings(_line(feed.get("title"), MOST_TITLE), _link(feed.get("link")), entries)


def _is_too_deep(source: bytes) -> bool:
    """True for a document that the parser would need the square of its depth for."""
    depth, until = 0, b""
    for piece in source.split(b"<")[1:]:
        if until:
            until = b"" if until in piece else until
        elif piece.startswith(b"![CDATA["):
            until = b"" if b"]]>" in piece else b"]]>"
        elif piece.startswith(b"!--"):
            until = b"" if b"-->" in piece else b"-->"
        elif piece.startswith(b"/"):
            depth -= 1
        elif piece[:1].isalpha() and not piece.partition(b">")[0].endswith(b"/"):
            depth += 1
            if depth > _DEEPEST:
                return True
    return False


def _entry(given: Any) -> Entry:
    html = _content(given)
    summary = _text(given.get("summary") or html)
    return Entry(
        guid=_line(given.get("id"), MOST_LINK),
        link=_link(given.get("link")),
        title=_line(_text(given.get("title")), MOST_TITLE),
        summary=_shortened(_line(summary, _MOST_READ)),
        html=_clean(html),
        author=_line(_text(given.get("author")), MOST_AUTHOR),
        image=_image(given, html),
        published=_moment(given.get("published_parsed") or given.get("updated_parsed")),
    )


def _content(given: Any) -> str:
    for part in given.get("content") or ():
        if value := _whole(part.get("value")):
            return value[:_MOST_READ]
    return _whole(given.get("summary"))[:_MOST_READ]


def _clean(html: str) -> str:
    try:
        cleaned = clean_rich(html)
    except TooDeep:
        return ""
    if cleaned and not cleaned.startswith(("<p>", "<ul>", "<ol>")):
        cleaned = clean_rich(f"<p>{cleaned}</p>")
    return cleaned if len(cleaned) <= MOST_HTML else ""


def _text(html: Any) -> str:
    source = _whole(html)[:_MOST_READ]
    if "<" not in source and "&" not in source:
        return source
    return "" if is_too_deep(source) else html_to_text(source)


def _whole(text: Any) -> str:
    """Without halves of character pairs, which no column can hold."""
    return str(text or "").encode("utf-8", "replace").decode("utf-8")


def _line(text: Any, longest: int) -> str:
    """In one line, without what cannot be printed."""
    return " ".join(_CONTROLS.sub(" ", _whole(text)).split())[:longest]


def _shortened(text: str) -> str:
    """Cut behind a word, with a mark that it was cut."""
    if len(text) <= MOST_SUMMARY:
        return text
    return text[: MOST_SUMMARY - 1].rsplit(" ", 1)[0].rstrip(" ,;:–—-") + "…"


def _link(given: Any) -> str:
    """A whole address that opens a page, in letters that stand in one; else nothing."""
    url = _line(given, MOST_LINK * 2)
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return ""
    quoted = quote(url, safe=_SAFE)
    return quoted if len(quoted) <= MOST_LINK else ""


def _image(given: Any, html: str) -> str:
    named = [
        *(one.get("url") for one in given.get("media_content") or () if _shows(one)),
        *(one.get("url") for one in given.get("media_thumbnail") or ()),
        *(one.get("href") for one in given.get("enclosures") or () if _shows(one)),
        (given.get("image") or {}).get("href"),
    ]
    if found := _PICTURE.search(html):
        named.append(found[1].replace("&amp;", "&"))
    return next(filter(None, map(_link, named)), "")


def _shows(part: Any) -> bool:
    kind = str(part.get("type") or part.get("medium") or "")
    return kind.startswith("image")


def _moment(parsed: Any) -> str:
    try:
        moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
    return moment.isoformat() if moment.year in _YEARS else ""
