"""Complaints are watched while anything is sent: what an account sends may have to stop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.core.contracts import BackgroundJob
from apps.delivery.engine import reputation


class ReputationWatch(BackgroundJob):
    """Counts what has left, and alerts or stops by what was complained about."""

    name = "reputation"
    every_tick = True

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        reputation.watch(now, stopping)
