"""Once a day the files that belong to nobody go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from apps.core.slots import background_jobs
from apps.mailings.models import RetentionRun
from apps.mailings.services.media.sweeping import PictureSweeping
from tests.factories import UserFactory
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.test_files import grow_old

__all__ = ["picture_files"]  # a fixture

pytestmark = pytest.mark.django_db


def test_once_a_day_and_counted(picture_files: Path) -> None:
    job, now = PictureSweeping(), timezone.now()
    owners = UserFactory.create_batch(2)
    for owner in owners:
        picture_of(owner)
    owners[0].delete()
    grow_old(picture_files)
    job.run(now, lambda: False)
    row = RetentionRun.objects.get(name="picture_files")
    assert (row.count, row.total) == (2, 2)
    owners[1].delete()
    job.run(now + timedelta(hours=1), lambda: False)
    assert RetentionRun.objects.get(name="picture_files").total == 2
    job.run(now + timedelta(hours=21), lambda: False)
    assert RetentionRun.objects.get(name="picture_files").total == 4


def test_the_scheduler_knows_it() -> None:
    assert PictureSweeping.name in [job.name for job in background_jobs]
