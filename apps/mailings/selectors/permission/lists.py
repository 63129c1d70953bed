"""What the pages of lists ask: figures, members, and what a person consented to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.core.contracts import Actor
from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.core.models import OwnedQuerySet
from apps.core.paging import row_id
from apps.core.values.addresses import phone_beginnings
from apps.mailings.models import Consent, ConsentText, MailingList, Recipient, Subscription

Status = Subscription.Status
#: The days over which the growth of a list is counted.
GROWTH_DAYS: Final = 30


class ListFilters(FilterForm):
    """What the page of lists is asked for."""

    q = WordsFilter(longest=80, label=_("Title"))
    state = ChoiceFilter([("", _("In use")), ("archived", _("Archived"))], label=_("Status"))


class MemberFilters(FilterForm):
    """What the page of one list is asked for."""

    q = WordsFilter(longest=200, label=_("Email or phone"))
    status = ChoiceFilter([("", _("any status")), *Status.choices], label=_("Status"))


def found_lists(rows: OwnedQuerySet[MailingList], filters: ListFilters) -> QuerySet[MailingList]:
    """The lists that the filters describe."""
    rows = rows.filter(archived_at__isnull=filters.value("state") != "archived")
    query = filters.value("q")
    return rows.filter(title__icontains=query) if query else rows


def with_figures(rows: QuerySet[MailingList], now: datetime) -> QuerySet[MailingList]:
    """Each list with how many are on it by status, and by how many it grew lately.

    Who came and left within these days counts as neither.
    """
    since = now - timedelta(days=GROWTH_DAYS)
    joined = ~Q(status=Status.UNCONFIRMED) & Q(since__gte=since)
    return rows.annotate(
        subscribed=_count(Q(status=Status.SUBSCRIBED)),
        unconfirmed=_count(Q(status=Status.UNCONFIRMED)),
        unsubscribed=_count(Q(status__in=(Status.UNSUBSCRIBED, Status.SUNSET))),
        growth=_count(joined) - _count(Q(ended_at__gte=since)),
    )


def _count(which: Q) -> Coalesce:
    rows = Subscription.objects.filter(which, list=OuterRef("pk")).order_by().values("list")
    counted = Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return Coalesce(counted, 0)


def members_of(mailing_list: MailingList, filters: MemberFilters) -> QuerySet[Subscription]:
    """The people of a list that the filters describe, with their consents."""
    rows = Subscription.objects.filter(list=mailing_list)
    if status := filters.value("status"):
        rows = rows.filter(status=status)
    if query := filters.value("q"):
        named = Q(recipient__email__startswith=query.lower())
        for beginning in phone_beginnings(query):
            named |= Q(recipient__phone__startswith=beginning)
        rows = rows.filter(named)
    return rows.select_related("recipient", "consent")


def lists_in_use(actor: Actor, *, chosen: str = "") -> list[MailingList]:
    """One's own lists for a select, in the order of their owner; in any case the chosen one."""
    mine = MailingList.objects.editable_by(actor)
    return list(mine.filter(Q(archived_at=None) | Q(pk=row_id(chosen) or 0)))


def subscriptions_of(recipient: Recipient) -> QuerySet[Subscription]:
    """What one person is on or was on, in the order of the lists."""
    rows = Subscription.objects.filter(recipient=recipient).select_related("list", "consent")
    return rows.order_by("list__position", "list__title", "list_id")


def consents_of(recipient: Recipient) -> QuerySet[Consent]:
    """Everything that one person permitted or took back, and what was stated about the person."""
    rows = Consent.objects.filter(recipient=recipient)
    shared = Consent.objects.filter(subscriptions__recipient=recipient, recipient=None)
    known = Consent.objects.filter(Q(pk__in=rows.values("pk")) | Q(pk__in=shared.values("pk")))
    return known.select_related("list", "form_version").annotate(list_title=F("list__title"))


def with_wordings(consents: Iterable[Consent]) -> list[Consent]:
    """The consents, each with ``wordings``: the texts that were shown, as they were."""
    found = list(consents)
    ids = {shown["id"] for one in found for shown in one.texts}
    rows = ConsentText.objects.filter(pk__in=ids) if ids else ()
    texts = {(row.owner_id, row.pk): row for row in rows}
    for one in found:
        keys = [(one.owner_id, shown["id"]) for shown in one.texts]
        setattr(one, "wordings", [texts[key] for key in keys if key in texts])
    return found
