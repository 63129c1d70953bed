"""Feeds are read when the time of their mailings has come, beside everything that is sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.core.contracts import BackgroundJob
from apps.delivery.service import service


class FeedReading(BackgroundJob):
    """Reads the feeds that are due, and those somebody asked for."""

    name = "feeds"
    every_tick = True

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        service.read_feeds(stopping)
