"""Each condition as an expression over recipients; never NULL.

EXISTS, never IN (SELECT ...): a planner can always answer an EXISTS by its index, while an IN that
does not fit into work_mem is read once for each person.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Any, Final

from django.db import connection
from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from apps.core.values.addresses import phone_beginnings
from apps.mailings.models import Consent, Recipient, RecipientTag, Subscription, Suppression
from apps.mailings.models.audience import ADDRESS
from apps.mailings.prefixes import begins
from apps.mailings.segments.attributes import JsonTest, Sql, attribute
from apps.mailings.segments.engagement.reactions import did
from apps.mailings.segments.errors import SegmentInvalid
from apps.mailings.segments.fields import ATTRIBUTE, tests_of
from apps.mailings.segments.ground import Ground
from apps.mailings.segments.moments import created, moment, subscribed_since
from apps.mailings.segments.tree import Condition

#: The acts by which a person, or the owner for them, permits something.
_GIVEN: Final = ("given", "confirmed", "stated")


def expression(asked: Condition, ground: Ground, path: str, *, whole: bool) -> Q:
    """The condition. ``whole``: it stands inside a negation."""
    if asked.op not in tests_of(asked.field, asked.name, ground.kinds):
        raise SegmentInvalid(path, _("There is no such condition."))
    if asked.field == ATTRIBUTE:
        return Q(attribute(asked, ground.kinds[asked.name], ground, whole=whole))
    if asked.field == "did":
        return did(asked, ground)
    return _OF_FIELD[asked.field](asked.op, asked.value, ground)


def _column(name: str) -> Callable[[str, Any, Ground], Q]:
    return lambda op, value, ground: _text(name, op, value)


def _text(name: str, op: str, value: Any) -> Q:
    if op == "known":
        return _has(name)
    if op == "in":
        return _has(name) & Q(**{f"{name}__in": value})
    if op == "starts":
        return _has(name) & begins(name, value)
    if op == "contains":
        # SQLite's LIKE knows the case of Latin letters only; its REGEXP is Python's.
        if connection.vendor == "sqlite":
            return _has(name) & Q(**{f"{name}__iregex": re.escape(value)})
        return _has(name) & Q(**{f"{name}__icontains": value})
    return _has(name) & Q(**{name: value})


def _has(name: str) -> Q:
    column = Recipient._meta.get_field(name)
    return Q(**{f"{name}__isnull": False}) if column.null else ~Q(**{name: ""})


def _domain(op: str, value: Any, ground: Ground) -> Q:
    if op == "starts":
        return _has("email") & Q(email__contains=f"@{value}")
    domains = value if op == "in" else [value]
    return _has("email") & reduce(or_, (Q(email__endswith=f"@{one}") for one in domains))


def _phone(op: str, value: Any, ground: Ground) -> Q:
    if op != "starts":
        return _text("phone", op, value)
    found = phone_beginnings(value)
    return _has("phone") & reduce(or_, (begins("phone", one) for one in found), Q(pk__in=[]))


def _import(op: str, value: Any, ground: Ground) -> Q:
    return Q(added_by_id__isnull=False, added_by_id__in=value)


def _tag(op: str, value: Any, ground: Ground) -> Q:
    return Q(Exists(ground.within(RecipientTag.objects.filter(tag_id__in=value))))


def _list(op: str, value: Any, ground: Ground) -> Q:
    rows = ground.within(Subscription.objects.filter(list_id__in=value))
    if op == "never":
        return ~Q(Exists(rows))
    return Q(Exists(rows.filter(status=op)))


def _consent(op: str, value: Any, ground: Ground) -> Q:
    """By the person's own acts, and by the one statement that many imported people share."""
    asked = Q(act__in=_GIVEN)
    if op in ("before", "after"):
        asked &= moment("said_at", op, value, ground)
    elif op == "source":
        asked &= Q(source__in=value)
    elif op == "text":
        asked &= Q(_ShownText(value))
    own = Q(Exists(ground.within(Consent.objects.filter(asked))))
    shared = Consent.objects.filter(asked, pk=OuterRef("consent_id"))
    given = own | Q(Exists(ground.within(Subscription.objects.filter(Exists(shared)))))
    return ~given if op == "none" else given


def _channel(op: str, value: Any, ground: Ground) -> Q:
    name = ADDRESS[value]
    if op == "has_address":
        return _has(name)
    address = Cast(OuterRef(name), CharField())
    rows = Suppression.objects.filter(owner_id=ground.owner_id, channel=value, address=address)
    return Q(Exists(rows))


class _ShownText(JsonTest):
    """Was one of these wordings shown with the consent?"""

    def __init__(self, ids: list[int]) -> None:
        objects = [json.dumps([{"id": one}]) for one in ids]
        lite = (
            "EXISTS (SELECT 1 FROM json_each({c}) shown WHERE json_extract(shown.value, '$.id')"
            " IN (SELECT value FROM json_each(%s)))"
        )
        super().__init__(
            Sql("{c} @> ANY(%s::jsonb[])", (objects,)),
            Sql(lite, (json.dumps(ids),)),
            column="texts",
        )


_OF_FIELD: Final[Mapping[str, Callable[[str, Any, Ground], Q]]] = MappingProxyType(
    {
        **{
            name: _column(name)
            for name in (
                *("email", "full_name", "comment", "operator_code", "language"),
                *("time_zone", "source"),
            )
        },
        "domain": _domain,
        "phone": _phone,
        "import": _import,
        "created": created,
        "tag": _tag,
        "channel": _channel,
        "list": _list,
        "subscribed_since": subscribed_since,
        "consent": _consent,
    }
)
