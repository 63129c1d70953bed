"""What the pages ask about attempts: the history of everything that was tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from apps.core.export import Cell
from apps.core.wording import in_words
from apps.mailings.models import Attempt

FILTERS: Final = ("mailing", "status", "trigger", "user", "since", "until")
#: The columns of an export.
HEADER: Final = (
    "id",
    "mailing",
    "run",
    "sender",
    "recipient",
    "trigger",
    "kind",
    "status",
    "account",
    "code",
    "reply",
    "seconds",
    "at",
)


def found_attempts(rows: QuerySet[Attempt], params: Mapping[str, str]) -> QuerySet[Attempt]:
    """Those that the filters describe. What makes no sense is passed over."""
    number = params.get("mailing", "")
    if number.isascii() and number.isdigit() and len(number) < 19:
        rows = rows.filter(mailing_id=int(number))
    if params.get("status") in Attempt.Status.values:
        rows = rows.filter(status=params["status"])
    if params.get("trigger"):
        rows = rows.filter(trigger=params["trigger"][:10].replace("\x00", ""))
    if email := params.get("user", "").replace("\x00", "").strip().lower()[:254]:
        rows = rows.filter(mailing__owner__email=email)
    since, until = day_of(params.get("since", "")), day_of(params.get("until", ""))
    if since is not None:
        rows = rows.filter(created_at__gte=_start(since))
    if until is not None:
        rows = rows.filter(created_at__lt=_start(until + timedelta(days=1)))
    return rows


def cells_of(rows: QuerySet[Attempt]) -> Iterator[list[Cell]]:
    """The rows of an export, oldest first, read a chunk at a time."""
    for row in rows.order_by("pk").iterator(chunk_size=2000):
        yield [
            row.pk,
            row.mailing_id,
            row.run_number,
            row.mailing.owner.email,
            str(row.recipient),
            row.trigger,
            row.kind,
            row.status,
            row.account,
            row.code,
            in_words(row.response),
            row.seconds,
            row.created_at,
        ]


def day_of(words: str) -> date | None:
    """The day that was written, or None when it is none."""
    try:
        found = parse_date(words)
    except ValueError:
        return None
    return found if found is not None and 1970 <= found.year <= 2999 else None


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
