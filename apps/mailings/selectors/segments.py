"""What the builder of a segment offers, and what it may begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.functional import Promise

from apps.core.contracts import Actor
from apps.core.paging import row_id
from apps.core.values.addresses import phone_beginnings
from apps.mailings.models import AttributeDefinition, Channel, Recipient, Segment
from apps.mailings.segments.checking import ROWS
from apps.mailings.segments.fields import ATTRIBUTE, FIELDS
from apps.mailings.segments.tree import NOT, VERSION, Node
from apps.mailings.selectors.recipients import RecipientFilters, found_recipients, segments_of
from apps.users.models import User

#: So many rows of a kind a select offers, the newest of them; and those that are chosen.
OFFERED: Final = 200
#: States of the list whose people no condition finds.
WITHOUT_SEGMENT: Final = frozenset({"archived", "unconfirmed"})
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


def copyable(actor: Actor, *, but: int | None) -> list[tuple[str, str]]:
    """The segments whose conditions may be copied into another one."""
    return [(value, name) for value, name in segments_of(actor) if value != str(but)]


def conditions_of(actor: Actor, number: int | None) -> Node | None:
    """The conditions of one of one's own segments."""
    found = Segment.objects.editable_by(actor).filter(pk=number or 0).first()
    return dict(found.tree["root"]) if found is not None else None


def tree_of_filters(filters: RecipientFilters, actor: Actor) -> Node | None:
    """The filters of the list of recipients as conditions; None when nothing is filtered.

    They find the people whom the list shows, and such as have not confirmed: no condition keeps
    them out, and they get nothing. None also of a state that no segment can have.
    """
    if not filters.query() or filters.value("state") in WITHOUT_SEGMENT:
        return None
    nodes: list[Node] = []
    if query := filters.value("q"):
        nodes.append(_searched(query, filters, actor))
    for name, made in _CONDITIONS.items():
        if value := filters.value(name):
            ids = [row_id(str(value)) or 0]  # what is no id is refused beside its condition
            nodes.append({**made, "value": ids if made["op"] in _ROWS else value})
    if (number := filters.value("segment")) and (root := conditions_of(actor, number)):
        nodes += root["all"] if "all" in root else [root]
    state = filters.value("state")
    if state in ("", None, "suppressed"):
        kinds = [{"field": "channel", "op": "suppressed", "value": one} for one in Channel.values]
        nodes.append({"any": kinds} if state else {NOT: {"any": kinds}})
    return {"version": VERSION, "root": {"all": nodes}} if nodes else None


#: Filters that are one condition each.
_CONDITIONS: Final[Mapping[str, Node]] = {
    "tag": {"field": "tag", "op": "any_of"},
    "list": {"field": "list", "op": "subscribed"},
    "added_by": {"field": "import", "op": "in"},
    "operator": {"field": "operator_code", "op": "is"},
}
_ROWS: Final = ("any_of", "subscribed", "in")


def _searched(query: str, filters: RecipientFilters, actor: Actor) -> Node:
    """An address that begins so; or a name, unless it is an address that was found."""
    mine = found_recipients(Recipient.objects.editable_by(actor), filters)
    nodes: list[Node] = [{"field": "email", "op": "starts", "value": query.lower()}]
    nodes += [
        {"field": "phone", "op": "starts", "value": beginning}
        for beginning in phone_beginnings(query)
    ]
    if not mine.field:
        nodes.append({"field": "full_name", "op": "contains", "value": query})
    return {"any": nodes}
