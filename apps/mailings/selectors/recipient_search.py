"""Finding recipients by what somebody types, among a million as among ten.

Addresses are found by their beginning, through the index. A name is found by any part of it, which
no index of an acceptable price can do: beyond ``NAMES`` rows only the newest are looked at, and the
page says so and offers to search all. Who types what only an address has, and finds some, is not
made to wait for the names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models import F, Q, QuerySet

from apps.core.models import OwnedQuerySet
from apps.core.values.addresses import NORMAL, email, phone_beginnings
from apps.mailings.models import Recipient
from apps.mailings.models.audience import ADDRESS, MESSENGERS
from apps.mailings.prefixes import begins
from apps.users.models import User

#: So many of the newest recipients are looked through for a name.
NAMES: Final = 100_000
#: Up to so many hits are listed one by one; more of them are met soon enough on any way.
FEW: Final = 10_000
#: More owners than this are not asked one by one.
_OWNERS: Final = 2000
#: No name, but perhaps an address: ASCII without blanks and with a sign of theirs, or digits.
_ONLY_ADDRESS: Final = re.compile(r"[!-~]*[@._+0-9][!-~]*|[0-9\s()+.-]+")
_LETTER: Final = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Search:
    """What was found; ``partly``: only the newest were looked through for a name.

    ``count`` is known when somebody searched; more than ``FEW`` means that nobody counted further.
    ``field`` is the address that alone was searched: its index has the rows in its order.
    """

    rows: OwnedQuerySet[Recipient]
    partly: bool = False
    count: int | None = None
    field: str = ""


def search(rows: OwnedQuerySet[Recipient], query: str, *, everywhere: bool = False) -> Search:
    """The rows with such an address or name."""
    by_address, by_name = _address(query), _name(query)
    if _ONLY_ADDRESS.fullmatch(query) and not everywhere:
        found = _by_owner(rows).filter(by_address)
        if found.exists():
            return Search(found, field="email" if _LETTER.search(query) else "phone")
    boundary = None if everywhere else _boundary(rows)
    if boundary is not None:
        by_name &= Q(pk__gt=boundary)
    hits = {*_few(_by_owner(rows).filter(by_address)), *_few(rows.filter(by_name))}
    found = rows.filter(pk__in=hits) if len(hits) <= FEW else rows.filter(by_address | by_name)
    return Search(found, boundary is not None, len(hits))


def addressed(rows: OwnedQuerySet[Recipient], query: str) -> tuple[list[int], Q]:
    """Those with such an address: their ids when they are few, and what says so of any row."""
    matches = _address(query)
    if query.lstrip("-").isdigit() and len(query) < 19:
        for channel in MESSENGERS:
            matches |= Q(**{ADDRESS[channel]: int(query)})
    return _few(_by_owner(rows).filter(matches)), matches


def with_address(rows: OwnedQuerySet[Recipient], typed: str) -> Recipient | None:
    """The one who has this address; else the first whose address begins so. The living first."""
    typed = typed.replace("\x00", "").strip()[:254]
    if not typed:
        return None
    rows = rows.order_by(F("archived_at").desc(nulls_first=True), "pk")
    exact = Q(pk__in=())
    for channel, field in ADDRESS.items():
        if (address := NORMAL[channel](typed)) is not None:
            exact |= Q(**{field: address})
    return rows.filter(exact).first() or rows.filter(addressed(rows, typed)[1]).first()


def _few(rows: QuerySet[Recipient]) -> list[int]:
    return list(rows.order_by().values_list("pk", flat=True)[: FEW + 1])


def _address(query: str) -> Q:
    found = begins("email", query.lower())
    if (address := email(query)) is not None:
        found |= Q(email=address)
    for beginning in () if _LETTER.search(query) else phone_beginnings(query):
        found |= begins("phone", beginning)
    return found


def _name(query: str) -> Q:
    # SQLite's LIKE knows the case of Latin letters only; its REGEXP is Python's.
    if connection.vendor == "sqlite":
        return Q(full_name__iregex=re.escape(query))
    return Q(full_name__icontains=query)


def _boundary(rows: OwnedQuerySet[Recipient]) -> int | None:
    """The id below which names are not looked at; None when all are."""
    newest = rows.order_by("-pk").values_list("pk", flat=True)
    return newest[NAMES : NAMES + 1].first()


def _by_owner(rows: OwnedQuerySet[Recipient]) -> OwnedQuerySet[Recipient]:
    """For everybody's rows, name the owners: the index of addresses begins with them."""
    owners = list(User.objects.values_list("pk", flat=True)[: _OWNERS + 1])
    if len(owners) > _OWNERS:
        return rows
    return rows.filter(owner_id__in=owners)
