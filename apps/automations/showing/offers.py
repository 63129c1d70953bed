"""What the forms of an automation offer of its owner's things, and what these are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Model, QuerySet

from apps.automations.models import Automation
from apps.mailings.models import (
    AttributeDefinition,
    Mailing,
    MailingList,
    Message,
    Segment,
    Tag,
    TrackedLink,
)
from apps.mailings.models.content import NO_COPY
from apps.users.models import User

#: So many of a kind are offered, the newest; and the one that is chosen.
OFFERED: Final = 200
#: The tables by the field of a definition that holds their ids.
TABLES: Final[Mapping[str, type[Model]]] = {
    "message": Message,
    "tag": Tag,
    "list": MailingList,
    "segment": Segment,
    "mailing": Mailing,
    "automation": Automation,
}
Choice = tuple[str, str]


@dataclass(slots=True)
class Offers:
    """The owner's things to choose from, read when they are first asked for."""

    owner: User
    _rows: dict[str, list[Choice]] = field(default_factory=dict)

    def choices(self, name: str, chosen: object = None, *, but: int | None = None) -> list[Choice]:
        """The rows of a kind; the chosen one too, whatever became of it."""
        if name not in self._rows:
            self._rows[name] = [(str(row.pk), named(row)) for row in self._of(name)[:OFFERED]]
        offered = [one for one in self._rows[name] if one[0] != str(but)]
        if chosen in (None, "") or str(chosen) in dict(offered):
            return offered
        known = self._known(name, chosen)
        return [*offered, (str(chosen), known or f"(id:{chosen})")]

    def _of(self, name: str) -> QuerySet[Any]:
        rows: QuerySet[Any] = TABLES[name]._default_manager.filter(owner_id=self.owner.pk)
        if name == "message":
            rows = rows.filter(NO_COPY)
        if name == "mailing":
            rows = rows.filter(kind=Mailing.Kind.MAILING)
        if name == "automation":
            return rows.exclude(state=Automation.State.ARCHIVED).order_by("-pk")
        if hasattr(TABLES[name], "archived_at"):
            rows = rows.filter(archived_at=None)
        return rows.order_by("name") if name == "tag" else rows.order_by("-pk")

    def _known(self, name: str, chosen: object) -> str:
        if not str(chosen).isdecimal() or len(str(chosen)) > 18:
            return ""
        rows = TABLES[name]._default_manager.filter(owner_id=self.owner.pk, pk=int(str(chosen)))
        row = rows.first()
        return named(row) if row is not None else ""

    def date_fields(self, chosen: object = None) -> list[Choice]:
        """The custom fields that hold dates; the chosen one too, declared or not."""
        rows = AttributeDefinition.objects.filter(
            owner_id=self.owner.pk, kind=AttributeDefinition.Kind.DATE, archived_at=None
        )
        offered = [(one.name, str(one)) for one in rows]
        if isinstance(chosen, str) and chosen and chosen not in dict(offered):
            offered.append((chosen, chosen))
        return offered

    def links(self, mailing: object) -> list[Choice]:
        """The links of a mailing's newest run, by their numbers."""
        if not isinstance(mailing, int):
            return []
        rows = TrackedLink.objects.filter(
            run__mailing_id=mailing, run__mailing__owner_id=self.owner.pk
        )
        found: dict[str, str] = {}
        for one in rows.order_by("-run_id", "-version", "number")[:OFFERED]:
            found.setdefault(str(one.number), f"{one.label} {one.address}".strip()[:120])
        return sorted(found.items(), key=lambda item: int(item[0]))


def named(row: Any) -> str:
    """What people call it."""
    if isinstance(row, Message):
        return row.name or row.subject
    return str(row)


def names_of(asked: Iterable[tuple[str, int]], owner_id: int) -> dict[tuple[str, int], str]:
    """What the owner's rows are called, by kind and id; one query a kind."""
    wanted: dict[str, set[int]] = {}
    for name, pk in asked:
        wanted.setdefault(name, set()).add(pk)
    return {
        (name, row.pk): named(row)
        for name, ids in wanted.items()
        for row in TABLES[name]._default_manager.filter(owner_id=owner_id, pk__in=ids)
    }
