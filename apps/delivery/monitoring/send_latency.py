"""How long hand-overs take and what comes of them, added up from the attempts.

What has been counted once stands in a row with the id up to which it was counted, so that a look
reads only what is new, no restart forgets, and every process gives the same answer. Nobody who
sends does anything for it. The first looks after a long time each take a part.
"""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import Any, Final

from django.db.models import Count, Q, Sum

from apps.delivery.models import SendLatency
from apps.mailings.horizon import Horizon
from apps.mailings.models import Attempt

#: Upper bounds in seconds: within one data centre, across a continent, a slow server, the limits.
BOUNDS: Final = ("0.01", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "30.0")
#: Ids that one look goes over at most: about 0.15 s on PostgreSQL.
CHUNK: Final = 200_000
_ROW: Final = 1
_OUTCOME: Final = {"success": "sent", "failure": "failed", "unknown": "unknown"}

_horizon = Horizon()
_one_at_a_time = Lock()


def collect() -> SendLatency:
    """The counts, with what has come since the last look."""
    with _one_at_a_time:
        bound = _horizon.safe_id()
    row, _made = SendLatency.objects.get_or_create(pk=_ROW)
    upto = min(bound, row.cursor + CHUNK)
    if upto > row.cursor:
        counts, seconds = _counted(row.cursor, upto)
        counts = {name: row.counts.get(name, 0) + count for name, count in counts.items()}
        outcomes = Counter(row.outcomes)
        outcomes.update(_outcomes(row.cursor, upto))
        new: dict[str, Any] = {
            "counts": counts,
            "outcomes": outcomes,
            "seconds": row.seconds + seconds,
            "cursor": upto,
        }
        SendLatency.objects.filter(pk=_ROW, cursor=row.cursor).update(**new)
        row.refresh_from_db()  # ours, or that of another process which was quicker
    return row


def _outcomes(after: int, upto: int) -> dict[str, int]:
    """How many attempts ended in what, by ``channel account status``: events, so they only grow."""
    rows = Attempt.objects.filter(pk__gt=after, pk__lte=upto, kind=Attempt.Kind.DELIVERY)
    counted = rows.order_by().values("delivery__channel", "account", "status")
    return {
        f"{channel or '-'} {account or '-'} {_OUTCOME[status]}": count
        for channel, account, status, count in counted.annotate(n=Count("pk")).values_list(
            "delivery__channel", "account", "status", "n"
        )
    }


def _counted(after: int, upto: int) -> tuple[dict[str, int], float]:
    """How many took at most so long, and all of them together.

    Whose hand-over nobody saw (a letter that could not be written, one of a dead worker) has no
    time.
    """
    rows = Attempt.objects.filter(pk__gt=after, pk__lte=upto, kind=Attempt.Kind.DELIVERY)
    rows = rows.filter(seconds__gt=0)
    within = {f"n{place}": Q(seconds__lte=float(name)) for place, name in enumerate(BOUNDS)}
    found = rows.aggregate(
        **{alias: Count("pk", filter=condition) for alias, condition in within.items()},
        every=Count("pk"),
        total=Sum("seconds"),
    )
    counts = {name: found[f"n{place}"] for place, name in enumerate(BOUNDS)}
    return {**counts, "+Inf": found["every"]}, found["total"] or 0.0
