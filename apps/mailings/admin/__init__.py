"""What the admin shows of mailings, by what it is about."""

from __future__ import annotations

from apps.mailings.admin import (
    audience,
    content,
    engagement,
    experiments,
    feeds,
    files,
    permission,
    privacy,
    sending,
)

__all__ = [
    "audience",
    "content",
    "engagement",
    "experiments",
    "feeds",
    "files",
    "permission",
    "privacy",
    "sending",
]
