"""Mail that came back: taken apart, kept, put into effect."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from apps.feedback.mail.reports import reports_of
from apps.feedback.services.events import receive_all

#: The word for a mail that reports nothing.
OTHER = "other"


def process(raw: bytes, *, now: datetime) -> Counter[str]:
    """Do what this mail reports. Returns what became of each report (``Received``), or OTHER."""
    reports = reports_of(raw)
    if not reports:
        return Counter([OTHER])
    return Counter(one.value for one in receive_all(reports, now=now))
