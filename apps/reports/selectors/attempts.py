"""What the pages ask about attempts: the history of everything that was tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import Final

from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.contracts import Actor
from apps.core.exports.tables import Column
from apps.core.lists.filters import ChoiceFilter, DayFilter, FilterForm, RowFilter, WordsFilter
from apps.core.models import OwnedQuerySet
from apps.core.paging import KeysetPage, keyset_page, row_id
from apps.core.text.formatting import in_words
from apps.mailings.failure_reasons import explain_attempt
from apps.mailings.horizon import newest_attempt
from apps.mailings.models import Attempt, Delivery, Mailing, Recipient
from apps.mailings.models.audience import ADDRESS
from apps.mailings.models.trigger import Trigger
from apps.mailings.selectors.mailings import attempts_of, listed
from apps.mailings.selectors.recipient_search import FEW, addressed


class AttemptFilters(FilterForm):
    """What the log is asked for. ``until`` is included."""

    folded = ("trigger", "mailing")
    address = WordsFilter(longest=254, label=_("Email, phone or chat number"))
    status = ChoiceFilter([("", _("any status")), *Attempt.Status.choices], label=_("Status"))
    since = DayFilter(label=_("From"))
    until = DayFilter(label=_("To"))
    trigger = ChoiceFilter([("", _("any")), *Trigger.choices], label=_("Started by"))
    mailing = RowFilter(label=_("Mailing"))
    user = WordsFilter(longest=254)


class AllAttemptFilters(AttemptFilters):
    """What a manager asks for: also one user's."""

    user = WordsFilter(longest=254, label=_("User’s email"), suggested="people")


def reason_of(attempt: Attempt) -> str:
    """Why it did not succeed, in words."""
    found = explain_attempt(attempt)
    return found.text if found else ""


#: The columns of an export for programs.
COLUMNS: Final[dict[str, Column]] = {
    "id": attrgetter("pk"),
    "mailing": attrgetter("mailing_id"),
    "run": attrgetter("run_number"),
    "sender": attrgetter("mailing.owner.email"),
    "recipient": lambda row: str(row.recipient),
    "trigger": attrgetter("trigger"),
    "kind": attrgetter("kind"),
    "status": attrgetter("status"),
    "account": attrgetter("account"),
    "reason": reason_of,
    "code": attrgetter("code"),
    "reply": lambda row: in_words(row.response),
    "seconds": attrgetter("seconds"),
    "at": attrgetter("created_at"),
}
#: The same columns for people, and their headings.
WORDED: Final[dict[str, Column]] = {
    **COLUMNS,
    "mailing": lambda row: f"{row.mailing.name} (id:{row.mailing_id})",
    "trigger": lambda row: str(row.get_trigger_display()),
    "kind": lambda row: str(row.get_kind_display()),
    "status": lambda row: str(row.get_status_display()),
}
HEADINGS: Final = {
    "id": "ID",
    "mailing": _("Mailing"),
    "run": _("Run"),
    "sender": _("Owner"),
    "recipient": _("Recipient"),
    "trigger": _("Started by"),
    "kind": _("Kind"),
    "status": _("Status"),
    "account": _("Sending account"),
    "reason": _("Reason"),
    "code": _("Code"),
    "reply": _("Server response"),
    "seconds": _("Seconds"),
    "at": _("When"),
}


#: So many ids are looked through for a page before the whole history is: most pages are found
#: among the first, and no index sorts the attempts of all mailings of an owner.
WINDOWS: Final = (2_000, 50_000)


#: Mailings that the filter offers, the newest first.
OFFERED: Final = 50


def mailings_offered(actor: Actor, chosen: int | None) -> list[tuple[str, str]]:
    """The newest mailings of the actor by id and name; the one that is chosen, too."""
    rows = listed(Mailing.objects.visible_to(actor))
    found = dict(rows.order_by("-pk").values_list("pk", "name")[:OFFERED])
    if chosen is not None and chosen not in found:
        named = Mailing.objects.visible_to(actor).filter(pk=chosen).values_list("pk", "name")
        found = dict(named) | found
    return [(str(pk), f"{name} (id:{pk})") for pk, name in found.items()]


def attempts_asked_for(actor: Actor, filters: AttemptFilters) -> QuerySet[Attempt]:
    """Those that the actor may see and the filters describe."""
    return found_attempts(attempts_of(actor), filters, among=Recipient.objects.visible_to(actor))


def listed_attempts(rows: QuerySet[Attempt]) -> QuerySet[Attempt]:
    """The same with what a page of the log shows of each, and no more: four tables are wide."""
    own = [field.name for field in Attempt._meta.concrete_fields]
    mailing = ("name", "is_active", "owner__email")
    recipient = ("full_name", *ADDRESS.values())
    return rows.only(
        *own,
        *(f"mailing__{name}" for name in mailing),
        *(f"recipient__{name}" for name in recipient),
    )


def tone_of(attempt: Attempt) -> str:
    """The look of its badge."""
    if attempt.kind == Attempt.Kind.AUDIT:
        return "odd"
    return {"success": "good", "failure": "bad"}.get(attempt.status, "warn")


def page_of(
    actor: Actor, rows: QuerySet[Attempt], params: Mapping[str, str], *, size: int
) -> KeysetPage[Attempt]:
    """The page of these rows that is asked for, newest first, sought near where it begins."""
    for edge in _edges(actor, params):
        for width in WINDOWS:
            near = rows.filter(pk__gt=edge - width, pk__lte=edge + width)
            page = keyset_page(near, params, size=size, newest_first=True)
            backwards = bool(params.get("before"))
            if (page.previous if backwards else page.next) or (edge <= width and not backwards):
                return page
    return keyset_page(rows, params, size=size, newest_first=True)


def _edges(actor: Actor, params: Mapping[str, str]) -> Iterator[int]:
    """Ids near which the page may lie: that of its neighbour, the newest, the actor's newest."""
    if actor.sees_all or params.get("sort") == "old":
        return
    if params.get("mailing") or params.get("address"):
        return
    named = row_id(params.get("after") or params.get("before") or "")
    if named is not None:
        yield named
        return
    yield newest_attempt()
    last = Attempt.objects.filter(mailing_id=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    mine = Mailing.objects.visible_to(actor).annotate(last=Subquery(last))
    yield mine.aggregate(newest=Max("last"))["newest"] or 0


def found_attempts(
    rows: QuerySet[Attempt], filters: AttemptFilters, *, among: OwnedQuerySet[Recipient]
) -> QuerySet[Attempt]:
    """Those that the filters describe.

    ``among``: the recipients whose addresses may be searched.
    """
    if query := filters.value("address"):
        rows = _to_address(rows, query, among)
    if (mailing_id := filters.value("mailing")) is not None:
        rows = rows.filter(mailing_id=mailing_id)
    if status := filters.value("status"):
        rows = rows.filter(status=status)
    if trigger := filters.value("trigger"):
        rows = rows.filter(trigger=trigger)
    if email := filters.value("user"):
        rows = rows.filter(mailing__owner__email=email.lower())
    if since := filters.value("since"):
        rows = rows.filter(created_at__gte=start_of(since))
    if until := filters.value("until"):
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


def start_of(day: date) -> datetime:
    """Its first moment, in the reader's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
