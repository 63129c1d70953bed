"""What the pages ask about attempts: the history of everything that was tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.dateparse import parse_date

from apps.core.contracts import Actor
from apps.core.exports.tables import Cell
from apps.core.models import OwnedQuerySet
from apps.core.paging import KeysetPage, keyset_page
from apps.core.text.formatting import in_words
from apps.mailings.horizon import newest_attempt
from apps.mailings.models import Attempt, Delivery, Mailing, Recipient
from apps.mailings.selectors.mailings import attempts_of
from apps.mailings.selectors.recipient_search import FEW, addressed

FILTERS: Final = ("address", "mailing", "status", "trigger", "user", "since", "until")
#: The columns of an export.
HEADER: Final = (
    "id",
    "mailing",
    "run",
    "sender",
    "recipient",
    "trigger",
    "kind",
    "status",
    "account",
    "code",
    "reply",
    "seconds",
    "at",
)


#: So many ids are looked through for a page before the whole history is: most pages are found
#: among the first, and no index sorts the attempts of all mailings of an owner.
WINDOWS: Final = (2_000, 50_000)


def page_of(
    actor: Actor, params: Mapping[str, str], *, size: int, newest_first: bool = True
) -> KeysetPage[Attempt]:
    """The page of the history that is asked for, sought by id near the place where it begins."""
    rows = found_attempts(attempts_of(actor), params, among=Recipient.objects.visible_to(actor))
    for edge in _edges(actor, params):
        for width in WINDOWS:
            near = rows.filter(pk__gt=edge - width, pk__lte=edge + width)
            page = keyset_page(near, params, size=size, newest_first=newest_first)
            backwards = bool(params.get("before"))
            if (page.previous if backwards else page.next) or (edge <= width and not backwards):
                return page
    return keyset_page(rows, params, size=size, newest_first=newest_first)


def _edges(actor: Actor, params: Mapping[str, str]) -> Iterator[int]:
    """Ids near which the page may lie: that of its neighbour, the newest, the actor's newest."""
    if actor.sees_all or params.get("sort") == "old":
        return
    if params.get("mailing") or params.get("address"):
        return
    named = params.get("after") or params.get("before") or ""
    if named.isascii() and named.isdigit() and len(named) < 19:
        yield int(named)
        return
    yield newest_attempt()
    last = Attempt.objects.filter(mailing_id=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    mine = Mailing.objects.visible_to(actor).annotate(last=Subquery(last))
    yield mine.aggregate(newest=Max("last"))["newest"] or 0


def found_attempts(
    rows: QuerySet[Attempt], params: Mapping[str, str], *, among: OwnedQuerySet[Recipient]
) -> QuerySet[Attempt]:
    """Those that the filters describe. What makes no sense is passed over.

    ``among``: the recipients whose addresses may be searched.
    """
    if query := params.get("address", "").replace("\x00", "").strip()[:254]:
        rows = _to_address(rows, query, among)
    number = params.get("mailing", "")
    if number.isascii() and number.isdigit() and len(number) < 19:
        rows = rows.filter(mailing_id=int(number))
    if params.get("status") in Attempt.Status.values:
        rows = rows.filter(status=params["status"])
    if params.get("trigger"):
        rows = rows.filter(trigger=params["trigger"][:10].replace("\x00", ""))
    if email := params.get("user", "").replace("\x00", "").strip().lower()[:254]:
        rows = rows.filter(mailing__owner__email=email)
    since, until = day_of(params.get("since", "")), day_of(params.get("until", ""))
    if since is not None:
        rows = rows.filter(created_at__gte=start_of(since))
    if until is not None:
        rows = rows.filter(created_at__lt=start_of(until + timedelta(days=1)))
    return rows


def _to_address(
    rows: QuerySet[Attempt], query: str, among: OwnedQuerySet[Recipient]
) -> QuerySet[Attempt]:
    """Those to recipients whose address begins so: found by their deliveries, which have an index
    of recipients."""
    ids, matches = addressed(among, query)
    if len(ids) > FEW:
        return rows.filter(Exists(among.filter(matches, pk=OuterRef("recipient_id"))))
    return rows.filter(delivery__in=Delivery.objects.filter(recipient_id__in=ids))


def cells_of(rows: QuerySet[Attempt]) -> Iterator[list[Cell]]:
    """The rows of an export, oldest first, read a chunk at a time."""
    for row in rows.order_by("pk").iterator(chunk_size=2000):
        yield [
            row.pk,
            row.mailing_id,
            row.run_number,
            row.mailing.owner.email,
            str(row.recipient),
            row.trigger,
            row.kind,
            row.status,
            row.account,
            row.code,
            in_words(row.response),
            row.seconds,
            row.created_at,
        ]


def day_of(text: str) -> date | None:
    """The day that was written, or None when it is none."""
    try:
        found = parse_date(text)
    except ValueError:
        return None
    return found if found is not None and 1970 <= found.year <= 2999 else None


def start_of(day: date) -> datetime:
    """Its first moment, in the reader's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
