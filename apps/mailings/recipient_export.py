"""The list of recipients as a table that can be brought in again without loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Final

from django.db import connection
from django.utils.translation import gettext as _

from apps.core.exports.tables import Cell
from apps.core.models import OwnedQuerySet
from apps.core.values.addresses import written_phone
from apps.mailings.attribute_values import as_text
from apps.mailings.fields import LISTINGS
from apps.mailings.importing.columns import (
    EXPORT_COLUMNS,
    OWN_COLUMNS,
    export_header,
    export_headings,
)
from apps.mailings.importing.permission.rows import joined_lists
from apps.mailings.importing.statuses import ACTIVE, ARCHIVED, status_words
from apps.mailings.importing.tags import joined_tags
from apps.mailings.models import Recipient, Subscription
from apps.mailings.selectors.recipient_status import Address, reasons_of, suppressed_among

CHUNK: Final = 2000
YES: Final = "yes"
NO: Final = "no"
#: The columns of lists, and the status of a subscription that each has.
_HOW: Final = {target.value: how for target, how in LISTINGS.items()}
_SQLITE: Final = "SELECT DISTINCT pair.key FROM ({rows}) r, json_each(r.attributes) pair"
_POSTGRESQL: Final = "SELECT DISTINCT jsonb_object_keys(r.attributes) FROM ({rows}) r"


@dataclass(frozen=True, slots=True)
class RecipientTable:
    """The columns, then the rows, read a chunk at a time when somebody asks for them."""

    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]


def table_of(rows: OwnedQuerySet[Recipient]) -> RecipientTable:
    """One column for every field and every attribute that occurs, and the status as one word.

    Where somebody is or was on a list, there are columns of lists as well, one for each standing.
    """
    names, own = _attribute_names(rows), _own_columns(rows)
    return RecipientTable(export_header(names, own), _cells(rows, own, names, {}))


def worded_table_of(rows: OwnedQuerySet[Recipient]) -> RecipientTable:
    """The same for people: headings and statuses in the words of their language."""
    names, own = _attribute_names(rows), _own_columns(rows)
    header = export_header(names, export_headings()[: len(own)])
    texts = {**status_words(), YES: _("yes"), NO: _("no")}
    return RecipientTable(header, _cells(rows, own, names, texts))


def sample_list() -> tuple[Sequence[str], Sequence[Sequence[Cell]]]:
    """A list of two people as the page gives it, to see how an import wants it."""
    headings = dict(zip(EXPORT_COLUMNS, export_headings(), strict=True))
    shown = ("email", "full_name", "phone", "time_zone", "tags")
    rows = [
        ("anna@example.com", _("Anna Ivanova"), "79161234567", "Europe/Moscow", _("clients")),
        ("boris@example.com", _("Boris Petrov"), "", "Asia/Vladivostok", _("clients, partners")),
    ]
    cities = (_("Moscow"), _("Vladivostok"))
    header = [*(headings[name] for name in shown), _("City")]
    return header, [[*row, city] for row, city in zip(rows, cities, strict=True)]


def _own_columns(rows: OwnedQuerySet[Recipient]) -> Sequence[str]:
    people = rows.order_by().values("pk")
    listed = Subscription.objects.filter(recipient__in=people, list__archived_at=None).exists()
    return EXPORT_COLUMNS if listed else OWN_COLUMNS


def _attribute_names(rows: OwnedQuerySet[Recipient]) -> list[str]:
    found, params = rows.order_by().values("attributes").query.sql_with_params()
    sql = _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE
    with connection.cursor() as cursor:
        cursor.execute(sql.format(rows=found), params)
        return sorted(name for (name,) in cursor.fetchall())


def _cells(
    rows: OwnedQuerySet[Recipient],
    own: Sequence[str],
    names: Sequence[str],
    texts: Mapping[str, str],
) -> Iterator[list[Cell]]:
    """Oldest first. ``texts``: what stands for a code."""
    found = rows.order_by("pk").prefetch_related("tags").iterator(chunk_size=CHUNK)
    while chunk := list(islice(found, CHUNK)):
        suppressed = suppressed_among(chunk)
        lists = _lists_of(chunk) if own is EXPORT_COLUMNS else {}
        for row in chunk:
            written = {
                **{name: joined_lists(lists.get((row.pk, how), ())) for name, how in _HOW.items()},
                "phone": written_phone(row.phone or ""),
                "unmeasured": texts.get(YES, YES) if row.unmeasured else texts.get(NO, NO),
                "tags": joined_tags(sorted(tag.name for tag in row.tags.all())),
                "status": _status(row, suppressed, texts),
            }
            cells = [written[name] if name in written else getattr(row, name) for name in own]
            yield [*cells, *(as_text(row.attributes.get(name)) for name in names)]


def _lists_of(chunk: Sequence[Recipient]) -> Mapping[tuple[int, str], Sequence[str]]:
    """The lists in use of these people, by person and standing."""
    rows = Subscription.objects.filter(recipient__in=chunk, list__archived_at=None)
    found: dict[tuple[int, str], list[str]] = {}
    for person, how, title in rows.order_by("list_id").values_list(
        "recipient_id", "status", "list__title"
    ):
        found.setdefault((person, how), []).append(title)
    return found


def _status(row: Recipient, suppressed: Mapping[Address, str], texts: Mapping[str, str]) -> str:
    """One word when it holds for every address, else a word for each that is left out."""
    reasons = reasons_of(row, suppressed)

    def said(code: str) -> str:
        return texts.get(code, code)

    labels = [said(ARCHIVED)] if row.archived_at is not None else []
    if len(set(reasons.values())) == 1:
        labels += map(said, filter(None, set(reasons.values())))
    else:
        found = filter(itemgetter(1), reasons.items())
        labels += [f"{said(channel)}: {said(reason)}" for channel, reason in found]
    return ", ".join(labels) or said(ACTIVE)
