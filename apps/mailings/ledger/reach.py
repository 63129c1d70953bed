"""Whom an audience reaches: the SELECT by which it is frozen, and the same one counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet

from apps.mailings.ledger.permission.domains import any_blocked, blocked_sql
from apps.mailings.ledger.permission.rights import Rights
from apps.mailings.models import Recipient
from apps.mailings.models.audience import ADDRESS
from apps.mailings.models.permission.left_out import LeftOut
from apps.mailings.run_content import VERSION

#: Each person once. MATERIALIZED: a planner that pulls it up evaluates every reason anew for each
#: place where the reason is named, some twenty times.
_WITH = "WITH a AS MATERIALIZED ({audience})"


#: The column of an audience whose content asks for tags or segments.
BITS: Final = "condition_bits"
#: What only some audiences have of each person, with its type, and what it is in the others.
PERSONAL: Final = {BITS: ("bigint", 0), VERSION: ("smallint", 1)}


@dataclass(frozen=True, slots=True)
class Reach:
    """An audience before it is frozen. ``by_channel``: whom each channel would get, in their order.

    ``left_out``: how many get nothing, by reason; ``excluded``: the same by the first exclusion.
    """

    by_channel: tuple[int, ...]
    left_out: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)

    @property
    def reached(self) -> int:
        return sum(self.by_channel)

    @property
    def matching(self) -> int:
        """The whole audience: the equation's left side."""
        return self.reached + self.left_out.total()

    @property
    def no_address(self) -> int:
        return self.left_out[LeftOut.NO_ADDRESS]

    @property
    def suppressed(self) -> int:
        return self.left_out[LeftOut.SUPPRESSED]

    def times(self, factor: float) -> Reach:
        """What a sample says of all."""
        return Reach(
            tuple(round(one * factor) for one in self.by_channel),
            Counter({code: round(n * factor) for code, n in self.left_out.items()}),
            Counter({term: round(n * factor) for term, n in self.excluded.items()}),
        )

    def __add__(self, other: Reach) -> Reach:
        parts = zip(self.by_channel, other.by_channel, strict=True)
        return Reach(
            tuple(one + two for one, two in parts),
            self.left_out + other.left_out,
            self.excluded + other.excluded,
        )


@dataclass(frozen=True, slots=True)
class Source:
    """The audience with its bar on each channel as SQL: ``WITH a``, and what is joined to it.

    ``bars``: for each channel why it cannot reach a person, '' where it can; ``stops``: the reason
    of the suppression. ``personal``: the columns of PERSONAL that this audience has.
    """

    common: str
    joined: str
    bars: tuple[str, ...]
    stops: tuple[str, ...]
    params: tuple[Any, ...]
    personal: Mapping[str, str] = field(default_factory=dict)


def source_of(
    audience: QuerySet[Recipient],
    rights: Rights,
    owner_id: int,
    channels: Sequence[str],
    columns: Sequence[str] = (),
) -> Source:
    """The audience's own query, written once, in the ORM: see rules.reasoned.

    ``columns``: further ones of the audience. Raises EmptyResultSet for nobody.
    """
    addresses = {f"address_{at}": F(ADDRESS[channel]) for at, channel in enumerate(channels)}
    asked = [name for name in PERSONAL if name in audience.query.annotations]
    rows = audience.annotate(**addresses).values(
        "id", "bar", "term", "subscription_id", "time_zone", *addresses, *asked, *columns
    )
    sql, params = rows.query.get_compiler(connection=connection).as_sql()
    blocked = any_blocked(owner_id)
    joins, bars = [], []
    for at, channel in enumerate(channels):
        address = f"CAST(a.address_{at} AS varchar(254))"
        joins.append(
            f"LEFT JOIN mailings_suppression s{at} ON s{at}.owner_id = {int(owner_id)}"
            f" AND s{at}.channel = '{channel}' AND s{at}.address = {address}"
            + rights.suppression.replace("s.", f"s{at}.")
        )
        by_domain = f" OR {blocked_sql(address, channel, str(int(owner_id)))}" if blocked else ""
        bars.append(
            f"CASE WHEN a.address_{at} IS NULL THEN 'no_address'"
            f" WHEN s{at}.reason IS NOT NULL{by_domain} THEN 'suppressed' ELSE '' END"
        )
    return Source(
        common=_WITH.format(audience=sql),
        joined=f"a {' '.join(joins)}",
        bars=tuple(bars),
        stops=tuple(f"COALESCE(s{at}.reason, 'domain')" for at in range(len(channels))),
        params=tuple(params),
        personal={name: f"CAST(a.{name} AS {PERSONAL[name][0]})" for name in asked},
    )


