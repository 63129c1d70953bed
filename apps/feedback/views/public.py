"""What the pages for strangers share: no cache, no index, no referrer, few invented links."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import get_supported_language_variant
from django.utils.translation import gettext as _

from apps.core.http.costly import THREADS, Busy
from apps.feedback.services.signups.receive import Visitor
from apps.mailings.links import unsealed

T = TypeVar("T")

FORGERIES_AN_HOUR: Final = 10
#: Seconds that an answer takes at least, whether the address is known or not.
PADDED: Final = 0.3
#: Answers that are waited with: half of the threads stay free for everything else.
_PLACES: Final = threading.BoundedSemaphore(THREADS // 2)


class TooManyForgeries(Exception):
    """This address has tried too many invented links within the hour."""


class PublicPageMixin:
    """Headers of a page that is opened from an email or another site."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response: HttpResponseBase = super().dispatch(  # type: ignore[misc]
                request, *args, **kwargs
            )
        except TooManyForgeries:
            return HttpResponse(status=429, headers={"Retry-After": "3600"})
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response


def number_in(request: HttpRequest, purpose: bytes, token: str) -> int:
    """The number in a sealed token. A genuine link always works; only inventing them is limited."""
    return genuine(request, unsealed(purpose, token))


def genuine(request: HttpRequest, found: T | None) -> T:
    """What a token leads to, once it is not None: one that leads nowhere is taken for invented."""
    if found is None:
        key = f"forged-links:{request.META.get('REMOTE_ADDR', '')}"
        cache.add(key, 0, 3600)
        if cache.incr(key) > FORGERIES_AN_HOUR:
            raise TooManyForgeries
        raise Http404
    return found


def visitor_of(request: HttpRequest, page: str = "") -> Visitor:
    """Who sends a request, as evidence keeps it."""
    agent = request.headers.get("User-Agent", "")
    return Visitor(request.META.get("REMOTE_ADDR") or None, agent, page)


@contextmanager
def place_for_waiting() -> Iterator[None]:
    """Hold one of the places for the time of the block. Raises Busy."""
    if not _PLACES.acquire(blocking=False):
        raise Busy(_("Many people are signing up just now. Try again in a moment."))
    try:
        yield
    finally:
        _PLACES.release()


def wait_until(moment: float) -> None:
    """Answer not before this reading of the monotonic clock: the time of an answer says nothing."""
    time.sleep(max(moment - time.monotonic(), 0))


def language_of(request: HttpRequest, offered: list[str], default: str) -> str:
    """The language of a public page among those it has: asked for, else the browser's."""
    asked = request.GET.get("lang") or request.POST.get("lang") or ""
    if asked in offered:
        return asked
    for part in request.headers.get("Accept-Language", "").split(","):
        code = part.split(";")[0].strip()
        try:
            found = get_supported_language_variant(code) if code else ""
        except LookupError:
            continue
        if found in offered:
            return found
    return default if default in offered else offered[0]
