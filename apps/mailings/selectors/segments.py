"""What the builder of a segment offers, and the people that it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise

from apps.mailings.models import AttributeDefinition
from apps.mailings.segments.checking import ROWS
from apps.mailings.segments.fields import ATTRIBUTE, FIELDS
from apps.users.models import User

#: So many rows of a kind a select offers, the newest of them; and those that are chosen.
OFFERED: Final = 200
_Option = tuple[str, str | Promise]


@dataclass(slots=True)
class Offers:
    """What can be chosen in the builder, read when it is first asked for."""

    owner: User
    _rows: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    _attributes: list[AttributeDefinition] | None = None

    @property
    def attributes(self) -> list[AttributeDefinition]:
        if self._attributes is None:
            self._attributes = list(AttributeDefinition.objects.filter(owner=self.owner))
        return self._attributes

    @property
    def kinds(self) -> Mapping[str, str]:
        return {one.name: one.kind for one in self.attributes}

    def fields(self, chosen: str) -> list[tuple[str | Promise, list[_Option]]]:
        """The fields by their group; a custom field that was put away only when it is chosen."""
        groups: dict[str | Promise, list[_Option]] = {}
        for one in FIELDS.values():
            groups.setdefault(one.group, []).append((one.name, one.label))
        own: list[_Option] = [
            (value, str(one))
            for one in self.attributes
            if one.archived_at is None or chosen == f"{ATTRIBUTE}:{one.name}"
            for value in (f"{ATTRIBUTE}:{one.name}",)
        ]
        label = AttributeDefinition._meta.verbose_name_plural or ""
        return [*groups.items(), *([(label, own)] if own else [])]

    def rows(self, kind: str, chosen: Sequence[str]) -> list[tuple[str, str]]:
        """Lists, tags, mailings and the like to choose from."""
        if kind not in self._rows:
            found: Any = ROWS[kind]._default_manager.filter(owner_id=self.owner.pk).order_by("-pk")
            self._rows[kind] = [(str(row.pk), str(row)) for row in found[:OFFERED]]
        offered = self._rows[kind]
        known = {value for value, _label in offered}
        return [*offered, *((value, f"(id:{value})") for value in chosen if value not in known)]
