"""The turn that the scheduler gives us: what came too early, and what must be asked for."""

from __future__ import annotations

from datetime import datetime

from apps.core.contracts import Listener
from apps.feedback.services.events import settle_waiting
from apps.feedback.services.tracking import Tracking


class Listening(Listener):
    """Everything that comes back without calling us."""

    def __init__(self) -> None:
        self._tracking = Tracking()

    def look(self, now: datetime) -> None:
        settle_waiting(now=now)
        self._tracking.follow(now)


#: The process's listener; plugged into its slot by the app's ready().
listening = Listening()
