"""What is kept for a time only: each kind has a key of ``.env``, and is removed once a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.contracts import BackgroundJob
from apps.mailings.ledger.permission import erase
from apps.mailings.models import Consent, RecipientImport, RetentionRun, Subscription
from apps.mailings.services.permission.subscribing import expire_unconfirmed

log = structlog.get_logger(__name__)

#: Rows of one statement.
_CHUNK: Final = 2000
#: What was removed today is not looked at again.
_DAILY: Final = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of data: its key of ``.env``, what it is in words, and what removes the old ones."""

    key: str
    label: object
    remove: Callable[[datetime, int], int]

    @property
    def days(self) -> int:
        return int(getattr(settings, self.key))


def _expire_unconfirmed(now: datetime, days: int) -> int:
    return expire_unconfirmed(now=now, days=days)


def _remove_rejects(now: datetime, days: int) -> int:
    """Rows that an import rejected lie in a file, with all that they say."""
    old = RecipientImport.objects.filter(updated_at__lt=now - timedelta(days=days))
    found = list(old.exclude(rejects="")[:_CHUNK])
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


def _empty_evidence(now: datetime, days: int) -> int:
    rows, count = old_evidence(now - timedelta(days=days)), 0
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:_CHUNK]):
        count += Consent.objects.filter(pk__in=ids).update(ip=None, user_agent="", page="")
    return count


def _fold_left_out(now: datetime, days: int) -> int:
    if not days:
        return 0
    limit, total = now - timedelta(days=days), 0
    while count := erase.fold(ended_before=limit, most=_CHUNK):
        total += count
    return total


KEPT: Final = {
    "left_out": Kept(
        "LEFT_OUT_KEPT_DAYS", _("Who was left out of runs (0: for ever)"), _fold_left_out
    ),
    "unconfirmed": Kept(
        "UNCONFIRMED_DAYS", _("Subscriptions that nobody confirmed"), _expire_unconfirmed
    ),
    "import_files": Kept("IMPORT_FILES_DAYS", _("Files of rejected rows"), _remove_rejects),
    "evidence": Kept(
        "EVIDENCE_DAYS",
        _("IP address, browser and page of consents, after the end of the subscription"),
        _empty_evidence,
    ),
}


class Retention(BackgroundJob):
    """Removes once a day what has been kept for long enough, and notes how much it was."""

    name = "retention"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        lately = RetentionRun.objects.filter(ran_at__gt=now - _DAILY)
        done = set(lately.values_list("name", flat=True))
        for name in KEPT.keys() - done:
            if not stopping():
                remove_old(name, now=now)


def remove_old(name: str, *, now: datetime) -> int:
    """Remove what is old of one kind. Returns how much it was."""
    kept = KEPT[name]
    count = kept.remove(now, kept.days)
    with transaction.atomic():
        RetentionRun.objects.get_or_create(name=name, defaults={"ran_at": now})
        row = RetentionRun.objects.filter(name=name)
        row.update(ran_at=now, count=count, total=F("total") + count)
    if count:
        log.info("old_data_removed", kind=name, count=count)
    return count
