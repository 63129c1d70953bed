"""What holds for every answer: none to HEAD has a body, none of ours is kept on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

#: A page shows somebody's own rows, or holds a key for a form: no cache may keep it.
PRIVATE: Final = "no-store, private"


class AnswerMiddleware:
    """Stands around everything else. A view that says something else itself is left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = PRIVATE
        if request.method == "HEAD":
            without_body(response)
        return response


def without_body(response: HttpResponseBase) -> None:
    """Take the body out; the head stays as it was, with the length that a GET would have."""
    if isinstance(response, StreamingHttpResponse):
        # What was to be streamed is not begun; its files are closed with the response.
        response.streaming_content = ()
        response.file_to_stream = None  # type: ignore[attr-defined]
    elif isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
