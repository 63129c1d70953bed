"""The turn that the scheduler gives automations, every few seconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.automations.announcing import forget_old
from apps.automations.clock import database_now
from apps.automations.moving.claiming import recover
from apps.automations.moving.tick import move_due
from apps.automations.services.automations import archive_ended
from apps.automations.services.moving_over import move_over
from apps.automations.services.people import forget_erased
from apps.automations.triggers.looking import look_all
from apps.core.contracts import BackgroundJob


class AutomationMoving(BackgroundJob):
    """Lets people in, moves those who are due, and puts away what has ended."""

    name = "automations"
    every_tick = True

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        turn(database_now, stopping)


def turn(
    clock: Callable[[], datetime] = database_now, stopping: Callable[[], bool] = lambda: False
) -> int:
    """One turn by this clock. Returns how many steps were done."""
    now = clock()
    recover(now)
    forget_erased(now)
    move_over(now, stopping)
    look_all(now, stopping)
    count = move_due(clock, stopping)
    archive_ended()
    forget_old(now)
    return count
