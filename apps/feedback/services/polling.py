"""The turn that the scheduler gives us: what came too early, and what must be asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.core.contracts import BackgroundJob
from apps.feedback.services.events import settle_waiting
from apps.feedback.services.tracking import Tracking


class FeedbackPolling(BackgroundJob):
    """Everything that comes back without calling us."""

    name = "listening"

    def __init__(self) -> None:
        self._tracking = Tracking()

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        settle_waiting(now=now)
        self._tracking.follow(now)
