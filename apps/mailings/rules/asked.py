"""What the conditions of a run's content ask of its people, answered by one bit each at the freeze.

So a letter that is tried again is the letter that was tried first, whatever became of the person's
tags meanwhile. A run keeps the conditions of its segments as they stood at the launch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Exists,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext as _

from apps.core.content.program.conditions import SEGMENT, TAG, Asked
from apps.core.errors import Refused
from apps.mailings.ledger.reach import BITS
from apps.mailings.models import Recipient, RecipientTag, Segment, Tag
from apps.mailings.run_content import asked_of
from apps.mailings.segments import Ground, compiled, ground_of


class ConditionGone(Refused):
    """A condition of the message asks for a tag or segment that the owner does not have."""

    code = "condition_gone"


class ConditionsChanged(Refused):
    """The message asks a frozen run for tags or segments that its deliveries have no bits for."""

    code = "conditions_changed"


@dataclass(frozen=True, slots=True)
class AskedTerm:
    """A tag, or a segment with its conditions as they were."""

    kind: str
    id: int
    tree: Mapping[str, Any] | None = None

    def holds(self, ground: Ground) -> Q:
        """For whom it is true."""
        if self.tree is not None:
            return compiled(dict(self.tree), ground)
        return Q(Exists(ground.within(RecipientTag.objects.filter(tag_id=self.id))))


def kept_terms(asked: Sequence[Asked], owner_id: int) -> list[dict[str, Any]]:
    """The terms as a run keeps them, in the order of their bits. Raises ConditionGone."""
    tags = {pk for kind, pk in asked if kind == TAG}
    segments = {pk for kind, pk in asked if kind == SEGMENT}
    trees = Segment.objects.filter(owner_id=owner_id, archived_at=None, pk__in=segments)
    found = dict(trees.values_list("pk", "tree"))
    known = set(Tag.objects.filter(owner_id=owner_id, pk__in=tags).values_list("pk", flat=True))
    if tags - known or segments - found.keys():
        raise ConditionGone(
            _("A condition in the message asks for a tag or a segment that you no longer have.")
        )
    return [
        {"kind": kind, "id": pk} | ({"tree": found[pk]} if kind == SEGMENT else {})
        for kind, pk in asked
    ]


def asking(content: dict[str, Any], owner_id: int) -> dict[str, Any]:
    """The content with the terms that its conditions ask about. Raises ConditionGone."""
    asked = asked_of(content)
    return {**content, "asked": kept_terms(asked, owner_id)} if asked else content


def asking_no_more(content: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The content that replaces ``old`` in a frozen run. Raises ConditionsChanged.

    What nobody asked at the freeze has no bit in any delivery.
    """
    if set(asked_of(content)) - set(asked_of(old)):
        raise ConditionsChanged(
            _(
                "The message now asks for tags or segments that it did not ask for when the mailing"
                " started. Stop the mailing and start it anew, or take these conditions out."
            )
        )
    return {**content, "asked": old["asked"]} if "asked" in old else content


def terms_in(content: Mapping[str, Any]) -> tuple[AskedTerm, ...]:
    """The terms of a run's content, in the order of their bits."""
    return tuple(AskedTerm(**kept) for kept in content.get("asked", ()))


def with_bits(
    rows: QuerySet[Recipient], terms: Sequence[AskedTerm], ground: Ground
) -> QuerySet[Recipient]:
    """Each with the bits of the terms that hold for the person."""
    number = BigIntegerField()
    bits = [
        Case(
            When(term.holds(ground), then=Value(1 << at, output_field=number)),
            default=Value(0, output_field=number),
            output_field=number,
        )
        for at, term in enumerate(terms)
    ]
    return rows.annotate(**{BITS: reduce(add, bits)})


def bits_of_one(recipient: Recipient, content: Mapping[str, Any], now: datetime) -> int:
    """The bits of one person, as a freeze at this moment would store them. Raises ConditionGone."""
    asked = asked_of(content)
    if not asked or recipient.pk is None:
        return 0
    terms = terms_in({"asked": kept_terms(asked, recipient.owner_id)})
    rows = Recipient.objects.filter(owner_id=recipient.owner_id, pk=recipient.pk)
    found: Any = with_bits(rows, terms, ground_of(recipient.owner, now)).get()
    bits: int = found.condition_bits
    return bits
