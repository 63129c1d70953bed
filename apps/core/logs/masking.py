"""What must never stand in a log: secrets are blotted out, addresses are masked.

A masked address keeps its first two characters, its domain and a short keyed hash, so that the
lines of one person can be found together by those who know the address, and by nobody else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

#: Parts of the names of fields whose value is never written.
_SECRET: Final = ("password", "secret", "token", "authorization", "cookie", "api_key", "apikey")
#: Fields that hold nothing but an address.
_ADDRESS: Final = frozenset(
    {
        *("email", "address", "phone", "recipient_address", "user_email"),
        *("telegram_chat_id", "chat_id", "max_user_id", "vk_user_id"),
    }
)
#: Fields that we fill ourselves and that can hold neither.
_OURS: Final = frozenset(
    {"timestamp", "level", "logger", "request_id", "trigger", "recorded_at", "not_before", "until"}
)

_BLOT: Final = "***"
#: Secrets inside longer texts: what follows is blotted out, the name before it stays.
_INSIDE: Final = (
    re.compile(r"(?i)(\b(?:bearer|basic|token)\s++)[\w.~+/=-]{8,}"),
    re.compile(r"(?i)(authorization['\"]?\s*[:=]\s*['\"]?(?:\w+ +)?)[^\s'\",;]+"),
    re.compile(r"(?i)([?&;\s\"'](?:\w*(?:password|secret|token|api_?key|sig))=)[^&\s\"']+"),
    re.compile(r"(/bot)\d+:[\w-]+"),  # the Bot API takes its token in the path
    re.compile(r"(//)[^/\s@]+(?=@)"),  # user and password of a URL
    re.compile(
        r"(/(?:[cpuv]|subscribe|senders/confirm)/)[\w.~=-]{16,}"
    ),  # the site's own signed links
    re.compile(r"(/hooks/[\w-]+/)[^/\s?\"']+"),
    re.compile(r"(/accounts/(?:confirm-email|password/reset/key)/)[^/\s?\"']{8,}"),
)
#: Without one of these none of the above is there: most texts are looked through only once.
_HINT: Final = re.compile(
    r"(?i)bearer|basic|token|authorization|password|secret|api_?key|sig="
    r"|/bot|//|/[cpuv]/|/subscribe/|/senders/|/hooks/|/accounts/"
)
#: Letters, digits and signs that may stand before the @ of an address (RFC 5322, atext and dots).
_LOCAL: Final = r"[\w.!#$&'*+/=?^`{|}~-]"
#: A run of such signs with at least one @ in it. It begins where no such sign precedes and is never
#: given back, so that the search is over in one pass, whatever the text is.
_SPAN: Final = re.compile(rf"(?<!{_LOCAL}){_LOCAL}++(?:(?:@|%40){_LOCAL}*+)++")
_AT: Final = re.compile("(@|%40)")
_DOMAIN: Final = re.compile(r"(?:[\w-]++\.)*+[\w-]*+")
#: The most characters of one text that are looked at and written; of a longer one (a header, a
#: traceback) its beginning and its end.
LONGEST: Final = 8_192
_HEAD: Final = 2_048
#: Fields that a visitor fills; nobody needs more of them.
_SHORT: Final = {"user_agent": 300, "request": 500, "path": 500}
_PHONE: Final = re.compile(r"(?<![\w.:/-])\+?\d{10,15}(?![\w:-]|\.\d)")


@lru_cache(maxsize=1000)
def _kind_of(key: str) -> str:
    """What the name of a field says about its value."""
    name = key.lower()
    if name in _OURS or name.startswith("_"):
        return "ours"
    if any(word in name for word in _SECRET):
        return "secret"
    if name in _SHORT:
        return "short"
    return "address" if name in _ADDRESS else ""


def _bounded(text: str) -> str:
    """The text, or its beginning and its end.

    The end begins with a line of its own: half a line could hold a secret without its name.
    """
    if len(text) <= LONGEST:
        return text
    end = text[_HEAD - LONGEST :].partition("\n")[2]
    return f"{text[:_HEAD]} … {end}"


def _domain_of(text: str) -> str:
    """The domain that the text begins with; empty when it begins with none."""
    match = _DOMAIN.match(text)
    return match[0].rstrip(".") if match else ""


class Masking:
    """Makes the fields of an event fit to be written. ``key`` salts the hashes.

    ``addresses`` False leaves addresses readable (development only); secrets never are.
    """

    def __init__(self, key: str, *, addresses: bool = True) -> None:
        self._key = hashlib.sha256(b"log addresses" + key.encode("utf-8")).digest()
        self._addresses = addresses

    def fields(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The same fields, masked; nothing that was passed in is changed."""
        return {key: self._field(key, value) for key, value in event.items()}

    def address(self, address: str) -> str:
        """``anna@example.org`` -> ``an***~3f9a1c7e@example.org``; a phone keeps two digits."""
        local, at, domain = address.replace("%40", "@").partition("@")
        whole = f"{local}{at}{domain}".lower().encode("utf-8")
        digest = hmac.new(self._key, whole, hashlib.sha256).hexdigest()[:8]
        return f"{local[:2]}{_BLOT}~{digest}{at}{domain}"

    def text(self, text: str) -> str:
        """A text with whatever it may hold: a reply, a traceback, a path."""
        text = _bounded(text)
        if text.isidentifier():
            return text
        if _HINT.search(text):
            for pattern in _INSIDE:
                text = pattern.sub(rf"\g<1>{_BLOT}", text)
        if not self._addresses:
            return text
        if "@" in text or "%40" in text:
            text = _SPAN.sub(self._span, text)
        return _PHONE.sub(self._found, text)

    def _span(self, match: re.Match[str]) -> str:
        """The addresses of one run, each masked."""
        local, *rest = _AT.split(match[0])
        parts: list[str] = []
        for at, after in zip(rest[::2], rest[1::2], strict=True):
            domain = _domain_of(after)
            if local and domain and _BLOT not in local:
                parts.append(self.address(f"{local}{at}{domain}"))
                local = after[len(domain) :]
            else:
                parts += [local, at]
                local = after
        return "".join([*parts, local])

    def _found(self, match: re.Match[str]) -> str:
        return self.address(match[0])

    def _field(self, key: str, value: Any) -> Any:
        kind = _kind_of(str(key))
        if kind == "ours":
            return value
        if kind == "secret":
            return _BLOT
        if kind == "address" and isinstance(value, str | int) and self._addresses:
            return self.address(str(value)[:_HEAD]) if value != "" else value
        if kind == "short" and isinstance(value, str):
            value = value[: _SHORT[key.lower()]]
        return self._value(value)

    def _value(self, value: Any) -> Any:
        if value is None or isinstance(value, int | float):
            return value
        if isinstance(value, Mapping):
            return self.fields(value)
        if isinstance(value, list | tuple):
            return [self._value(one) for one in value]
        return self.text(str(value))
