"""What people do to their custom fields, and how values become those of another kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from apps.core.contracts import BackgroundJob
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.core.services import BaseCRUDService
from apps.mailings.attribute_values import (
    AttributeKind,
    Kind,
    as_text,
    define,
    kinds_of,
    list_items,
)
from apps.mailings.models import AttributeDefinition, Recipient, Segment
from apps.mailings.segments.attributes import attribute
from apps.mailings.segments.checking import attributes_in, fits
from apps.mailings.segments.fields import ATTRIBUTE
from apps.mailings.segments.ground import Ground, ground_of
from apps.mailings.segments.tree import Condition

log = structlog.get_logger(__name__)

#: People whose value is read anew in one transaction.
CHUNK: Final = 2000
_NAME: Final = re.compile(r"[^\W\d]\w{0,49}")


class AttributeUnfit(Refused):
    """A custom field cannot be used so."""

    code = "attribute_unfit"


class AttributeMisfit(AttributeUnfit):
    """The value cannot be read as the kind of its custom field."""

    code = "attribute_misfit"


class AttributeUnknown(AttributeUnfit):
    """There is no custom field with this name."""

    code = "attribute_unknown"


class AttributeInUse(Refused):
    """Segments ask for this custom field."""

    code = "attribute_in_use"


class AttributeService(BaseCRUDService[AttributeDefinition]):
    """An actor's custom fields."""

    def rows(self) -> OwnedQuerySet[AttributeDefinition]:
        return AttributeDefinition.objects.all()

    def save(self, row: AttributeDefinition) -> AttributeDefinition:
        """Save a definition. A changed kind, or other choices, begin to read the values anew.

        Raises AttributeUnfit for a name that no template can use, and AttributeInUse.
        """
        check_definition(row)
        before = self.rows().filter(pk=row.pk).first() if row.pk is not None else None
        if row.kind != Kind.CHOICE:
            row.choices = []
        if before is None or (before.kind, before.choices) != (row.kind, row.choices):
            row.read_up_to = 0
        return super().save(row)

    def remove(self, row: AttributeDefinition, *, now: datetime) -> bool:
        """Put the definition away; the values stay with the people. Raises AttributeInUse."""
        using = [one.name for one in _segments(row.owner_id) if row.name in attributes_in(one.tree)]
        if using:
            raise AttributeInUse(_used_by(using))
        row.archived_at = now
        row.save(update_fields=["archived_at", "updated_at"])
        return False

    def restore(self, row: AttributeDefinition) -> None:
        """Offer a definition again that was put away."""
        row.archived_at = None
        row.save(update_fields=["archived_at", "updated_at"])


def check_definition(row: AttributeDefinition) -> None:
    """Raise what ``AttributeService.save`` refuses."""
    if not _NAME.fullmatch(row.name):
        raise AttributeUnfit(_("A name has letters, digits and _, and begins with a letter."))
    _refuse_misfitting_segments(row)


def fitted(
    *, owner_id: int, given: Mapping[str, object], had: Mapping[str, object]
) -> dict[str, Any]:
    """The values as their kinds. What a person had already stays as it is.

    Raises AttributeMisfit. A name without a definition is one of text; there a list field may
    stand.
    """
    kinds = kinds_of(owner_id)
    found: dict[str, Any] = {}
    for name, value in given.items():
        kind = kinds.get(name, AttributeKind())
        if isinstance(value, list):
            found[name] = _fitted_list(name, value, kind)
            continue
        read = None if as_text(value) == "" else kind.read(value)
        if name in had and as_text(had[name]) == as_text(value):
            found[name] = had[name]
        elif read is not None:
            found[name] = read
        elif as_text(value) == "":
            found[name] = ""
        else:
            raise _misfit(name, value, kind)
    return found


def _fitted_list(name: str, value: list[Any], kind: AttributeKind) -> list[Any]:
    if kind.kind != Kind.TEXT or list_items(value) is None:
        raise _misfit(name, value, kind)
    return value


