"""Whether what readers do is counted in time, and whether any of it was lost."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.slots import Alert, Figures
from apps.feedback.engagement.job import dropped, lag

#: Seconds after which somebody should look.
LATE: Final = 60.0


def figures() -> Figures:
    """For ``/metrics``."""
    return Figures(
        "mailings_engagement_lag_seconds",
        "Since the oldest opening or click that is not counted yet",
        "",
        {"": lag(timezone.now())},
    )


def alerts(now: datetime) -> list[Alert]:
    """What is not as it should be."""
    found = []
    if lag(now) > LATE:
        found.append(Alert("engagement_late", _("Openings and clicks are not being counted.")))
    count = dropped(now)
    if count:
        text = ngettext(
            "%(count)d opening or click was not written down: the disk is full.",
            "%(count)d openings and clicks were not written down: the disk is full.",
            count,
        )
        found.append(Alert("engagement_dropped", text % {"count": count}))
    return found
