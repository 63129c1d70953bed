"""Is a tree one that this owner can use? In the one form in which it is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from django.db.models import Model
from django.utils.translation import gettext as _

from apps.core.values import addresses
from apps.mailings.models import (
    AttributeDefinition,
    ConsentText,
    Mailing,
    MailingList,
    RecipientImport,
    Tag,
)
from apps.mailings.segments.errors import SegmentInvalid
from apps.mailings.segments.fields import ATTRIBUTE, FIELDS, FieldTest, tests_of
from apps.mailings.segments.tree import (
    CONDITIONS,
    NOT,
    VERSION,
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
from apps.mailings.segments.values import Shape, each, is_of
from apps.users.models import User

#: What the ids of a condition stand for.
ROWS: Final[Mapping[str, type[Model]]] = MappingProxyType(
    {
        "lists": MailingList,
        "tags": Tag,
        "imports": RecipientImport,
        "texts": ConsentText,
        "mailings": Mailing,
    }
)
_NORMAL: Final[Mapping[str, Callable[[str], str | None]]] = MappingProxyType(
    {
        "email": addresses.email,
        "phone": addresses.phone,
        "domain": lambda text: addresses.email_domain(text.lstrip("@")),
    }
)


def checked(tree: Any, owner: User) -> Node:
    """The tree, if this owner can use it. Raises SegmentInvalid with the path of what is wrong."""
    top, *below = list(places(root_of(tree)))
    kinds = dict(AttributeDefinition.objects.filter(owner=owner).values_list("name", "kind"))
    found: dict[str, Condition] = {}
    for place in (top, *below):
        if is_condition(place.node):
            if len(found) == CONDITIONS:
                text = _("More than %(most)d conditions.") % {"most": CONDITIONS}
                raise SegmentInvalid(place.path, text)
            found[place.path] = _checked_condition(condition_at(place), kinds, place.path)
    _check_rows(found, owner)
    return {"version": VERSION, "root": _built(top, found)}


def ids_of(asked: Condition) -> tuple[str, list[int]]:
    """The rows that a condition names: of which kind, and their ids."""
    if asked.field == "did":
        return "mailings", asked.mailings or []
    test = tests_of(asked.field, asked.name, {}).get(asked.op)
    if test is None or test.shape is not Shape.ROWS:
        return "", []
    return FIELDS[asked.field].rows, asked.value


def rows_named(tree: Node) -> set[tuple[str, int]]:
    """Every row that a checked tree names: its kind, such as ``tags`` or ``lists``, and its id."""
    return {
        (kind, pk)
        for place in conditions(root_of(tree))
        for kind, ids in [ids_of(condition_at(place))]
        for pk in ids
    }


def _built(place: Place, found: Mapping[str, Condition]) -> Node:
    node = place.node
    if is_condition(node):
        return found[place.path].as_json()
    inside = [_built(child, found) for child in children(place)]
    return {NOT: inside[0]} if NOT in node else {next(iter(node)): inside}


def _checked_condition(asked: Condition, kinds: Mapping[str, str], path: str) -> Condition:
    test = _test(asked, kinds, path)
    if (asked.name != "") is not (asked.field == ATTRIBUTE):
        raise SegmentInvalid(path, _("Only a custom field has a name."))
    reaction = test.shape is Shape.REACTION
    if not reaction and asked.asks_history:
        raise SegmentInvalid(path, _("Mailings and days belong to “messages” only."))
    if reaction and asked.machine and asked.op not in ("opened", "clicked"):
        raise SegmentInvalid(f"{path}.machine", _("Only openings and clicks are made by machines."))
    _check_numbers(asked, path)
    if not is_of(test.shape, asked.value):
        raise SegmentInvalid(f"{path}.value", _("This value does not fit the condition."))
    _check_choice(asked, test, path)
    return _normal(asked, path)


def _check_numbers(asked: Condition, path: str) -> None:
    """A run and a link are those of one mailing; of a link only persons' clicks are kept."""
    if asked.run is None and asked.link is None:
        return
    if asked.mailings is None or len(asked.mailings) != 1:
        text = _("The number of a run or link needs exactly one mailing.")
        raise SegmentInvalid(f"{path}.mailings", text)
    if asked.link is not None and (asked.op != "clicked" or asked.machine):
        raise SegmentInvalid(f"{path}.link", _("A link can be asked for persons’ clicks only."))


def _test(asked: Condition, kinds: Mapping[str, str], path: str) -> FieldTest:
    tests = tests_of(asked.field, asked.name, kinds)
    if not tests:
        what = asked.name if asked.field == ATTRIBUTE else asked.field
        raise SegmentInvalid(path, _("There is no field “%(name)s”.") % {"name": what})
    if asked.op not in tests:
        text = _("“%(name)s” has no test “%(test)s”.")
        raise SegmentInvalid(path, text % {"name": asked.name or asked.field, "test": asked.op})
    return tests[asked.op]


def _check_choice(asked: Condition, test: FieldTest, path: str) -> None:
    if test.shape not in (Shape.CHOICE, Shape.CHOICES):
        return
    known = {value for value, _label in FIELDS[asked.field].choices}
    values = asked.value if isinstance(asked.value, list) else [asked.value]
    if not known.issuperset(values):
        raise SegmentInvalid(f"{path}.value", _("This value does not fit the condition."))


def _normal(asked: Condition, path: str) -> Condition:
    """With addresses in the form in which they are stored."""
    if asked.op not in ("is", "in") or asked.field not in _NORMAL:
        if asked.field in ("email", "domain") and asked.op in ("starts", "contains"):
            return asked.model_copy(update={"value": asked.value.lower()})
        return asked
    value = each(_NORMAL[asked.field], asked.value)
    if value is None:
        raise SegmentInvalid(f"{path}.value", _("This is no address of this kind."))
    return asked.model_copy(update={"value": value})


def _check_rows(found: Mapping[str, Condition], owner: User) -> None:
    """Every id is of a row of this owner."""
    named: dict[str, set[int]] = {}
    for asked in found.values():
        kind, ids = ids_of(asked)
        named.setdefault(kind, set()).update(ids)
    for kind, wanted in named.items():
        if not kind or not wanted:
            continue
        rows = ROWS[kind]._default_manager.filter(owner_id=owner.pk, pk__in=wanted)
        missing = wanted - set(rows.values_list("pk", flat=True))
        for path, asked in found.items() if missing else ():
            of_kind, ids = ids_of(asked)
            if of_kind == kind and not missing.isdisjoint(ids):
                raise SegmentInvalid(path, _("What this condition names does not exist."))


def attributes_in(tree: Node) -> set[str]:
    """The names of the custom fields that a tree asks for."""
    asked = map(condition_at, conditions(root_of(tree)))
    return {one.name for one in asked if one.field == ATTRIBUTE}


def fits(tree: Node, kinds: Mapping[str, str]) -> bool:
    """Can the tree's conditions on these custom fields be answered when they have these kinds?"""
    for place in conditions(root_of(tree)):
        asked = condition_at(place)
        if asked.field != ATTRIBUTE or asked.name not in kinds:
            continue
        try:
            _checked_condition(asked, kinds, place.path)
        except SegmentInvalid:
            return False
    return True
