"""Files that no picture names: of owners who are gone, of processes that were killed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db.models import F

from apps.core.contracts import BackgroundJob
from apps.mailings.media import files
from apps.mailings.models import RetentionRun

log = structlog.get_logger(__name__)

_DAILY: Final = timedelta(hours=20)
_NAME: Final = "picture_files"


class PictureSweeping(BackgroundJob):
    """Deletes once a day the files that belong to no picture."""

    name = "picture_sweeping"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        if RetentionRun.objects.filter(name=_NAME, ran_at__gt=now - _DAILY).exists():
            return
        count = files.sweep()
        RetentionRun.objects.get_or_create(name=_NAME, defaults={"ran_at": now})
        rows = RetentionRun.objects.filter(name=_NAME)
        rows.update(ran_at=now, count=count, total=F("total") + count)
        if count:
            log.info("picture_files_swept", count=count)
