"""The bell and its page."""

from __future__ import annotations

from tests.access.rules.words import LOGIN, NO_WRITING, SEE, Door

DOORS = {
    "notices:list": Door(get=SEE, post=NO_WRITING),
    "notices:read": Door(get=NO_WRITING, post=(LOGIN, LOGIN, 302, 302, 302)),
}

COUNTS = {"/notices/": 5}
