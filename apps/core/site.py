"""The address under which this site is reached: what every link to it begins with."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_listening: list[int] = []


def listening_at(port: int | None) -> None:
    """Say at which port this process serves the site; None: it serves no more."""
    _listening[:] = [] if port is None else [port]


def site_url() -> str:
    """``SITE_URL``; on one's own machine with the port that is listened at."""
    return _with_port(settings.SITE_URL, _listening[0] if _listening else None)


def link_url() -> str:
    """``LINK_URL``, by which measured links pass; without one, the site itself."""
    return settings.LINK_URL or site_url()


@lru_cache(maxsize=8)
def _with_port(url: str, port: int | None) -> str:
    site = urlsplit(url)
    if port is None or site.hostname not in LOOPBACK:
        return url
    host = f"[{site.hostname}]" if ":" in str(site.hostname) else site.hostname
    return f"{site.scheme}://{host}:{port}"
