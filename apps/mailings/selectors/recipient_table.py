"""The table of recipients: its columns, and what stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.contracts import Actor
from apps.core.lists.table import Table, TableColumn
from apps.mailings.attribute_values import as_text
from apps.mailings.models import Recipient, RecipientTag
from apps.mailings.selectors.recipient_status import RecipientStatus, statuses_of
from apps.mailings.selectors.recipients import field_names

#: In front of the name of a custom field that is a column.
FIELD: Final = "field."
COLUMNS: Final = (
    TableColumn(name="email", label=_("Email"), sort="email", indexed=True, phone="lead"),
    TableColumn(name="name", label=pgettext_lazy("person", "Name"), sort="full_name"),
    TableColumn(name="status", label=_("Status"), phone="side"),
    TableColumn(name="phone", label=_("Phone"), sort="phone", phone=""),
    TableColumn(name="tags", label=_("Tags"), phone=""),
    TableColumn(name="sent", label=_("Last sent"), sort="last_sent"),
    TableColumn(name="added", label=_("Added"), sort="pk", phone=""),
    TableColumn(name="zone", label=_("Time zone"), sort="time_zone", shown=False),
    TableColumn(name="operator", label=_("Operator code"), sort="operator_code", shown=False),
)
ID: Final = TableColumn(name="id", label="ID", sort="pk", number=True, shown=False)


def columns_for(actor: Actor) -> list[TableColumn]:
    """The columns that this reader may choose from, custom fields and all."""
    fields = [
        TableColumn(
            name=f"{FIELD}{name}",
            label=name,
            sort="" if "__" in name else f"attributes__{name}",
            shown=False,
        )
        for name in field_names(actor)
    ]
    owner = TableColumn(name="owner", label=_("Owner"), sort="owner__email")
    return [*COLUMNS, *([owner] if actor.sees_all else []), *fields, ID]


def tag_names_of(found: Sequence[Recipient]) -> dict[int, list[str]]:
    """The names of their tags, by the recipient's id."""
    names: dict[int, list[str]] = {}
    given = RecipientTag.objects.filter(recipient__in=[row.pk for row in found])
    for number, name in given.order_by("tag__name").values_list("recipient_id", "tag__name"):
        names.setdefault(number, []).append(name)
    return names


@dataclass(frozen=True, slots=True)
class RecipientRow:
    """A recipient with its status and tags, and the values of the custom fields that are shown."""

    recipient: Recipient
    status: RecipientStatus
    tags: str
    fields: Sequence[tuple[str, str]]


def rows_of(found: Sequence[Recipient], table: Table) -> list[RecipientRow]:
    """The rows as the table shows them."""
    statuses = statuses_of(found)
    tags = tag_names_of(found) if table.shows("tags") else {}
    names = [column.name for column in table.shown if column.name.startswith(FIELD)]
    return [
        RecipientRow(
            row,
            statuses[row.pk],
            ", ".join(tags.get(row.pk, ())),
            [(name, as_text(row.attributes.get(name.removeprefix(FIELD)))) for name in names],
        )
        for row in found
    ]