def _misfit(name: str, value: object, kind: AttributeKind) -> AttributeMisfit:
    text = _("“%(value)s” does not fit the custom field %(name)s (%(kind)s).")
    label = Kind(kind.kind).label
    return AttributeMisfit(text % {"value": as_text(value)[:60], "name": name, "kind": label})


def fit(recipient: Recipient) -> None:
    """Bring a recipient's values into the form of their kinds. Raises AttributeMisfit."""
    had = Recipient.objects.filter(pk=recipient.pk).values_list("attributes", flat=True).first()
    if had == recipient.attributes:
        return
    owner_id = recipient.owner_id
    recipient.attributes = fitted(owner_id=owner_id, given=recipient.attributes, had=had or {})
    define(owner_id, recipient.attributes, kinds_of(owner_id))


def misfits_of(definition: AttributeDefinition, ground: Ground) -> OwnedQuerySet[Recipient]:
    """The living people whose value cannot be read as the kind of this custom field."""
    rows = Recipient.objects.filter(owner_id=definition.owner_id, archived_at=None)
    rows = rows.filter(attributes__has_key=definition.name)
    if definition.kind == Kind.TEXT or (definition.kind == Kind.CHOICE and not definition.choices):
        return rows.none()
    asked = Condition(field=ATTRIBUTE, name=definition.name, op="known")
    if definition.kind == Kind.CHOICE:
        asked = asked.model_copy(update={"op": "in", "value": definition.choices})
    return rows.filter(~Q(attribute(asked, definition.kind, ground, whole=True)))


class AttributeReading(BackgroundJob):
    """Reads the values of custom fields anew after a change of their kind, a chunk at a time.

    A killed job goes on with the chunk in which it stood: reading a value twice changes nothing.
    """

    name = "attributes"
    every_tick = True

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        waiting = AttributeDefinition.objects.filter(read_up_to__isnull=False)
        for pk in waiting.values_list("pk", flat=True):
            while not stopping() and read_chunk(definition_id=pk, now=now):
                pass


@transaction.atomic
def read_chunk(*, definition_id: int, now: datetime) -> bool:
    """Read the next values as the kind of their custom field. False when there are none left."""
    mine = AttributeDefinition.objects.filter(pk=definition_id, read_up_to__isnull=False)
    if not mine.update(updated_at=now):  # this row's lock, and on SQLite the write lock
        return False
    definition = mine.select_related("owner").get()
    rows = Recipient.objects.filter(
        owner_id=definition.owner_id,
        pk__gt=definition.read_up_to,
        attributes__has_key=definition.name,
    )
    chunk = list(rows.order_by("pk").select_for_update().only("pk", "attributes")[:CHUNK])
    if not chunk:
        misfits = misfits_of(definition, ground_of(definition.owner, now)).count()
        mine.update(read_up_to=None, misfits=misfits)
        log.info("attribute_read", attribute_id=definition.pk, misfits=misfits)
        return False
    _read(chunk, definition)
    mine.update(read_up_to=chunk[-1].pk)
    return True


def _read(chunk: Sequence[Recipient], definition: AttributeDefinition) -> None:
    name, kind = definition.name, AttributeKind(definition.kind, tuple(definition.choices))
    changed = []
    for recipient in chunk:
        had: Any = recipient.attributes[name]
        read = had if isinstance(had, str) and had == "" else kind.read(had)
        if read is not None and (type(read), read) != (type(had), had):
            recipient.attributes[name] = read
            changed.append(recipient)
    Recipient.objects.bulk_update(changed, ["attributes"], batch_size=500)


def _segments(owner_id: int) -> list[Segment]:
    return list(Segment.objects.filter(owner_id=owner_id, archived_at=None))


def _refuse_misfitting_segments(row: AttributeDefinition) -> None:
    """Raises AttributeInUse when a segment asks what this kind cannot answer."""
    kinds = {row.name: row.kind}
    using = [one.name for one in _segments(row.owner_id) if not fits(one.tree, kinds)]
    if using:
        raise AttributeInUse(_used_by(using))


def _used_by(names: Sequence[str]) -> str:
    text = _("Segments use this custom field: %(names)s. Change them first.")
    return text % {"names": ", ".join(names[:5])}
