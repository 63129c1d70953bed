"""What the managers' page asks about users and what they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from apps.core.lists.filters import FilterForm, WordsFilter
from apps.mailings.models import Attempt, Mailing, Recipient, Run, SendingPause
from apps.mailings.selectors.mailings import listed
from apps.mailings.services.sending_pauses import may_lift
from apps.mailings.wait_reasons import reason_of
from apps.users.models import User
from apps.users.selectors import overseers
from apps.users.services import may_block


class UserFilters(FilterForm):
    """What the list of users is asked for."""

    q = WordsFilter(longest=200)
    status = WordsFilter(longest=20)


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with figures. ``attempts`` counts every one, also those of the same delivery.

    ``pause``: why nothing of this user's is sent, in words; ``liftable``: the actor may end that.
    """

    user: User
    mailings: int
    recipients: int
    attempts: int
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


def rows_of(users: Sequence[User], actor: User) -> list[UserRow]:
    """The figures of these users: five queries, however many they are."""
    ids = [user.pk for user in users]
    mailings = _counts(
        listed(Mailing.objects.filter(owner_id__in=ids, archived_at=None)), "owner_id"
    )
    recipients = _kept("recipients-of", ids, Recipient.objects.filter(archived_at=None), "owner_id")
    tried = Attempt.objects.filter(kind=Attempt.Kind.DELIVERY)
    attempts = _kept("attempts-of", ids, tried, "mailing__owner_id")
    seniors = set(overseers().filter(pk__in=ids).values_list("pk", flat=True))
    pauses = _pauses(ids)
    return [
        UserRow(
            user=user,
            mailings=mailings.get(user.pk, 0),
            recipients=recipients.get(user.pk, 0),
            attempts=attempts.get(user.pk, 0),
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
