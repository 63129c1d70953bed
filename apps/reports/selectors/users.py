"""What the managers' page asks about users and what they send."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, NullIf
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.lists.filters import ChoiceFilter, FilterForm, WordsFilter
from apps.mailings.models import Mailing, Recipient, Run, SendingPause
from apps.mailings.selectors.mailings import listed
from apps.mailings.selectors.totals import SENT, percent, sum_of
from apps.mailings.services.sending_pauses import may_lift
from apps.mailings.wait_reasons import reason_of
from apps.reports.selectors.attempts import start_of
from apps.users.models import User
from apps.users.selectors import overseers
from apps.users.services import may_block

#: Days whose messages are counted.
MONTH: Final = 30
_SENT: Final = sum_of(SENT)


class UserFilters(FilterForm):
    """What the list of users is asked for."""

    q = WordsFilter(longest=200, label=_("Email or name"))
    status = ChoiceFilter(
        [
            ("", _("any status")),
            ("active", pgettext_lazy("user", "active")),
            ("blocked", _("blocked")),
            ("waiting", _("waiting for approval")),
            ("paused", pgettext_lazy("user", "paused")),
        ],
        label=_("Status"),
    )


@dataclass(frozen=True, slots=True)
class Sending:
    """What a user has sent in runs that started today, and in the last ``MONTH`` days."""

    today: int = 0
    sent: int = 0
    bounced: int = 0
    complaints: int = 0

    @property
    def bounce_rate(self) -> float | None:
        """Bounced of sent, in percent."""
        return percent(self.bounced, self.sent)

    @property
    def complaint_rate(self) -> float | None:
        """Complaints of sent, in percent."""
        return percent(self.complaints, self.sent)


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with figures.

    ``pause``: why nothing of this user's is sent, in words; ``liftable``: the actor may end that.
    """

    user: User
    mailings: int
    recipients: int
    sending: Sending
    switchable: bool
    role: str
    pause: str = ""
    liftable: bool = False


def found_users(filters: UserFilters) -> QuerySet[User]:
    """Those that the filters describe."""
    rows = User.objects.all()
    if query := filters.value("q"):
        rows = rows.filter(
            Q(email__icontains=query)
            | Q(first_name__icontains=query)
            | Q(last_name__icontains=query)
        )
    status = filters.value("status")
    if status in ("active", "blocked"):
        rows = rows.filter(is_active=status == "active", awaits_approval=False)
    elif status == "waiting":
        rows = rows.filter(awaits_approval=True)
    elif status == "paused":
        rows = rows.filter(sending_pause__in=SendingPause.objects.in_force(timezone.now()))
    return rows


def user_order(name: str) -> dict[str, Combinable]:
    """The annotation by which users are sorted by this figure; none for other columns."""
    if name == "mailings":
        return {"of_mailings": _counted(listed(Mailing.objects.filter(archived_at=None)))}
    if name == "recipients":
        return {"of_recipients": _counted(Recipient.objects.filter(archived_at=None))}
    if name == "today":
        return {"of_today": _summed(_SENT, days=0)}
    if name == "sent":
        return {"of_sent": _summed(_SENT)}
    if name in ("bounces", "complaints"):
        cases = _summed(F("bounced" if name == "bounces" else "complaints"))
        return {f"of_{name}": cases * Value(1_000_000) / NullIf(_summed(_SENT), Value(0))}
    return {}


def _counted(rows: QuerySet[Any]) -> Combinable:
    own = rows.filter(owner_id=OuterRef("pk")).order_by().values("owner_id")
    return Coalesce(Subquery(own.annotate(found=Count("pk")).values("found")), 0)


def _summed(figure: Any, *, days: int = MONTH) -> Combinable:
    own = _recent(days).filter(mailing__owner_id=OuterRef("pk")).values("mailing__owner_id")
    return Coalesce(Subquery(own.annotate(found=Sum(figure)).values("found")), 0)


def _recent(days: int) -> QuerySet[Run]:
    """Runs that started today, or since so many days ago."""
    first = start_of(timezone.localdate() - timedelta(days=days))
    return Run.objects.filter(started_at__gte=first).order_by()


def sending_of(ids: Sequence[int]) -> dict[int, Sending]:
    """What these users have sent, in one query."""
    today = Q(started_at__gte=start_of(timezone.localdate()))
    rows = _recent(MONTH).filter(mailing__owner_id__in=ids).values_list("mailing__owner_id")
    found = rows.annotate(
        today=Sum(_SENT, filter=today, default=0),
        in_all=Sum(_SENT, default=0),
        returned=Sum("bounced", default=0),
        complained=Sum("complaints", default=0),
    )
    return {owner_id: Sending(*figures) for owner_id, *figures in found}


def rows_of(users: Sequence[User], actor: User) -> list[UserRow]:
    """The figures of these users: five queries, however many they are."""
    ids = [user.pk for user in users]
    mailings = _counts(
        listed(Mailing.objects.filter(owner_id__in=ids, archived_at=None)), "owner_id"
    )
    recipients = _kept("recipients-of", ids, Recipient.objects.filter(archived_at=None), "owner_id")
    sending = sending_of(ids)
    seniors = set(overseers().filter(pk__in=ids).values_list("pk", flat=True))
    pauses = _pauses(ids)
    return [
        UserRow(
            user=user,
            mailings=mailings.get(user.pk, 0),
            recipients=recipients.get(user.pk, 0),
            sending=sending.get(user.pk, Sending()),
            switchable=may_block(actor, user, user.pk in seniors),
            role=_role(user, user.pk in seniors),
            pause=pauses.get(user.pk, ""),
            liftable=user.pk in pauses and may_lift(actor, user, user.pk in seniors),
        )
        for user in users
    ]


def _pauses(ids: Sequence[int]) -> dict[int, str]:
    """Why those of them are paused who are, in words."""
    rows = SendingPause.objects.in_force(timezone.now()).filter(owner_id__in=ids)
    return {
        pause.owner_id: reason_of(Run(reason=pause.reason, reason_detail=pause.detail))
        for pause in rows
    }


def _kept(name: str, ids: Sequence[int], rows: QuerySet[Any], owner: str) -> dict[int, int]:
    """Counted at most once in a while: counting a million takes longer than a page may."""
    keys = {f"{name}-{pk}": pk for pk in ids}
    kept: dict[str, int] = cache.get_many(keys)
    missing = [pk for key, pk in keys.items() if key not in kept]
    if missing:
        counted = _counts(rows.filter(**{f"{owner}__in": missing}), owner)
        fresh = {f"{name}-{pk}": counted.get(pk, 0) for pk in missing}
        cache.set_many(fresh, settings.CACHE_TIMEOUT_REPORTS)
        kept |= fresh
    return {pk: kept[key] for key, pk in keys.items()}


def _role(user: User, oversees: bool) -> str:
    if user.is_superuser:
        return "administrator"
    return "manager" if oversees else ""


def _counts(rows: QuerySet[Any], key: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(key).annotate(Count("pk")))