def reach_of(
    audience: QuerySet[Recipient], rights: Rights, owner_id: int, channels: Sequence[str]
) -> Reach:
    """Count it as the freeze would share it out: each goes to the first channel that may reach it.

    In one query.
    """
    try:
        source = source_of(audience.order_by(), rights, owner_id, channels)
    except EmptyResultSet:
        return Reach((0,) * len(channels))
    cases = " ".join(f"WHEN {bar} = '' THEN '{at}'" for at, bar in enumerate(source.bars))
    outcome = f"CASE WHEN a.bar <> '' THEN a.bar {cases} ELSE {source.bars[0]} END"
    sql = f"{source.common} SELECT {outcome}, a.term, COUNT(*) FROM {source.joined} GROUP BY 1, 2"
    by_channel = [0] * len(channels)
    left_out, excluded = Counter[str](), Counter[str]()
    with connection.cursor() as cursor:
        cursor.execute(sql, source.params)
        for outcome, term, count in cursor.fetchall():
            if outcome.isdigit():
                by_channel[int(outcome)] += count
            else:
                left_out[outcome] += count
                excluded += Counter({term: count} if outcome == LeftOut.EXCLUDED else {})
    return Reach(tuple(by_channel), left_out, excluded)


def zones_of(
    audience: QuerySet[Recipient], rights: Rights, owner_id: int, channels: Sequence[str]
) -> dict[str, int]:
    """How many of those whom the freeze would share out live in each time zone. In one query."""
    asked = ("a.time_zone, COUNT(*)", " GROUP BY 1")
    return dict(_of_reached(asked, audience, rights, owner_id, channels))


def languages_of(
    audience: QuerySet[Recipient], rights: Rights, owner_id: int, channels: Sequence[str]
) -> dict[str, int]:
    """How many of those whom the freeze would share out speak each language. In one query."""
    asked = ("a.language, COUNT(*)", " GROUP BY 1")
    return dict(_of_reached(asked, audience, rights, owner_id, channels, ["language"]))


def lacking_of(
    audience: QuerySet[Recipient],
    rights: Rights,
    owner_id: int,
    channels: Sequence[str],
    columns: Sequence[str],
) -> tuple[int, ...]:
    """How many the freeze would share out, and for how many of them each column is 1.

    ``columns`` are annotations of 0 and 1. In one query.
    """
    sums = "".join(f", COALESCE(SUM(a.{column}), 0)" for column in columns)
    asked = (f"COUNT(*){sums}", "")
    found = _of_reached(asked, audience, rights, owner_id, channels, columns)
    return tuple(map(int, found[0])) if found else (0,) * (1 + len(columns))


def ids_of(
    audience: QuerySet[Recipient], rights: Rights, owner_id: int, channels: Sequence[str]
) -> list[int]:
    """Whom the freeze would share out. In one query."""
    return [row[0] for row in _of_reached(("a.id", ""), audience, rights, owner_id, channels)]


def _of_reached(
    asked: tuple[str, str],
    audience: QuerySet[Recipient],
    rights: Rights,
    owner_id: int,
    channels: Sequence[str],
    columns: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """What is ``asked`` of those whom the freeze would share out: columns, and how to group."""
    try:
        source = source_of(audience.order_by(), rights, owner_id, channels, columns)
    except EmptyResultSet:
        return []
    reached = " OR ".join(f"{bar} = ''" for bar in source.bars)
    found, grouped = asked
    sql = (
        f"{source.common} SELECT {found} FROM {source.joined}"
        f" WHERE a.bar = '' AND ({reached}){grouped}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, source.params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
