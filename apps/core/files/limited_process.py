"""Limits of a process that reads what strangers have sent."""

from __future__ import annotations

import sys


def bound(megabytes: int, seconds: int) -> None:
    """Let the system end this process when it grows too big or works too long (not on Windows)."""
    if sys.platform != "win32":
        import resource

        limit = megabytes * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
