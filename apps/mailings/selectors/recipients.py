"""What the lists of recipients and messages ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable, NegatedExpression
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.contracts import Actor
from apps.core.lists.filters import ChoiceFilter, FilterForm, RowFilter, WordsFilter
from apps.core.models import OwnedQuerySet
from apps.core.paging import row_id, row_ids
from apps.core.values.addresses import phone_beginnings
from apps.mailings.models import (
    Delivery,
    MailingList,
    Recipient,
    RecipientTag,
    Segment,
    Subscription,
    Suppression,
    Tag,
)
from apps.mailings.models.audience import ADDRESS
from apps.mailings.segments import compiled, ground_of
from apps.mailings.selectors.recipient_search import Search, search

#: Everybody who is not archived, for programs; a page separates active and suppressed.
LIVING: Final = "living"
#: Up to here a count is exact; beyond it the page says "more than".
COUNTED: Final = 10_000
#: The same for those whose address begins as somebody types: the next letter asks again.
COUNTED_ADDRESSES: Final = 1_000


#: Newest recipients that are asked for their custom fields, and how many become columns.
_LOOKED_AT: Final = 200
_FIELD_COLUMNS: Final = 20
#: The most recipients that can be ticked one by one for an act.
TICKED: Final = 10_000
#: Tags that a select offers; the others are found on their page.
OFFERED_TAGS: Final = 200


#: The statuses that the page offers; the first is what it shows unless another is chosen.
STATUSES: Final = (
    ("", _("Active")),
    ("unconfirmed", pgettext_lazy("recipients", "Unconfirmed")),
    ("suppressed", _("Suppressed")),
    ("archived", pgettext_lazy("recipients", "Archived")),
    ("all", _("All")),
)


class RecipientFilters(FilterForm):
    """What the list of recipients is asked for.

    ``added_by`` is an import; ``list``: its subscribers; ``all``: no name is too old to be looked
    at.
    """

    folded = ("operator", "list", "segment")

    q = WordsFilter(longest=200, label=_("Email, phone or name"))
    state = ChoiceFilter([*STATUSES, (LIVING, LIVING)], label=_("Status"))
    tag = WordsFilter(longest=20, label=_("Tag"))
    operator = WordsFilter(longest=3, label=_("Operator code"))
    list = RowFilter(label=pgettext_lazy("filter", "List"))
    segment = RowFilter(label=pgettext_lazy("filter", "Segment"))
    added_by = RowFilter()
    all = ChoiceFilter([("1", "1")])


@dataclass(frozen=True, slots=True)
class Found:
    """How many rows a list has; ``exact`` is False when counting stopped at ``COUNTED``."""

    count: int
    exact: bool


def count_of(search: Search) -> Found:
    """Count no further than ``COUNTED``: a million rows are not counted for a page."""
    count, most = search.count, COUNTED_ADDRESSES if search.field else COUNTED
    if count is None:
        count = search.rows.order_by()[: most + 1].count()
    return Found(min(count, most), count <= most)


def found_recipients(rows: OwnedQuerySet[Recipient], filters: RecipientFilters) -> Search:
    """Those that the filters of the list describe; unknown values find nothing."""
    rows, state, query = _filtered(rows, filters), filters.value("state"), filters.value("q")
    found = search(rows, query, everywhere=bool(filters.value("all"))) if query else Search(rows)
    if state in ("archived", "all", LIVING):
        return found
    # After the search: it looks for names among so many of the newest, whatever their state.
    if state == "suppressed":
        return Search(found.rows.filter(_suppressed()), found.partly, field=found.field)
    # Few rows are read in the order of an address: each asks the index, and no list is read first.
    wanted = [~_suppressed_each()] if found.field else _none_suppressed()
    return Search(found.rows.filter(*wanted), found.partly, field=found.field)


def chosen_recipients(actor: Actor, params: QueryDict) -> OwnedQuerySet[Recipient]:
    """One's own that were ticked in the list, or all that its filters find."""
    mine = Recipient.objects.editable_by(actor)
    if params.get("scope") == "all":
        return found_recipients(mine, RecipientFilters(params)).rows
    return mine.filter(pk__in=row_ids(params.getlist("ids")[:TICKED]))


