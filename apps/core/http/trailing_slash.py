"""Paths that programs call: with the last slash or without it, a route is the same."""

from __future__ import annotations

from typing import Final

from django.urls import is_valid_path

#: Where programs call. A redirect would turn their POST into a GET, so there is none.
PROGRAMS: Final = ("/api/", "/auth/", "/search")


def route_path(path: str) -> str:
    """The path of the route that is meant: this one, or the same with the other ending."""
    if not path.startswith(PROGRAMS) or is_valid_path(path):
        return path
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    return other if is_valid_path(other) else path
