"""What is answered when a page broke."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error as django_server_error

from apps.core.resources import DatabaseBusy, exhausted


def server_error(request: HttpRequest) -> HttpResponse:
    """500; or 503 and 507 with a sentence, when the machine has run out of something."""
    refusal = exhausted(sys.exc_info()[1])
    if refusal is None:
        return django_server_error(request)
    is_busy = isinstance(refusal, DatabaseBusy)
    page = render(request, "exhausted.html", {"words": refusal}, status=503 if is_busy else 507)
    if is_busy:
        page["Retry-After"] = str(DatabaseBusy.wait)
    return page
