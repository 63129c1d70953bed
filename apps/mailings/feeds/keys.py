"""By what an item of a feed is known again, however its feed writes it the next time.

The key is the item's id (guid), else its link, else its title. Case, blanks, ``www.``, the scheme,
tracking parameters and a slash at the end make no other item of it; neither does the host when it
is one of the feed's own, so that a site that has moved sends nothing twice.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

#: Kept of the hosts of a feed, the newest.
MOST_HOSTS: Final = 20


def key_of(*, guid: str, link: str, title: str, hosts: Collection[str]) -> str:
    """The item's key; empty for one that has nothing to be known by."""
    for kind, name in (("", guid), ("", link), ("title:", title)):
        if known := _plain(name, hosts):
            return hashlib.sha256(f"{kind}{known}".encode("utf-8", "replace")).hexdigest()
    return ""


def host_of(url: str) -> str:
    """The host of an address in small letters, without ``www.``; empty for what has none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def with_hosts(known: Collection[str], *urls: str) -> list[str]:
    """The hosts that were known and those of these addresses, each once."""
    found = dict.fromkeys([*known, *filter(None, map(host_of, urls))])
    return list(found)[-MOST_HOSTS:]


def _plain(name: str, hosts: Collection[str]) -> str:
    text = unicodedata.normalize("NFC", " ".join(name.split())).casefold()
    if not text.startswith(("http://", "https://")):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    host = host_of(text)
    place = "" if host in hosts else host
    query = urlencode([pair for pair in parse_qsl(parts.query, True) if not _is_mark(pair[0])])
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    path = parts.path.rstrip("/")
    return f"//{place}{path}{'?' if query else ''}{query}{fragment}"


def _is_mark(name: str) -> bool:
    """True for a parameter that only says where a reader came from."""
    return name.startswith("utm_") or name in ("yclid", "gclid", "fbclid")
