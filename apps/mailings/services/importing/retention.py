"""Files that were brought in and forgotten: they hold addresses, so they are not kept for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from apps.core.contracts import BackgroundJob
from apps.mailings.services.importing.files import forget_old

log = structlog.get_logger(__name__)


class ImportCleaning(BackgroundJob):
    """Removes the files of imports abandoned for a day."""

    name = "old_import_files"

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        if count := forget_old(now=now):
            log.info("import_files_removed", count=count)
