"""Whose word about a visitor is believed: that of the proxies which ``.env`` names.

Everybody may write ``X-Forwarded-For``. Only a proxy of our own says the truth in it, and only in
what it has added itself, at the end.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: What a visitor could say of himself, or of the site, without a proxy that takes it out.
_HEADERS: Final = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_BY",
    "HTTP_X_REAL_IP",
)


def is_trusted(address: str) -> bool:
    """True for the address of one of our own proxies."""
    found = parsed(address)
    return found is not None and any(found in network for network in settings.TRUSTED_PROXIES)


def parsed(address: str) -> Any:
    """The IP address in a hop of ``X-Forwarded-For``, without port and brackets, or None."""
    text = address.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def visitor_of(peer: str, forwarded_for: str) -> str:
    """Who asks: the last address in the chain that is none of our proxies.

    What cannot be read ends the chain: the proxy that wrote it is all that is known.
    """
    visitor = peer
    for hop in reversed(forwarded_for.split(",")):
        if not is_trusted(visitor):
            break
        found = parsed(hop)
        if found is None:
            break
        visitor = str(found)
    return visitor


class ProxyMiddleware:
    """Puts the visitor's address into ``REMOTE_ADDR``, and cuts what visitors may write at will.

    After it nobody has to ask again whether ``X-Forwarded-Proto`` is to be believed: from others
    than our proxies it does not come through.
    """

    #: Nobody's browser needs more to say what it is.
    LONGEST_USER_AGENT: Final = 300

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        forwarded = {name: meta.pop(name) for name in _HEADERS if name in meta}
        peer = str(meta.get("REMOTE_ADDR", ""))
        if forwarded and is_trusted(peer):
            chain = forwarded.get("HTTP_X_FORWARDED_FOR", "") or forwarded.get("HTTP_X_REAL_IP", "")
            meta["REMOTE_ADDR"] = visitor_of(peer, chain)
            scheme = forwarded.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip().lower()
            if scheme in ("http", "https"):
                meta["HTTP_X_FORWARDED_PROTO"] = scheme
        if "HTTP_USER_AGENT" in meta:
            meta["HTTP_USER_AGENT"] = meta["HTTP_USER_AGENT"][: self.LONGEST_USER_AGENT]
        return self._get_response(request)
