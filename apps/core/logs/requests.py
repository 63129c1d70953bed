"""Which mailing, recipient or delivery a request is about, in every line that it logs."""

from __future__ import annotations

import re
from typing import Any, Final

import structlog
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve
from django_structlog import signals

#: Names in addresses that are the same in the log.
_SAME: Final = frozenset({"mailing_id", "recipient_id", "delivery_id", "message_id", "run_id"})
_ADMIN: Final = re.compile(r"[a-z]+_([a-z]+)_(?:change|delete|history)")


@receiver(signals.bind_extra_request_metadata)
def bind_visitor(request: HttpRequest, **kwargs: object) -> None:
    """Every line of a request says whose it is (the address that the limits count, too) and what
    the path names; django-structlog unbinds it with the rest."""
    about(ip=request.META.get("REMOTE_ADDR", ""))
    try:
        about(**subjects_of(resolve(request.path_info)))
    except Resolver404:
        return


def about(**ids: Any) -> None:
    """Bind more ids to what is still logged of this request."""
    structlog.contextvars.bind_contextvars(**ids)


def subjects_of(match: ResolverMatch) -> dict[str, Any]:
    """The log's fields for what the address names."""
    kwargs = match.kwargs
    found = {name: value for name, value in kwargs.items() if name in _SAME}
    namespace = match.namespaces[0] if match.namespaces else ""
    by_name = settings.LOG_SUBJECTS
    collection = match.route.partition("<")[0]
    field = by_name.get(match.view_name) or by_name.get(namespace) or by_name.get(collection)
    if "pk" in kwargs and field:
        found[field] = kwargs["pk"]
    if "number" in kwargs and "mailing_id" in found:
        found["run"] = kwargs["number"]
    if namespace == "admin" and (model := _ADMIN.fullmatch(match.url_name or "")):
        number = str(kwargs.get("object_id", ""))
        found[f"{model[1]}_id"] = int(number) if number.isdecimal() else number
    return found
