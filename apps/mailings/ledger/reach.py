"""Whom an audience reaches: the SELECT by which it is frozen, and the same one counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet

from apps.mailings.models import Recipient
from apps.mailings.models.audience import ADDRESS

#: Why an address gets nothing: there is none, or the reason of its suppression; '' if it may.
_SELECT = """
SELECT a.id, CAST(a.address AS varchar(254)) AS address,
       CASE WHEN a.address IS NULL THEN 'no_address' ELSE COALESCE(s.reason, '') END AS bar
  FROM ({audience}) AS a
  LEFT JOIN mailings_suppression s
    ON s.owner_id = %s AND s.channel = %s AND s.address = CAST(a.address AS varchar(254))"""


@dataclass(frozen=True, slots=True)
class Reach:
    """An audience before it is frozen. ``by_channel``: whom each channel would get, in their order.

    ``matching`` is the whole audience; who is left out has no address, or only suppressed ones.
    """

    by_channel: tuple[int, ...]
    no_address: int
    suppressed: int

    @property
    def reached(self) -> int:
        return sum(self.by_channel)

    @property
    def matching(self) -> int:
        return self.reached + self.no_address + self.suppressed


def select_sql(
    audience: QuerySet[Recipient], owner_id: int, channel: str, *, most: int | None = None
) -> tuple[str, tuple[Any, ...]]:
    """Id, address and bar of the audience on a channel, at ``most`` so many.

    The audience's own query, written once, in the ORM. Raises EmptyResultSet for nobody.
    """
    rows = audience.annotate(address=F(ADDRESS[channel])).values("id", "address")[:most]
    sql, params = rows.query.get_compiler(connection=connection).as_sql()
    return _SELECT.format(audience=sql), (*params, owner_id, channel)


def reach_of(audience: QuerySet[Recipient], owner_id: int, channels: Sequence[str]) -> Reach:
    """Count it as the freeze would share it out: each goes to the first channel that may reach it.

    In one query.
    """
    try:
        source, params = _joined(audience, owner_id, channels)
    except EmptyResultSet:
        return Reach((0,) * len(channels), 0, 0)
    cases = " ".join(f"WHEN b{at}.bar = '' THEN '{at}'" for at in range(len(channels)))
    sql = f"SELECT CASE {cases} ELSE b0.bar END, COUNT(*) FROM {source} GROUP BY 1"
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: dict[str, int] = dict(cursor.fetchall())
    by_channel = tuple(found.pop(str(at), 0) for at in range(len(channels)))
    return Reach(by_channel, found.pop("no_address", 0), sum(found.values()))


def zones_of(
    audience: QuerySet[Recipient], owner_id: int, channels: Sequence[str]
) -> dict[str, int]:
    """How many of those whom the freeze would share out live in each time zone. In one query."""
    try:
        source, params = _joined(audience, owner_id, channels)
    except EmptyResultSet:
        return {}
    reached = " OR ".join(f"b{at}.bar = ''" for at in range(len(channels)))
    sql = f"""SELECT r.time_zone, COUNT(*) FROM {source}
                JOIN mailings_recipient r ON r.id = b0.id WHERE {reached} GROUP BY 1"""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return dict(cursor.fetchall())


def _joined(
    audience: QuerySet[Recipient], owner_id: int, channels: Sequence[str]
) -> tuple[str, list[Any]]:
    """The audience with its bar on each channel, as b0, b1 and so on."""
    parts = [select_sql(audience.order_by(), owner_id, channel) for channel in channels]
    tables = [f"({sql}) AS b{at}" for at, (sql, _params) in enumerate(parts)]
    joined = [f"JOIN {table} ON b{at}.id = b0.id" for at, table in enumerate(tables) if at]
    return f"{tables[0]} {' '.join(joined)}", [one for _sql, params in parts for one in params]