def _filtered(
    rows: OwnedQuerySet[Recipient], filters: RecipientFilters
) -> OwnedQuerySet[Recipient]:
    if tag := filters.value("tag"):
        tagged = RecipientTag.objects.filter(recipient_id=OuterRef("pk"), tag_id=row_id(tag) or 0)
        rows = rows.filter(Exists(tagged))
    if list_id := filters.value("list"):
        on_list = Subscription.objects.filter(recipient_id=OuterRef("pk"), list_id=list_id)
        rows = rows.filter(Exists(on_list.filter(status=Subscription.Status.SUBSCRIBED)))
    if segment_id := filters.value("segment"):
        rows = _in_segment(rows, segment_id)
    if added_by := filters.value("added_by"):
        rows = rows.filter(added_by_id=added_by)
    if operator := filters.value("operator"):
        rows = rows.filter(operator_code=operator)
    state = filters.value("state")
    if state == "all":
        return rows
    if state in ("", "unconfirmed"):
        rows = rows.filter(unconfirmed_since__isnull=not state)
    return rows.filter(archived_at__isnull=state != "archived")


def _in_segment(rows: OwnedQuerySet[Recipient], segment_id: int) -> OwnedQuerySet[Recipient]:
    """Those of its own owner's people whom the segment finds."""
    segment = Segment.objects.select_related("owner").filter(pk=segment_id).first()
    if segment is None:
        return rows.none()
    ground = ground_of(segment.owner, timezone.now())
    return rows.filter(compiled(segment.tree, ground), owner_id=segment.owner_id)


def lists_of(actor: Actor) -> list[tuple[str, str]]:
    """One's own lists for a select."""
    rows = MailingList.objects.editable_by(actor).filter(archived_at=None)
    return [(str(pk), title) for pk, title in rows.values_list("pk", "title")[:OFFERED_TAGS]]


def segments_of(actor: Actor) -> list[tuple[str, str]]:
    """One's own segments for a select."""
    rows = Segment.objects.editable_by(actor).filter(archived_at=None)
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")[:OFFERED_TAGS]]


def found_by(
    rows: OwnedQuerySet[Recipient],
    *,
    search: str = "",
    tag: str = "",
    operator_code: str = "",
    channel: str = "",
    state: str = "active",
) -> OwnedQuerySet[Recipient]:
    """The same for programs, who name a tag by its name and ask for one kind of address."""
    if tag:
        tagged = RecipientTag.objects.filter(recipient_id=OuterRef("pk"), tag__name=tag)
        rows = rows.filter(Exists(tagged))
    if channel:
        rows = rows.filter(**{f"{ADDRESS[channel]}__isnull": False})
    state = LIVING if state == "active" else state
    asked = RecipientFilters({"q": search, "operator": operator_code, "state": state})
    return found_recipients(rows, asked).rows


def customers_of(rows: OwnedQuerySet[Recipient]) -> OwnedQuerySet[Recipient]:
    """Those who have a phone and are not archived, each with the ``newest_tag`` it was given."""
    tags = RecipientTag.objects.filter(recipient_id=OuterRef("pk")).order_by("-pk")
    rows = rows.filter(phone__isnull=False, archived_at=None)
    return rows.annotate(newest_tag=Subquery(tags.values("tag__name")[:1]))


def customers_like(rows: OwnedQuerySet[Recipient], query: str, most: int) -> list[Recipient]:
    """The newest customers whose phone begins so, or who have this operator code or this tag."""
    tagged = RecipientTag.objects.filter(recipient_id=OuterRef("pk"), tag__name=query)
    hits: set[int] = set()
    phones = (Q(phone__startswith=beginning) for beginning in phone_beginnings(query))
    for match in (*phones, Q(operator_code=query), Q(Exists(tagged))):
        found = rows.filter(match).order_by("-pk").values_list("pk", flat=True)
        hits.update(found[:most])
    return list(rows.filter(pk__in=hits).order_by("-pk")[:most])


