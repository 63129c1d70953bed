"""A session that is not used ends; and everybody sees the times in the zone of the own profile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from apps.core.audit.acting import Acting, Kind, acting, client_of
from apps.core.http.proxies import parsed

log = structlog.get_logger(__name__)


class ActingMiddleware:
    """Says in the audit log who does what a request does: asked only when something is noted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with acting(partial(_visitor_of, request)):
            return self._get_response(request)


def _visitor_of(request: HttpRequest) -> Acting:
    user: Any = request.user
    return of_request(request, user) if user.is_authenticated else Acting(Kind.VISITOR)


def of_request(request: HttpRequest, user: Any) -> Acting:
    """The user who makes this request, and from where."""
    kind = Kind.MANAGER if user.sees_all else Kind.USER
    return replace(from_request(request, kind), user_id=user.pk, name=user.email)


def from_request(request: HttpRequest, kind: Kind) -> Acting:
    """Somebody unnamed, from where the request comes."""
    client = client_of(request.headers.get("User-Agent", ""))
    ip = parsed(request.META.get("REMOTE_ADDR", ""))
    return Acting(kind, ip=str(ip) if ip else None, client=client)


class IdleSessionMiddleware:
    """Ends a session that nobody has used for ``SESSION_IDLE_SECONDS``, or that is too old.

    A page that polls its own parts does not count as use.
    """

    #: Seconds after which the use of a session is written down again.
    NOTED_EVERY: Final = 300
    _BEGUN, _USED = "begun_at", "used_at"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self._look_at(request)
        return self._get_response(request)

    @classmethod
    def begin(cls, request: HttpRequest, **kwargs: object) -> None:
        """A session is new, and used, at the sign-in."""
        request.session[cls._BEGUN] = request.session[cls._USED] = int(time.time())

    def _look_at(self, request: HttpRequest) -> None:
        now, session = int(time.time()), request.session
        begun, used = session.get(self._BEGUN, now), session.get(self._USED, now)
        if now - used > settings.SESSION_IDLE_SECONDS or now - begun > settings.SESSION_COOKIE_AGE:
            log.info("session_ended", user_id=request.user.pk, idle=now - used)
            logout(request)
        elif self._USED not in session or (now - used > self.NOTED_EVERY and _by_a_person(request)):
            session[self._BEGUN], session[self._USED] = begun, now


user_logged_in.connect(IdleSessionMiddleware.begin, dispatch_uid="session_begins")


def _by_a_person(request: HttpRequest) -> bool:
    """True if a click asked for it, and not a timer in an open page."""
    return not (request.method == "GET" and "HX-Request" in request.headers)


class TimeZoneMiddleware:
    """Switches to the user's zone for the length of a request; strangers see the site's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = getattr(request.user, "time_zone", "")
        with timezone.override(ZoneInfo(name) if name else None):
            return self._get_response(request)
