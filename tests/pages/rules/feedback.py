"""The doors for providers' robots, and for connecting Telegram."""

from __future__ import annotations

from tests.pages.rules.words import Door, everybody

DOORS = {
    # Without a secret in .env there is no such door.
    "feedback:hook": Door(
        get=everybody(405),
        post=everybody(404),
        kwargs=lambda cast: {"provider": "generic", "secret": "s" * 32},
    ),
}