def with_state(rows: OwnedQuerySet[Recipient]) -> OwnedQuerySet[Recipient]:
    """Each row with ``is_suppressed``: must one of its addresses not be written to any more?"""
    suppressed = Case(When(_suppressed(), then=True), default=False, output_field=BooleanField())
    return rows.annotate(is_suppressed=suppressed).select_related("owner")


def with_last_sent(rows: OwnedQuerySet[Recipient]) -> OwnedQuerySet[Recipient]:
    """Each row with ``last_sent``, when something was last sent to this recipient."""
    sent = Delivery.objects.filter(recipient=OuterRef("pk"), state__in=("sent", "delivered"))
    return rows.annotate(last_sent=Subquery(sent.order_by("-run_id").values("changed_at")[:1]))


def field_names(actor: Actor) -> list[str]:
    """The custom fields of the newest recipients that the actor sees: columns to choose from."""
    rows = Recipient.objects.visible_to(actor).order_by("-pk").values_list("attributes", flat=True)
    names = dict.fromkeys(name for attributes in rows[:_LOOKED_AT] for name in attributes)
    return list(names)[:_FIELD_COLUMNS]


def _suppressed() -> Q:
    """One EXISTS for each kind of address, so that each is answered by the index.

    Most recipients have one address: for one that is not there, nothing is looked up.
    """
    found = _suppressions_by_channel().items()
    return reduce(or_, (Q((f"{name}__isnull", False)) & Q(Exists(rows)) for name, rows in found))


def _none_suppressed() -> list[NegatedExpression[Combinable]]:
    """The contrary, each on its own.

    So PostgreSQL joins the list for a count, and looks up only the rows of a page.
    """
    return [~Exists(rows) for rows in _suppressions_by_channel().values()]


def _suppressed_each() -> Q:
    """Those who are, in a form that PostgreSQL answers row by row, never by a table of all.

    As an equation, which it takes for a rare one: so it goes along the index of the order.
    """
    found = (
        (name, Coalesce(Subquery(rows.annotate(one=Value(1)).values("one")[:1]), 0))
        for name, rows in _suppressions_by_channel().items()
    )
    return reduce(or_, (Q((f"{name}__isnull", False)) & Q(Exact(one, 1)) for name, one in found))


def _suppressions_by_channel() -> dict[str, QuerySet[Suppression]]:
    """What stops each kind of address, by the field that holds it."""
    return {
        name: Suppression.objects.filter(
            owner_id=OuterRef("owner_id"),
            channel=channel,
            address=Cast(OuterRef(name), CharField()),
        )
        for channel, name in ADDRESS.items()
    }


def suppressions_of(recipient: Recipient) -> QuerySet[Suppression]:
    """Why this recipient's addresses must not be written to."""
    own = Q(pk__in=[])
    for channel, address in recipient.addresses:
        own |= Q(channel=channel, address=address)
    return Suppression.objects.filter(own, owner_id=recipient.owner_id).order_by("pk")


def history_of(recipient: Recipient) -> QuerySet[Delivery]:
    """Everything that was sent to this recipient, or was to be."""
    return Delivery.objects.filter(recipient=recipient).select_related("run__mailing")


def tags_of(actor: Actor, *, chosen: str = "") -> list[Tag]:
    """One's own tags for a select, by name: the first of them, and in any case the chosen one."""
    mine = Tag.objects.editable_by(actor).order_by("name")
    found = list(mine[:OFFERED_TAGS])
    number = row_id(chosen)
    if number is not None and number not in {tag.pk for tag in found}:
        found += mine.filter(pk=number)
    return found


def tags_like(actor: Actor, query: str) -> OwnedQuerySet[Tag]:
    """One's own tags with these words in their name, in any case, by name."""
    mine = Tag.objects.editable_by(actor).order_by("name")
    query = query.replace("\x00", "").strip()
    return mine.filter(name__iregex=re.escape(query)) if query else mine
