"""The list of recipients as a table that can be brought in again without loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.db import connection

from apps.core.exports.tables import Cell
from apps.core.models import OwnedQuerySet
from apps.core.values.addresses import written_phone
from apps.mailings.importing.columns import EXPORT_COLUMNS, export_header
from apps.mailings.importing.statuses import ACTIVE, ARCHIVED
from apps.mailings.importing.validation import joined_tags
from apps.mailings.models import Recipient, Suppression
from apps.mailings.models.audience import ADDRESS

CHUNK: Final = 2000
_SQLITE: Final = "SELECT DISTINCT pair.key FROM ({rows}) r, json_each(r.attributes) pair"
_POSTGRESQL: Final = "SELECT DISTINCT jsonb_object_keys(r.attributes) FROM ({rows}) r"


@dataclass(frozen=True, slots=True)
class RecipientTable:
    """The columns, then the rows, read a chunk at a time when somebody asks for them."""

    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def table_of(rows: OwnedQuerySet[Recipient]) -> RecipientTable:
    """One column for every field and every attribute that occurs, and the state as one word."""
    names = _attribute_names(rows)
    return RecipientTable(export_header(names), _cells(rows, names))


def _attribute_names(rows: OwnedQuerySet[Recipient]) -> list[str]:
    found, params = rows.order_by().values("attributes").query.sql_with_params()
    sql = _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE
    with connection.cursor() as cursor:
        cursor.execute(sql.format(rows=found), params)
        return sorted(name for (name,) in cursor.fetchall())


def _cells(rows: OwnedQuerySet[Recipient], names: Sequence[str]) -> Iterator[list[Cell]]:
    """Oldest first."""
    found = rows.order_by("pk").prefetch_related("tags").iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        left = _reasons(chunk)
        for row in chunk:
            written = {
                "phone": written_phone(row.phone or ""),
                "tags": joined_tags(sorted(tag.name for tag in row.tags.all())),
                "status": _status(row, left),
            }
            cells = [
                written[name] if name in written else getattr(row, name) for name in EXPORT_COLUMNS
            ]
            yield [*cells, *(row.attributes.get(name) for name in names)]


_Reasons = dict[tuple[int, str, str], str]


def _reasons(chunk: Sequence[Recipient]) -> _Reasons:
    """Why addresses of these recipients must not be written to, by owner, channel and address."""
    found: _Reasons = {}
    owners = {row.owner_id for row in chunk}
    for channel, name in ADDRESS.items():
        addresses = [str(value) for row in chunk if (value := getattr(row, name)) is not None]
        known = Suppression.objects.filter(
            owner_id__in=owners, channel=channel, address__in=addresses
        )
        for owner_id, address, reason in known.values_list("owner_id", "address", "reason"):
            found[owner_id, channel, address] = reason
    return found


def _status(row: Recipient, left: _Reasons) -> str:
    """One word when it holds for every address, else a word for each that is left out."""
    has = {channel: getattr(row, name) for channel, name in ADDRESS.items()}
    reasons = {
        channel: left.get((row.owner_id, channel, str(value)), "")
        for channel, value in has.items()
        if value is not None
    }
    labels = [ARCHIVED] if row.archived_at is not None else []
    if len(set(reasons.values())) == 1:
        labels += filter(None, set(reasons.values()))
    else:
        labels += [f"{channel}: {reason}" for channel, reason in reasons.items() if reason]
    return ", ".join(labels) or ACTIVE
