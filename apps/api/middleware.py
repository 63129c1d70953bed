"""What holds for programs alone: how a path may end, and the shape of every error."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.api.problems import problem
from apps.core.http.trailing_slash import PROGRAMS, route_path


class EitherEndingMiddleware:
    """A call with or without the last slash comes to the same route, with its body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(PROGRAMS):
            request.path = request.path_info = route_path(request.path_info)
        return self._get_response(request)


class ProblemsAreJsonMiddleware:
    """An unknown path, a method that is not there, a host that is refused: JSON, no page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        is_json = response.get("Content-Type", "").startswith("application/json")
        if response.status_code < 400 or is_json or not request.path.startswith(PROGRAMS):
            return response
        response_problem = problem(response.status_code)
        if response.has_header("Allow"):
            response_problem["Allow"] = response["Allow"]
        return response_problem
