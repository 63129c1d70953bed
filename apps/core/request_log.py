"""Which mailing, recipient or delivery a request is about, in every line that it logs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import structlog
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch
from django_structlog import signals

#: Names in addresses that are the same in the log.
_SAME: Final = frozenset({"mailing_id", "recipient_id", "delivery_id", "message_id", "run_id"})
_ADMIN: Final = re.compile(r"[a-z]+_([a-z]+)_(?:change|delete|history)")


class SubjectMiddleware:
    """Binds the ids that stand in the address; django-structlog unbinds them with the rest."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: dict[str, Any]
    ) -> None:
        if request.resolver_match is not None:
            structlog.contextvars.bind_contextvars(**subjects_of(request.resolver_match))


@receiver(signals.bind_extra_request_metadata)
def bind_visitor(request: HttpRequest, **kwargs: object) -> None:
    """Every line of a request says whose it is: the address that the limits count, too."""
    structlog.contextvars.bind_contextvars(ip=request.META.get("REMOTE_ADDR", ""))


def subjects_of(match: ResolverMatch) -> dict[str, Any]:
    """The log's fields for what the address names."""
    kwargs = match.kwargs
    found = {name: value for name, value in kwargs.items() if name in _SAME}
    namespace = match.namespaces[0] if match.namespaces else ""
    by_name = settings.LOG_SUBJECTS
    field = by_name.get(match.view_name) or by_name.get(namespace)
    if "pk" in kwargs and field:
        found[field] = kwargs["pk"]
    if "number" in kwargs and "mailing_id" in found:
        found["run"] = kwargs["number"]
    if namespace == "admin" and (model := _ADMIN.fullmatch(match.url_name or "")):
        number = str(kwargs.get("object_id", ""))
        found[f"{model[1]}_id"] = int(number) if number.isdecimal() else number
    return found
