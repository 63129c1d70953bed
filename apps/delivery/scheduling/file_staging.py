"""The files of single recipients, brought beside everything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from apps.core.contracts import BackgroundJob
from apps.delivery.engine.staging.stager import stage_all
from apps.delivery.service import service
from apps.mailings.services.personal_files.unpacking import unpack_all


class FileStaging(BackgroundJob):
    """Unpacks archives, and brings each recipient's files before anything is sent."""

    name = "file_staging"
    every_tick = True

    def run(self, now: datetime, stopping: Callable[[], bool]) -> None:
        unpack_all(stopping)
        if stage_all(stopping):
            service.wake()
