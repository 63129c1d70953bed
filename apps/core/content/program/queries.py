"""Parameters that are added to web addresses: before the fragment, and to none that has its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape, unescape
from typing import Final

from apps.core.content.program.parts import Part, Placeholder

_WEB: Final = re.compile(r"\s*https?://", re.IGNORECASE)
#: Not that of an entity such as ``&#39;``.
_FRAGMENT: Final = re.compile(r"(?<!&)#|(?<!\s)\s+\Z")
_ENTITY: Final = re.compile(r"&(?:#\d+|#x[\da-f]+|\w+);", re.IGNORECASE)
_HAS_UTM: Final = re.compile(r"(?:[?&]|&amp;)utm_[a-z]", re.IGNORECASE)
#: Stands behind an address in a fragment of Liquid whose beginning is known when it is rendered.
MARK: Final = "\ue010"
_MARKED: Final = re.compile(rf"([\"'])([^\"'{MARK}]*){MARK}")
#: With and without it: an address is gone through once.
_MARKED_TEXT: Final = re.compile(rf"(https?://[^\s<>\"'{MARK}]*)({MARK}?)", re.IGNORECASE)


def is_web(parts: Sequence[Part]) -> bool:
    """True if they begin as a web address does."""
    first = next(iter(parts), "")
    return isinstance(first, str) and bool(_WEB.match(first))


def has_utm(parts: Sequence[Part]) -> bool:
    """True if somebody has written parameters of the same kind into it."""
    return any(isinstance(part, str) and _HAS_UTM.search(part) for part in parts)


def with_query(parts: Sequence[Part], query: Sequence[Part], ampersand: str) -> tuple[Part, ...]:
    """The parts of a web address with the query in its place."""
    before: list[Part] = []
    after: list[Part] = []
    for at, part in enumerate(parts):
        found = _FRAGMENT.search(part) if isinstance(part, str) else None
        if isinstance(part, str) and found is not None:
            before.append(part[: found.start()])
            after = [part[found.start() :], *parts[at + 1 :]]
            break
        before.append(part)
    return tuple(one for one in (*before, _joint(before, ampersand), *query, *after) if one)


def _joint(before: Sequence[Part], ampersand: str) -> str:
    """What stands between an address and what is added to it."""
    written = "".join(part if isinstance(part, str) else "x" for part in before)
    if "?" not in written:
        return "?"
    return "" if written.endswith(("?", "&", "&amp;")) else ampersand


def address_with(address: str, query: str) -> str:
    """A whole address with the query, if it is one of the web; nothing in it is escaped."""
    if not query or not _WEB.match(address) or _HAS_UTM.search(address):
        return address
    return "".join(str(part) for part in with_query([address], [query], "&"))


def marked_with(html: str, query: str) -> str:
    """HTML whose marked addresses have the query."""

    def written(found: re.Match[str]) -> str:
        return found[1] + escape(address_with(plain(found[2]), query))

    return _MARKED.sub(written, html).replace(MARK, "")


def marked_text_with(text: str, query: str) -> str:
    """A text whose marked addresses have the query."""

    def written(found: re.Match[str]) -> str:
        return address_with(found[1], query) if found[2] else found[0]

    return _MARKED_TEXT.sub(written, text).replace(MARK, "")


def plain(text: str) -> str:
    """The text of an attribute; what is no whole entity in it stays as browsers read it."""
    return _ENTITY.sub(lambda found: unescape(found[0]), text)


def is_fixed(query: Sequence[Part]) -> bool:
    """True if it is the same for everybody."""
    return not any(isinstance(part, Placeholder) for part in query)
