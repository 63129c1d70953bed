"""What the rows of a file say of lists: who is on which, since when, and by what right.

A row that names no list speaks of the one that was chosen for the whole file. Who has left stays
away: the database decides that (staging.permission_sql); here it is only read what the row says.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Protocol

from apps.mailings.fields import LISTINGS, Target
from apps.mailings.importing import statuses
from apps.mailings.importing.columns import Columns, attribute_name
from apps.mailings.importing.permission.moments import is_empty, moment_of
from apps.mailings.importing.reject_reasons import Reason
from apps.mailings.models import Channel

#: The columns of the stage that hold it; ``words`` are pairs of a list and a status.
SAID: Final = ("since", "said_at", "act", "ip", "evidence", "texts", "who", "ended_at", "why")
#: The list that was chosen for the whole file.
CHOSEN: Final = ""
MOST_LISTS: Final = 50
_LONGEST_TITLE: Final = 120
_LONGEST_TEXT: Final = 500
_DATES: Final = (
    Target.CONSENT_DATE,
    Target.CONFIRMED_DATE,
    Target.UNSUBSCRIBED_DATE,
    Target.SINCE,
)


@dataclass(frozen=True, slots=True)
class Terms:
    """How what is said is to be taken and written down.

    ``chosen``: there is a list for the whole file; ``stated``: the owner answers for people without
    evidence. ``moment`` writes a time as the database compares it, ``who`` digests an address.
    """

    chosen: bool
    stated: bool
    moment: Callable[[datetime], str]
    who: Callable[[str, str], str]


class Draft(Protocol):
    """A block that is becoming a batch."""

    def reject(self, at: int, reason: Reason, detail: str) -> None: ...

    def warn(self, at: int, reason: Reason, detail: str) -> None: ...


@dataclass(slots=True)
class _Row:
    """What one row says, as the stage keeps it. ``status`` is that of the person."""

    status: str
    standings: list[tuple[str, str]]
    said: dict[str, str]


def speaks_of_lists(columns: Columns, terms: Terms | None) -> bool:
    """True when rows put people on lists, or take them off."""
    named = any(target in columns.fields for target in LISTINGS)
    return terms is not None and (terms.chosen or named)


def permissions(
    raw: Sequence[Sequence[str]],
    columns: Columns,
    checked: Mapping[str, Sequence[str]],
    draft: Draft,
    terms: Terms,
) -> dict[str, list[str]]:
    """The columns of the stage about lists. Those of ``checked`` that suppress addresses are
    emptied where the row only leaves a list."""
    rows = list(_read(raw, columns, checked, draft, terms))
    for at, row in enumerate(rows):
        if row.standings and (spared := _OF_A_LIST.get(row.status)):
            _spare(checked, at, spared)
    return {
        "words": [json.dumps(row.standings, ensure_ascii=False) for row in rows],
        **{name: [row.said.get(name, "") for row in rows] for name in SAID},
    }


#: Statuses that speak of the list and suppress nobody, and as which reason they were read.
_OF_A_LIST: Final = {"unsubscribed": statuses.UNSUBSCRIBED, "unconfirmed": statuses.BLOCKED}


def _spare(checked: Mapping[str, Sequence[str]], at: int, spared: str) -> None:
    for channel in Channel.values:
        column = checked.get(f"left_{channel}")
        if isinstance(column, list) and column[at] == spared:
            column[at] = ""


def _read(
    raw: Sequence[Sequence[str]],
    columns: Columns,
    checked: Mapping[str, Sequence[str]],
    draft: Draft,
    terms: Terms,
) -> Iterator[_Row]:
    places = () if columns.own else columns.fields.get(Target.STATUS, ())
    names = [attribute_name(columns.header[at]) for at in places]
    count = len(raw[0]) if raw else 0
    given = {target: raw[at[0]] for target, at in columns.fields.items() if target in _OURS}
    dates = {target: _dates(given[target], draft) for target in _DATES if target in given}
    for at in range(count):
        values = tuple(raw[place][at] for place in places)
        status = statuses.standing(names, values) if places else "subscribed"
        one = {target: column[at].strip() for target, column in given.items()}
        moments: dict[Target, datetime] = {}
        for target, column in dates.items():
            if (moment := column[at]) is not None:
                moments[target] = moment
        if Target.UNSUBSCRIBED_DATE in moments and status in ("subscribed", "unconfirmed"):
            status = "unsubscribed"
        if status == statuses.UNKNOWN:
            draft.reject(at, Reason.UNKNOWN_STATUS, " ".join(filter(None, values))[:60])
        row = _Row(status, _standings(one, status, terms), _evidence(one, moments, terms))
        subscribes = any(word == "subscribed" for _list, word in row.standings)
        if subscribes and not terms.stated and not row.said.get("said_at"):
            draft.reject(at, Reason.NO_EVIDENCE, "")
        if row.said:
            row.said["who"] = _who(checked, at, terms)
        yield row


def _dates(values: Sequence[str], draft: Draft) -> list[datetime | None]:
    found = [None if is_empty(value) else moment_of(value) for value in values]
    for at, (value, moment) in enumerate(zip(values, found, strict=True)):
        if moment is None and not is_empty(value):
            draft.warn(at, Reason.DATE_NOT_TAKEN, value)
    return found


#: Columns of lists with a status of their own, whatever that of the person is.
_APART: Final = {target: how for target, how in LISTINGS.items() if target is not Target.LISTS}


def _standings(one: Mapping[Target, str], status: str, terms: Terms) -> list[tuple[str, str]]:
    """The lists of the row with its status; who unsubscribed from one is not on it."""
    found: dict[str, str] = {}
    lists = split_lists(one.get(Target.LISTS, ""))
    if Target.LISTS not in one and terms.chosen:
        lists = [CHOSEN]
    elif not lists and terms.chosen and not _APART.keys() & one.keys():
        lists = [CHOSEN]
    if status in ("subscribed", "unconfirmed", "unsubscribed"):
        found |= dict.fromkeys(lists, status)
    for target, standing in _APART.items():
        found |= dict.fromkeys(split_lists(one.get(target, "")), standing)
    return list(found.items())[:MOST_LISTS]


@lru_cache(maxsize=4096)
def split_lists(value: str) -> list[str]:
    """The titles of lists in one cell, as JSON or parted by commas, semicolons or bars."""
    text = value.strip()
    if text.startswith("["):
        try:
            parts = [str(part) for part in json.loads(text)]
        except ValueError:
            parts = [text]
    else:
        parts = statuses.PARTS.split(text)
    names = (" ".join(part.split())[:_LONGEST_TITLE] for part in parts)
    return list(dict.fromkeys(name for name in names if name))


def joined_lists(titles: Sequence[str]) -> str:
    """The titles in one cell, as split_lists takes them apart."""
    plain = ", ".join(titles)
    return plain if split_lists(plain) == list(titles) else json.dumps(titles, ensure_ascii=False)


def _evidence(
    one: Mapping[Target, str], moments: Mapping[Target, datetime], terms: Terms
) -> dict[str, str]:
    said: dict[str, str] = {}
    confirmed = moments.get(Target.CONFIRMED_DATE)
    given = confirmed or moments.get(Target.CONSENT_DATE)
    since = moments.get(Target.SINCE) or given
    if since is not None:
        said["since"] = terms.moment(since)
    if given is not None:
        said["said_at"] = terms.moment(given)
        said["act"] = "confirmed" if confirmed else "given"
        said["ip"] = _ip(one.get(Target.CONSENT_IP, ""))
        text = one.get(Target.CONSENT_TEXT, "")
        if text:
            digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
            kept = [{"sha256": digest, "text": text[:_LONGEST_TEXT]}]
            said["texts"] = json.dumps(kept, ensure_ascii=False)
        proof = "|".join((given.isoformat(), said["act"], said["ip"], text))
        said["evidence"] = hashlib.sha256(proof.encode(errors="replace")).hexdigest()
    ended = moments.get(Target.UNSUBSCRIBED_DATE)
    if ended is not None:
        said["ended_at"] = terms.moment(ended)
    if reason := one.get(Target.UNSUBSCRIBED_REASON, ""):
        said["why"] = reason[:_LONGEST_TEXT]
    return said


def _ip(value: str) -> str:
    try:
        return str(ipaddress.ip_address(statuses.PARTS.split(value.strip())[0].strip()))
    except ValueError:
        return ""


def _who(checked: Mapping[str, Sequence[str]], at: int, terms: Terms) -> str:
    for target, channel in ((Target.EMAIL, "email"), (Target.PHONE, "phone")):
        if target in checked and (address := checked[target][at]):
            return terms.who(channel, address)
    return ""


_OURS: Final = frozenset(
    {
        *_DATES,
        *LISTINGS,
        Target.CONSENT_IP,
        Target.CONSENT_TEXT,
        Target.UNSUBSCRIBED_REASON,
    }
)
