"""The triggers of all active automations: each looks for what has happened since its last look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction

from apps.automations.definition.parts import Definition, Trigger
from apps.automations.enrolling import entrance_of
from apps.automations.models import Automation
from apps.automations.triggers import dates, history, segments
from apps.automations.triggers.poll import Poll

log = structlog.get_logger(__name__)

#: What begins at once is not looked for: events, and people who are brought in.
_BROUGHT: Final = frozenset({"event", "manual"})

_LOOKS: Final[Mapping[str, Callable[[Poll, Any], int]]] = {
    "subscribed": history.subscribed,
    "tag": history.tagged,
    "sent": history.sent,
    "opened": history.reacted,
    "clicked": history.reacted,
    "segment": segments.entered,
    "date": dates.near,
}


def look_all(now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Let in everybody to whom something has happened. Returns how many came.

    Of a paused automation too: they wait at its first step. A look and how far it has read are
    one transaction.
    """
    rows = Automation.objects.filter(state__in=("active", "paused"), is_active=True)
    count = 0
    for pk in list(rows.filter(owner__is_active=True).order_by("pk").values_list("pk", flat=True)):
        if stopping():
            break
        while (poll := _poll(pk, now)) is not None:
            count += poll[0]
            if not poll[1]:
                break
    return count


@transaction.atomic
def _poll(pk: int, now: datetime) -> tuple[int, bool] | None:
    """One look: how many came, and whether there is more to read at once.

    None: another process is looking, or nobody can come in.
    """
    rows = Automation.objects.select_for_update(of=("self",), skip_locked=True)
    automation = rows.select_related("owner", "version").filter(pk=pk).first()
    entrance = entrance_of(automation) if automation is not None else None
    if automation is None or entrance is None or entrance.trigger in _BROUGHT:
        return None
    trigger: Trigger = Definition.model_validate(entrance.version.definition).trigger
    poll = Poll(entrance, automation.owner, dict(automation.cursors), now)
    came = _LOOKS[trigger.kind](poll, trigger)
    if poll.cursors != automation.cursors:
        Automation.objects.filter(pk=pk).update(cursors=poll.cursors)
    if came:
        log.info("people_came_in", automation_id=pk, trigger=trigger.kind, count=came)
    return came, poll.more
