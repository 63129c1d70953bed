"""What goes wrong before or beside a route is told in the same shape as everything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.api.problems import problem

_DOORS: Final = ("/api/", "/auth/", "/search")


class ProblemsAreJsonMiddleware:
    """An unknown path, a method that is not there, a host that is refused: JSON, no page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        is_json = response.get("Content-Type", "").startswith("application/json")
        if response.status_code < 400 or is_json or not request.path.startswith(_DOORS):
            return response
        told = problem(response.status_code)
        if response.has_header("Allow"):
            told["Allow"] = response["Allow"]
        return told
