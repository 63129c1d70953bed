"""What is answered when a page broke."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error as django_server_error

from apps.core.errors import Refused
from apps.core.resources import DatabaseBusy, exhausted


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 and 507 with a sentence, when the machine has run out of something."""
    refusal = exhausted(sys.exc_info()[1])
    if refusal is None:
        return django_server_error(request)
    if isinstance(refusal, DatabaseBusy):
        return not_now(request, refusal, status=503, wait=DatabaseBusy.wait)
    return not_now(request, refusal, status=507)


def not_now(
    request: HttpRequest, refusal: Refused, *, status: int, wait: int | None = None
) -> HttpResponse:
    """A refusal on a page of its own, with the seconds after which another try makes sense."""
    page = render(request, "exhausted.html", {"words": refusal}, status=status)
    if wait is not None:
        page["Retry-After"] = str(wait)
    return page
