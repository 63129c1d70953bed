"""Imports whose process has ended: those that wait are carried out, those that ran have failed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.core.contracts import BackgroundJob
from apps.core.errors import Refused
from apps.core.models import OwnedQuerySet
from apps.mailings.models import RecipientImport
from apps.mailings.services.importing import files, page_imports

log = structlog.get_logger(__name__)

State = RecipientImport.State

#: A queued import is begun in the process that took it, unless that has ended.
_TAKEN_OVER: Final = timedelta(minutes=2)


class ImportInterrupted(Refused):
    """The process that read or imported the file has ended before it was through."""

    code = "import_interrupted"


class InterruptedImports(BackgroundJob):
    """Carries out what was queued by a process that has ended, and ends what it was at work on."""

    name = "interrupted_imports"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        waiting = _of_pages().filter(state=State.QUEUED, updated_at__lt=now - _TAKEN_OVER)
        for number in waiting.order_by("pk").values_list("pk", flat=True):
            if not stopping() and not _one_is_at_work(now):
                page_imports.carry_out(number)
        if count := give_up(now):
            log.warning("imports_interrupted", count=count)


def _one_is_at_work(now: datetime) -> bool:
    """An import is being carried out, and what is queued may wait for it in the same process."""
    alive = now - page_imports.SILENCE_ENDS
    return RecipientImport.objects.filter(state=State.RUNNING, beat_at__gte=alive).exists()


def _of_pages() -> OwnedQuerySet[RecipientImport]:
    """All but the nightly pulls, which NightlyPulls tries again."""
    return RecipientImport.objects.filter(night__isnull=True)


def give_up(now: datetime) -> int:
    """Let every import and look without a sign of life fail, so that it can be started again.

    Its rows have come in whole or not at all, and nobody comes in twice. Returns how many.
    """
    running = Q(state=State.RUNNING, beat_at__lt=now - page_imports.SILENCE_ENDS)
    reading = Q(state=State.READING, updated_at__lt=now - files.READING_ENDS)
    silent = _of_pages().filter(running | reading)
    count = 0
    for found in silent.iterator():
        with override(found.options.get("language", "ru")):
            error = _("The process that read the file has ended. Import it again.")
        count += silent.filter(pk=found.pk).update(
            state=State.FAILED, error=error, error_code=ImportInterrupted.code, updated_at=now
        )
    return count
