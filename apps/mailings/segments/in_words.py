"""A tree of conditions in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.utils import formats
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from apps.mailings.models import AttributeDefinition
from apps.mailings.segments.checking import ROWS, ids_of
from apps.mailings.segments.fields import ATTRIBUTE, FIELDS, FieldTest, tests_of
from apps.mailings.segments.tree import (
    NOT,
    Condition,
    Node,
    Place,
    children,
    condition_at,
    conditions,
    is_condition,
    places,
    root_of,
)
from apps.mailings.segments.values import Shape
from apps.users.models import User

#: Of more values only the first are named.
_NAMED: Final = 5
_Names = Mapping[tuple[str, int], str]


def sentence(tree: Node, owner: User) -> str:
    """Whom the conditions describe, in the language of now."""
    return sentences(tree, owner)["root"]


def sentences(tree: Node, owner: User) -> dict[str, str]:
    """Every node of the tree in words, by its path."""
    root = root_of(tree)
    asked = {place.path: condition_at(place) for place in conditions(root)}
    speaker = _Speaker(_names(asked.values(), owner), _attributes(owner))
    return {place.path: speaker.node(place) for place in places(root)}


def _names(asked: Iterable[Condition], owner: User) -> _Names:
    wanted: dict[str, set[int]] = {}
    for one in asked:
        kind, ids = ids_of(one)
        wanted.setdefault(kind, set()).update(ids)
    wanted.pop("", None)
    return {
        (kind, row.pk): str(row)
        for kind, ids in wanted.items()
        for row in ROWS[kind]._default_manager.filter(owner_id=owner.pk, pk__in=ids)
    }


def _attributes(owner: User) -> Mapping[str, AttributeDefinition]:
    return {one.name: one for one in AttributeDefinition.objects.filter(owner=owner)}


class _Speaker:
    """Says nodes, with the names of what they mention."""

    def __init__(self, names: _Names, attributes: Mapping[str, AttributeDefinition]) -> None:
        self.names, self.attributes = names, attributes
        self.kinds = {name: one.kind for name, one in attributes.items()}

    def node(self, place: Place, *, inner: bool = False) -> str:
        """A node; ``inner``: inside another one, so that a group needs brackets."""
        if is_condition(place.node):
            return self.condition(condition_at(place))
        inside = [self.node(child, inner=True) for child in children(place)]
        if NOT in place.node:
            return pgettext("conditions", "not: %(condition)s") % {"condition": inside[0]}
        word = (
            pgettext("conditions", " and ")
            if "all" in place.node
            else pgettext("conditions", " or ")
        )
        text = word.join(inside)
        return f"({text})" if inner and len(inside) > 1 else text

    def condition(self, asked: Condition) -> str:
        test = tests_of(asked.field, asked.name, self.kinds).get(asked.op)
        if test is None:
            return f"{asked.name or asked.field} {asked.op}"
        phrase = test.phrase or pgettext("condition", "%(field)s %(test)s %(value)s")
        return str(phrase) % {
            "field": self._field(asked),
            "test": test.label,
            "value": self._value(asked, test),
        }

    def _field(self, asked: Condition) -> str:
        if asked.field == ATTRIBUTE:
            return str(self.attributes[asked.name])
        return str(FIELDS[asked.field].label)

    def _value(self, asked: Condition, test: FieldTest) -> str:
        value = asked.value
        if test.shape is Shape.REACTION:
            return self._messages(asked)
        if test.shape is Shape.NOTHING:
            return ""
        if test.shape in (Shape.DAY_RANGE, Shape.NUMBER_RANGE):
            low, high = (self._one(one, asked, test) for one in value)
            return pgettext("conditions", "%(low)s and %(high)s") % {"low": low, "high": high}
        if isinstance(value, list):
            return self._several([self._one(one, asked, test) for one in value])
        return self._one(value, asked, test)

    def _one(self, value: Any, asked: Condition, test: FieldTest) -> str:
        if test.shape is Shape.FLAG:
            return _("yes") if value else _("no")
        if test.shape in (Shape.DAY, Shape.DAY_RANGE):
            return formats.date_format(parse_date(value) or value, "DATE_FORMAT")
        if test.shape is Shape.ROWS:
            return self._row(FIELDS[asked.field].rows, value)
        if test.shape in (Shape.CHOICE, Shape.CHOICES):
            return str(dict(FIELDS[asked.field].choices).get(value, value))
        if isinstance(value, str):
            return pgettext("conditions", "“%(value)s”") % {"value": value}
        return str(formats.localize(value))

    def _row(self, kind: str, pk: int) -> str:
        name = self.names.get((kind, pk))
        if name is None:
            return pgettext("conditions", "deleted (id:%(id)s)") % {"id": pk}
        return pgettext("conditions", "“%(value)s”") % {"value": name}

    def _several(self, values: list[str]) -> str:
        shown, more = values[:_NAMED], len(values) - _NAMED
        text = ", ".join(shown)
        if more <= 0:
            return text
        form = ngettext("%(values)s and %(count)d more", "%(values)s and %(count)d more", more)
        return form % {"values": text, "count": more}

    def _messages(self, asked: Condition) -> str:
        which = pgettext("conditions", "any message")
        if asked.mailings:
            which = self._several([self._row("mailings", pk) for pk in asked.mailings])
        if asked.run is not None:
            which = pgettext("conditions", "%(which)s, run %(number)d") % {
                "which": which,
                "number": asked.run,
            }
        if asked.link is not None:
            which = pgettext("conditions", "link %(number)d of %(which)s") % {
                "which": which,
                "number": asked.link,
            }
        if asked.days is not None:
            form = ngettext(
                "%(which)s in the last %(count)d day",
                "%(which)s in the last %(count)d days",
                asked.days,
            )
            which = form % {"which": which, "count": asked.days}
        if asked.machine:
            which = pgettext("conditions", "%(which)s (machines too)") % {"which": which}
        return which
