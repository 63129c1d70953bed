"""What is kept for a time only: each kind is removed once a day, by the scheduler or a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import structlog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.audit.acts import Act
from apps.core.audit.log import Object, record
from apps.core.contracts import BackgroundJob
from apps.core.logs import files as log_files
from apps.mailings.ledger.permission import erase
from apps.mailings.media import files as pictures
from apps.mailings.models import Consent, RecipientImport, RetentionRun, Subscription
from apps.mailings.personal_files import store
from apps.mailings.services.engagement import firsts
from apps.mailings.services.permission import subscribing
from apps.mailings.services.personal_files import removing
from apps.mailings.services.privacy import transactional
from apps.users import audit
from apps.users.notifications import older_than

log = structlog.get_logger(__name__)

#: Rows of one statement.
_CHUNK: Final = 2000
#: What was removed today is not looked at again.
_DAILY: Final = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of data, in words, and how to find and remove what is older than so many days.

    ``count`` says how much is old; ``remove`` removes some of it, in transactions that are short,
    and says how much that was, until there is none. ``key`` is the one of ``.env`` with the days,
    of which 0 is for ever; without one they are ``fixed``.
    """

    key: str
    label: object
    count: Callable[[datetime, int], int]
    remove: Callable[[datetime, int], int]
    fixed: int = 0

    @property
    def days(self) -> int:
        return int(getattr(settings, self.key)) if self.key else self.fixed

    @property
    def is_for_ever(self) -> bool:
        return bool(self.key) and not self.days


def of_rows(
    old: Callable[[datetime], QuerySet[Any]],
) -> tuple[Callable[[datetime, int], int], Callable[[datetime, int], int]]:
    """How rows are counted and deleted, a chunk at a time; ``old``: those from before a moment."""

    def count(now: datetime, days: int) -> int:
        return old(now - timedelta(days=days)).count()

    def remove(now: datetime, days: int) -> int:
        rows = old(now - timedelta(days=days))
        found = list(rows.order_by("pk").values_list("pk", flat=True)[:_CHUNK])
        rows.model._base_manager.filter(pk__in=found).delete()
        return len(found)

    return count, remove


def _count_unconfirmed(now: datetime, days: int) -> int:
    return subscribing.unconfirmed(now - timedelta(days=days)).count()


def _expire_unconfirmed(now: datetime, days: int) -> int:
    return subscribing.expire_unconfirmed(now=now, days=days)


def _rejects(now: datetime, days: int) -> QuerySet[RecipientImport]:
    old = RecipientImport.objects.filter(updated_at__lt=now - timedelta(days=days))
    return old.exclude(rejects="")


def _count_rejects(now: datetime, days: int) -> int:
    return _rejects(now, days).count()


def _remove_rejects(now: datetime, days: int) -> int:
    """Rows that an import rejected lie in a file, with all that they say."""
    found = list(_rejects(now, days).order_by("pk")[:_CHUNK])
    for one in found:
        one.rejects.delete(save=False)
        RecipientImport.objects.filter(pk=one.pk).update(rejects="", preview={})
    return len(found)


def old_evidence(limit: datetime) -> QuerySet[Consent]:
    """Consents that still say from where they came, though their subscription ended long ago."""
    of_person = Subscription.objects.filter(recipient_id=OuterRef("recipient_id"))
    still = of_person.filter(Q(ended_at=None) | Q(ended_at__gte=limit))
    on_list = Exists(still.filter(list_id=OuterRef("list_id")))
    anywhere = Exists(still)
    rows = Consent.objects.filter(said_at__lt=limit)
    rows = rows.exclude(ip=None, user_agent="", page="")
    return rows.filter(Q(list__isnull=False) & ~on_list | Q(list=None) & ~anywhere)


def _count_evidence(now: datetime, days: int) -> int:
    return old_evidence(now - timedelta(days=days)).count()


def _empty_evidence(now: datetime, days: int) -> int:
    rows = old_evidence(now - timedelta(days=days)).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:_CHUNK])
    return Consent.objects.filter(pk__in=ids).update(ip=None, user_agent="", page="")


def _count_left_out(now: datetime, days: int) -> int:
    return erase.foldable(now - timedelta(days=days)).count()


def _fold_left_out(now: datetime, days: int) -> int:
    return erase.fold(ended_before=now - timedelta(days=days), most=_CHUNK)


