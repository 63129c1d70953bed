"""What people ask for about themselves, done beside the request: it keeps no import waiting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import close_old_connections

_POOL: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="public-page")


def in_background(act: Callable[[int], None], number: int) -> None:
    """Do it in a thread of its own, with a database connection of its own."""
    _POOL.submit(_whole, act, number)


def _whole(act: Callable[[int], None], number: int) -> None:
    close_old_connections()
    try:
        act(number)
    finally:
        close_old_connections()
