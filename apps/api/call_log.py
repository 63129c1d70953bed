"""What a call of the API did, in the log: by whom, to what, and with what status."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import structlog
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch
from django_structlog import signals

from apps.api.auth import Caller
from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.logs.requests import about

log = structlog.get_logger(__name__)

_PARAMETER: Final = re.compile(r"<[^>]*>/?")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

Run = Callable[..., HttpResponse]


def noted(run: Run) -> Run:
    """One line for every call that may change something (a decorator of ninja in mode ``view``)."""

    @wraps(run)
    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response = run(request, **kwargs)
        match = request.resolver_match
        _note_agent(request, response)
        if request.method not in _SAFE and match is not None:
            about(**_made(match, response))
            log.info("acted", method=request.method, path=request.path, status=response.status_code)
        return response

    return answer


def _note_agent(request: HttpRequest, response: HttpResponse) -> None:
    """Every call of an agent stands in the audit log, whatever it did."""
    caller = getattr(request, "auth", None)
    if isinstance(caller, Caller) and caller.is_agent:
        about = Object(name=f"{request.method} {request.path}")
        record(Act.AGENT_CALLED, about, details={"status": response.status_code})


def _made(match: ResolverMatch, response: HttpResponse) -> dict[str, int]:
    """The id of what this call has made, under the log's name for it."""
    field = settings.LOG_SUBJECTS.get(_PARAMETER.sub("", match.route))
    if field is None or response.status_code not in (201, 202):
        return {}
    body = json.loads(response.content)
    made = body.get("id") if isinstance(body, dict) else None
    return {field: made} if isinstance(made, int) else {}


@receiver(signals.bind_extra_request_finished_metadata)
def bind_caller(request: HttpRequest, **kwargs: object) -> None:
    """The last line of a request names the owner of the token that it was made with."""
    caller = getattr(request, "_caller", None)
    if isinstance(caller, Caller):
        about(user_id=caller.user.pk)