def _ended_sessions(limit: datetime) -> QuerySet[Session]:
    return Session.objects.filter(expire_date__lt=limit)


def _days_before(now: datetime, days: int) -> date:
    return (now - timedelta(days=days)).astimezone(UTC).date()


KEPT: Final = {
    "transactional": Kept(
        "TRANSACTIONAL_DAYS",
        _("Transactional messages with their history (0: for ever)"),
        transactional.count_old,
        transactional.remove_old,
    ),
    "left_out": Kept(
        "LEFT_OUT_KEPT_DAYS",
        _("Who was left out of runs (0: for ever)"),
        _count_left_out,
        _fold_left_out,
    ),
    "unconfirmed": Kept(
        "UNCONFIRMED_DAYS",
        _("Subscriptions that nobody confirmed"),
        _count_unconfirmed,
        _expire_unconfirmed,
    ),
    "import_files": Kept(
        "IMPORT_FILES_DAYS", _("Files of rejected rows"), _count_rejects, _remove_rejects
    ),
    "evidence": Kept(
        "EVIDENCE_DAYS",
        _("IP address, browser and page of consents, after the end of the subscription"),
        _count_evidence,
        _empty_evidence,
    ),
    "audit": Kept(
        "AUDIT_DAYS",
        _("Entries of the audit log (0: for ever)"),
        lambda now, days: audit.older_than(now - timedelta(days=days)).count(),
        lambda now, days: audit.remove_older_than(now - timedelta(days=days)),
    ),
    "notifications": Kept(
        "NOTIFICATIONS_DAYS", _("Notifications (0: for ever)"), *of_rows(older_than)
    ),
    "log_files": Kept(
        "LOG_DAYS",
        _("Log files of this machine (0: the newest 50)"),
        lambda now, days: len(log_files.from_before(settings.LOG_DIR, _days_before(now, days))),
        lambda now, days: log_files.remove_from_before(settings.LOG_DIR, _days_before(now, days)),
    ),
    "personal_files": Kept(
        "PERSONAL_FILES_DAYS",
        _("Files of single recipients, and archives"),
        removing.count_old,
        removing.remove_old,
    ),
    "first_reactions": Kept(
        "",
        _("First openings and clicks, for webhooks"),
        *of_rows(firsts.counted_before),
        fixed=firsts.KEPT_DAYS,
    ),
    "sessions": Kept("", _("Sign-ins that have ended"), *of_rows(_ended_sessions)),
    "picture_files": Kept(
        "",
        _("Files of pictures that are gone"),
        lambda now, days: pictures.sweep(remove=False),
        lambda now, days: pictures.sweep(),
        fixed=1,
    ),
    "swept_files": Kept(
        "",
        _("Files of single recipients that nobody has any more"),
        lambda now, days: store.sweep(remove=False),
        lambda now, days: store.sweep(),
        fixed=1,
    ),
}


class Retention(BackgroundJob):
    """Removes once a day what has been kept for long enough, and notes how much it was."""

    name = "retention"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        lately = RetentionRun.objects.filter(ran_at__gt=now - _DAILY)
        done = set(lately.values_list("name", flat=True))
        for name in KEPT:
            if name not in done and not stopping():
                remove_old(name, now=now, stopping=stopping)


def count_old(name: str, *, now: datetime) -> int:
    """How much of one kind is old. Changes nothing."""
    kept = KEPT[name]
    return 0 if kept.is_for_ever else kept.count(now, kept.days)


def remove_old(name: str, *, now: datetime, stopping: Callable[[], bool] = lambda: False) -> int:
    """Remove what is old of one kind. Returns how much it was.

    One that is stopped before its end goes on with the next turn.
    """
    kept, count, done = KEPT[name], 0, False
    while not done and not stopping():
        gone = 0 if kept.is_for_ever else kept.remove(now, kept.days)
        count, done = count + gone, not gone
    with transaction.atomic():
        before = {"ran_at": now - 2 * _DAILY}
        RetentionRun.objects.get_or_create(name=name, defaults=before)
        row = RetentionRun.objects.filter(name=name)
        row.update(count=count, total=F("total") + count, **({"ran_at": now} if done else {}))
        if count:
            record(Act.CLEANED, Object(name=name), count=count)
    if count:
        log.info("old_data_removed", kind=name, count=count)
    return count
