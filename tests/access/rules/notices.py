"""The bell and its page."""

from __future__ import annotations

from tests.access.rules.types import LOGIN, NO_WRITING, SEE, Endpoint

ENDPOINTS = {
    "notices:list": Endpoint(get=SEE, post=NO_WRITING),
    "notices:read": Endpoint(get=NO_WRITING, post=(LOGIN, LOGIN, 302, 302, 302)),
}

COUNTS = {"/notices/": 4}
