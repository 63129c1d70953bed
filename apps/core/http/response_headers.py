"""What holds for every answer: none to HEAD has a body, none of ours is kept on the way.

Only what is the same for everybody, and for ever, is kept: ``for_everybody`` says so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

#: A page shows somebody's own rows, or holds a key for a form: no cache may keep it.
PRIVATE: Final = "no-store, private"
#: Kept by every cache for a year, without asking again.
PUBLIC: Final = "public, max-age=31536000, immutable"


class AnswerMiddleware:
    """Stands around everything else. A view that says something else itself is left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = PRIVATE
        if getattr(response, "is_for_everybody", False):
            # Of the language and the session of who happens to ask first nothing may stay in it.
            response.cookies.clear()
            for name in ("Vary", "Content-Language"):
                del response[name]
        if request.method == "HEAD":
            without_body(response)
        return response


def for_everybody(response: HttpResponseBase) -> None:
    """Let caches keep this answer: everybody gets the same, at any time."""
    response["Cache-Control"] = PUBLIC
    response.is_for_everybody = True  # type: ignore[attr-defined]


def without_body(response: HttpResponseBase) -> None:
    """Take the body out; the head stays as it was, with the length that a GET would have."""
    if isinstance(response, StreamingHttpResponse):
        # What was to be streamed is not begun; its files are closed with the response.
        response.streaming_content = ()
        response.file_to_stream = None  # type: ignore[attr-defined]
    elif isinstance(response, HttpResponse):
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
