"""The sums of runs in SQL: sets that are added in one statement each.

The process that counts holds ``lock_counting``, so that no two do; after it rows of engagement,
then runs in the order of their ids, then the activity of people in the order of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db import connection

from apps.feedback.engagement.counting.letters import SENT, Letter
from apps.feedback.engagement.counting.tally import LinkKey, Tally
from apps.mailings.ledger import dialect
from apps.mailings.models import (
    Delivery,
    EngagementHour,
    EngagementShare,
    LinkEngagement,
    TrackedLink,
)
from apps.mailings.models.engagement.figures import COUNTERS

_LOCK: Final = 5_214_001

#: An answer sets the number of the unanswered to zero; the moments only go forward.
_ACTIVITY: Final = """
INSERT INTO mailings_activity AS known (recipient_id, last_opened_at, last_clicked_at, unanswered)
SELECT o.id, {opened}, {clicked}, 0 FROM {rows} WHERE true ORDER BY o.id
ON CONFLICT (recipient_id) DO UPDATE SET
    last_opened_at = CASE WHEN known.last_opened_at >= excluded.last_opened_at
                          THEN known.last_opened_at ELSE excluded.last_opened_at END,
    last_clicked_at = CASE WHEN excluded.last_clicked_at IS NULL
                             OR known.last_clicked_at >= excluded.last_clicked_at
                           THEN known.last_clicked_at ELSE excluded.last_clicked_at END,
    unanswered = CASE WHEN known.last_sent_at > excluded.last_opened_at
                      THEN known.unanswered ELSE 0 END"""


def lock_counting() -> None:
    """One at a time counts. SQLite has one writer anyway."""
    if dialect.on_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def add_hours(tally: Tally) -> None:
    """Into the histogram of the runs."""
    keys = [key for key, count in tally.hours.items() if count]
    rows = [EngagementHour(run_id=key[0], hour=key[1], kind=key[2], term=key[3]) for key in keys]
    EngagementHour.objects.bulk_create(rows, ignore_conflicts=True)
    ids = {}
    for row in EngagementHour.objects.filter(
        run_id__in={key[0] for key in keys}, hour__in={key[1] for key in keys}
    ):
        ids[row.run_id, row.hour, row.kind, row.term] = row.pk
    _add("mailings_engagementhour", ("count",), [(ids[key], tally.hours[key]) for key in keys])


def add_shares(tally: Tally) -> None:
    """Into devices, mail programs and domains."""
    keys = [key for key in tally.opened if tally.opened[key] or tally.clicked[key]]
    rows = [EngagementShare(run_id=key[0], by=key[1], value=key[2]) for key in keys]
    EngagementShare.objects.bulk_create(rows, ignore_conflicts=True)
    found = EngagementShare.objects.filter(run_id__in={key[0] for key in keys})
    asked = found.filter(value__in={key[2] for key in keys})
    ids = {(row.run_id, row.by, row.value): row.pk for row in asked}
    values = [(ids[key], tally.opened[key], tally.clicked[key]) for key in keys]
    _add("mailings_engagementshare", ("opened", "clicked"), values)


def add_clicks(tally: Tally) -> None:
    """Into the links, and into who followed them."""
    ids = _link_ids(tally.links)
    _add_own(tally, ids)
    values = [
        (ids[key], count.persons, count.clicks, count.machine_clicks)
        for key, count in tally.links.items()
        if key in ids and (count.persons or count.clicks or count.machine_clicks)
    ]
    _add("mailings_trackedlink", ("persons", "clicks", "machine_clicks"), values)


def _link_ids(keys: Iterable[LinkKey]) -> dict[LinkKey, int]:
    wanted = set(keys)
    rows = TrackedLink.objects.order_by().filter(
        run_id__in={key[0] for key in wanted}, version__in={key[1] for key in wanted}
    )
    return {
        (run_id, version, number): pk
        for pk, run_id, version, number in rows.values_list("pk", "run_id", "version", "number")
        if (run_id, version, number) in wanted
    }


def _add_own(tally: Tally, ids: Mapping[LinkKey, int]) -> None:
    """Who followed which link; ``tally.links`` learns how many persons more or less that makes."""
    known = {
        (row.link_id, row.delivery_id): row
        for row in LinkEngagement.objects.filter(
            link_id__in=set(ids.values()), delivery_id__in={number for _key, number in tally.own}
        )
    }
    kept, gone = [], []
    for (key, delivery_id), own in tally.own.items():
        if key not in ids or not (own.clicks or own.first_at):
            continue
        row = known.get((ids[key], delivery_id))
        before = row.clicks if row else 0
        moments = [at for at in (row.first_at if row else None, own.first_at) if at]
        after = max(before + own.clicks, 0)
        tally.links[key].persons += (after > 0) - (before > 0)
        if after:
            kept.append(
                LinkEngagement(
                    link_id=ids[key],
                    delivery_id=delivery_id,
                    clicks=after,
                    first_at=min(moments),
                )
            )
        elif row:
            gone.append(row.pk)
    LinkEngagement.objects.filter(pk__in=gone).delete()
    LinkEngagement.objects.bulk_create(
        kept,
        update_conflicts=True,
        unique_fields=["link", "delivery_id"],
        update_fields=["clicks", "first_at"],
    )


def add_terms(letters: Sequence[Letter]) -> None:
    """Into the counters of the runs, under their locks: only what is sent at this moment counts."""
    changed = [one for one in letters if one.before.counted() != one.after.counted()]
    _lock_runs({one.run_id for one in changed})
    rows = Delivery.objects.filter(pk__in=[one.delivery_id for one in changed], state__in=SENT)
    sent = set(rows.values_list("pk", flat=True))
    sums: dict[int, list[int]] = {}
    for one in changed:
        if one.delivery_id in sent:
            before, after = one.before.counted(), one.after.counted()
            row = sums.setdefault(one.run_id, [0] * len(COUNTERS))
            for place, name in enumerate(COUNTERS):
                row[place] += after.get(name, 0) - before.get(name, 0)
    columns = [f"engaged_{name}" for name in COUNTERS]
    _add("mailings_run", columns, [(run_id, *row) for run_id, row in sums.items() if any(row)])


def _lock_runs(ids: set[int]) -> None:
    if ids and dialect.on_postgresql():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM mailings_run WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                [sorted(ids)],
            )


def erased_among(recipients: Iterable[int]) -> set[int]:
    """Who of these has been erased meanwhile; the others cannot be before this is committed."""
    wanted = set(recipients)
    suffix = " FOR KEY SHARE" if dialect.on_postgresql() else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM mailings_recipient WHERE {dialect.any_of('id')}"
            f" AND erased_at IS NULL ORDER BY id{suffix}",
            [dialect.ids_value(sorted(wanted))],
        )
        return wanted - {number for (number,) in cursor.fetchall()}


def answered(letters: Iterable[Letter]) -> None:
    """Into the activity of people: when they last opened, and when they last followed a link."""
    moments: dict[int, tuple[Any, Any]] = {}
    for one in letters:
        opened, clicked = one.after.last_of_person()
        known_opened, known_clicked = moments.get(one.recipient_id, (None, None))
        if opened is not None:
            newest = max(filter(None, (opened, known_opened)))
            last_click = max(filter(None, (clicked, known_clicked)), default=None)
            moments[one.recipient_id] = (newest, last_click)
    if not moments:
        return
    values = [
        (number, _text(opened), _text(clicked)) for number, (opened, clicked) in moments.items()
    ]
    sql = _ACTIVITY.format(
        opened=dialect.from_recordset_time("o.opened"),
        clicked=dialect.from_recordset_time("o.clicked"),
        rows=dialect.recordset({"id": "bigint", "opened": "time", "clicked": "time"}),
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [dialect.recordset_value(values)])


def _text(moment: Any) -> str | None:
    return str(dialect.time_value(moment)) if moment else None


def _add(table: str, columns: Sequence[str], values: Sequence[Sequence[int]]) -> None:
    """Add to these columns of rows by their ids."""
    if not values:
        return
    sums = ", ".join(f"{name} = {table}.{name} + o.{name}_more" for name in columns)
    rows = dialect.recordset({"id": "bigint"} | {f"{name}_more": "int" for name in columns})
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {sums} FROM {rows} WHERE {table}.id = o.id",
            [dialect.recordset_value(values)],
        )
