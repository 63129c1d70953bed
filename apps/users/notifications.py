"""Notify users once of what they should know, and count what they have not read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.core.cache import cache
from django.db.models import QuerySet
from django.utils import timezone

from apps.users.models import Notification

#: Seconds for which the bell's number is kept; another process's notices may come so much later.
KEPT: Final = 30


@dataclass(frozen=True, slots=True)
class NewNotification:
    """A notification and its user. ``key`` names the subject: there is one notification of it.

    ``mark`` names reason and period: another one makes the notification new again, while facts that
    change without it are brought up to date in silence.
    """

    owner_id: int
    code: str
    key: str
    facts: dict[str, Any] = field(default_factory=dict)
    mark: str = ""


def notify(new_notification: Iterable[NewNotification]) -> None:
    """Keep the new notifications, and update those that exist."""
    rows = {
        (one.owner_id, one.key[:120]): Notification(
            owner_id=one.owner_id,
            code=one.code,
            key=one.key[:120],
            facts={**one.facts, "mark": one.mark} if one.mark else one.facts,
        )
        for one in new_notification
    }
    owners = {owner_id for owner_id, _key in rows}
    keys = {key for _owner_id, key in rows}
    known = Notification.objects.filter(owner_id__in=owners, key__in=keys)
    for old in known:
        new = rows.get((old.owner_id, old.key))
        if new is not None and not _replaced(old, new.facts):
            del rows[old.owner_id, old.key]
    Notification.objects.bulk_create(rows.values(), ignore_conflicts=True)
    for owner_id in owners:
        cache.delete(bell_key(owner_id))


def _replaced(notification: Notification, facts: dict[str, Any]) -> bool:
    """Bring it up to date; with another mark it makes place for a new one, on top of the others."""
    if facts.get("mark") != notification.facts.get("mark"):
        notification.delete()
        return True
    if facts != notification.facts:
        Notification.objects.filter(pk=notification.pk).update(facts=facts)
    return False


def unread(owner_id: int) -> int:
    """How many notifications are unread; kept for a while, for the bell stands on every page."""
    count = cache.get(bell_key(owner_id))
    if count is None:
        count = Notification.objects.filter(owner_id=owner_id, read_at=None)[:100].count()
        cache.set(bell_key(owner_id), count, KEPT)
    return int(count)


def mark_read(owner_id: int, ids: list[int] | None, now: datetime | None = None) -> int:
    """These are read, or all of them. Returns how many were not before."""
    rows = Notification.objects.filter(owner_id=owner_id, read_at=None)
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    count = rows.update(read_at=now or timezone.now())
    cache.delete(bell_key(owner_id))
    return count


def older_than(limit: datetime) -> QuerySet[Notification]:
    """Those that came before this moment, read or not."""
    return Notification.objects.filter(created_at__lt=limit)


def bell_key(owner_id: int) -> str:
    """Where the number of unread notifications is kept."""
    return f"notices:{owner_id}"
