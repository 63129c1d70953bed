"""Who calls: a token in the header, or the session of somebody who is looking at our pages."""

from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from apps.api.agent_scope import check_agent
from apps.api.problems import NotAllowed
from apps.core.audit import acting
from apps.core.audit.acting import Kind
from apps.users.middleware import of_request
from apps.users.models import ApiToken, User
from apps.users.tokens import note_use, valid_token

_SAFE: Final = ("GET", "HEAD", "OPTIONS")


class TokenReadsOnly(NotAllowed):
    """This token may read and not change anything."""

    code = "token_reads_only"


class CsrfMissing(NotAllowed):
    """A session alone changes nothing: the token of the page is missing."""

    code = "csrf"


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller. ``token`` is None for somebody with a session."""

    user: User
    token: ApiToken | None = None

    @property
    def key(self) -> str:
        """What the calls are counted by."""
        return f"t{self.token.pk}" if self.token else f"u{self.user.pk}"

    @property
    def is_agent(self) -> bool:
        """Whether only drafts may be changed, and nothing started."""
        return self.token is not None and self.token.scope == ApiToken.Scope.AGENT


class ApiRequest(HttpRequest):
    """A request that has passed the authentication."""

    auth: Caller


def caller_of(request: HttpRequest) -> Caller | None:
    """Who calls, asked in the database once a request. A header that is sent is meant."""
    if not hasattr(request, "_caller"):
        found = _by_token(request) if "Authorization" in request.headers else _by_session(request)
        setattr(request, "_caller", found)
    caller: Caller | None = getattr(request, "_caller")
    return caller


def _by_token(request: HttpRequest) -> Caller | None:
    scheme, _blank, secret = request.headers["Authorization"].partition(" ")
    token = valid_token(secret.strip(), now=timezone.now()) if scheme.lower() == "bearer" else None
    if token is None:
        return None
    kind = Kind.AGENT if token.scope == ApiToken.Scope.AGENT else Kind.TOKEN
    acting.act_as(replace(of_request(request, token.owner), kind=kind, token_id=token.pk))
    note_use(token, now=timezone.now())
    structlog.contextvars.bind_contextvars(user_id=token.owner_id)
    return Caller(token.owner, token)


def _by_session(request: HttpRequest) -> Caller | None:
    user = request.user
    return Caller(user) if isinstance(user, User) and user.is_active else None


class Bearer(HttpBearer):
    """A token from `POST /auth/token`, or one made on the page `/profile/tokens/`."""

    def __init__(self, *, any_scope: bool = False) -> None:
        self._any_scope = any_scope
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        caller = caller_of(request)
        if caller is None or caller.token is None:
            return None
        reads = caller.token.scope == ApiToken.Scope.READ
        if reads and not self._any_scope and request.method not in _SAFE:
            raise TokenReadsOnly(_("This token is read-only."))
        if caller.is_agent and not self._any_scope and request.method not in _SAFE:
            match = request.resolver_match
            check_agent(request.method or "", match.route if match is not None else "")
        return caller


class SameOrigin(APIKeyCookie):
    """The session of our own pages; what changes something needs the page's CSRF token as well."""

    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Any:
        caller = caller_of(request)
        if caller is None or caller.token is not None:
            return None
        if check_csrf(request) is not None:
            raise CsrfMissing(_("Send the CSRF token of the page in X-CSRFToken."))
        return caller

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        raise NotImplementedError  # pragma: no cover - the call above reads the session alone


AUTH: Final = [Bearer(), SameOrigin()]
#: For routes that change nothing although they are no GET.
AUTH_OF_ANY_SCOPE: Final = [Bearer(any_scope=True), SameOrigin()]
