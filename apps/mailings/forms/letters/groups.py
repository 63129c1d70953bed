"""Fields of a form that stand together on the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass
class Group:
    """``names`` of fields under a title; ``folded`` behind it unless ``opened``."""

    title: str | _StrPromise
    names: list[str] = field(default_factory=list)
    folded: bool = False
    opened: bool = False
    picture: str = ""  # the field that a picture is chosen for


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A group with its fields, unfolded where something in it is wrong."""

    title: str | _StrPromise
    fields: list[forms.BoundField]
    folded: bool
    opened: bool
    picture: str


class GroupedForm(forms.Form):
    """A form whose fields are put into groups while it is made."""

    groups: list[Group]

    def put(self, group: Group, key: str, made: forms.Field, initial: Any) -> None:
        """Add a field to the form and to the group."""
        made.initial = initial
        self.fields[key] = made
        group.names.append(key)

    def shown_groups(self) -> Iterator[ShownGroup]:
        """The groups that have fields."""
        for group in self.groups:
            bound = [self[name] for name in group.names]
            if bound:
                opened = group.opened or any(one.errors for one in bound)
                yield ShownGroup(group.title, bound, group.folded, opened, group.picture)
