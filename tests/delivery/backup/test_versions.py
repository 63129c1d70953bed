"""Who sends with another version is found, also before the newest migrations."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.conf import LazySettings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from apps.delivery.accounts import declared
from apps.delivery.backup import schema
from apps.delivery.backup.errors import WorkersOfAnotherVersion
from apps.delivery.backup.schema import Schema
from apps.delivery.backup.versions import check_workers
from apps.delivery.engine.worker.journal import Journal, boot_id
from apps.delivery.engine.worker.lease import Lease
from apps.delivery.models import WorkerLease
from apps.delivery.scheduling.scheduler import begin_due
from tests.factories import RunFactory

pytestmark = pytest.mark.django_db


def lease(journal: Path, *, version: str = "0.0.9", boot: str = "") -> WorkerLease:
    return WorkerLease.objects.create(
        host="h",
        boot_id=boot or boot_id(),
        pid=7,
        journal=str(journal),
        run=RunFactory.create(),
        version=version,
        started_at=timezone.now(),
    )


def test_a_worker_and_a_scheduler_say_their_version(tmp_path: Path, settings: LazySettings) -> None:
    begin_due()
    run = RunFactory.create()
    mine = Lease(
        run_id=run.pk, account=declared("email"), directory=tmp_path, seconds=9, now=timezone.now()
    )
    assert WorkerLease.objects.get(pk=mine.token).version == settings.VERSION
    check_workers()
    settings.VERSION = "9.9.9"
    with pytest.raises(WorkersOfAnotherVersion, match=r"h?/\d+ .*; scheduler"):
        check_workers()
    mine.close(in_order=True)


def test_a_worker_of_another_version_is_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "x.journal", connections=1, window=1)
    lease(journal.path)
    with pytest.raises(WorkersOfAnotherVersion, match=r"h/7 \(0\.0\.9\)"):
        check_workers()
    journal.close(remove=False)


def test_one_whose_machine_is_another_counts_as_running(tmp_path: Path) -> None:
    lease(tmp_path / "x.journal", version="", boot="another")
    with pytest.raises(WorkersOfAnotherVersion, match=r"h/7 \(\?\)"):
        check_workers()


def test_one_that_has_died_or_has_ended_does_not_count(tmp_path: Path) -> None:
    Journal(tmp_path / "x.journal", connections=1, window=1).close(remove=False)
    lease(tmp_path / "x.journal")
    lease(tmp_path / "gone.journal")
    ended = lease(tmp_path / "y", boot="another")
    WorkerLease.objects.filter(pk=ended.pk).update(ended_at=timezone.now())
    check_workers()


def test_before_the_first_migration_nobody_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "current", lambda: Schema(frozenset(), frozenset(), apps))
    check_workers()


@pytest.mark.django_db(transaction=True)
def test_the_models_are_those_of_the_applied_migrations() -> None:
    """As after new code has come and before it has migrated."""
    recorder = MigrationExecutor(connection).recorder
    recorder.record_unapplied("delivery", "0002_versions")
    try:
        found = schema.current()
        names = {
            one.name for one in schema.model_of(found.registry, "delivery.Heartbeat")._meta.fields
        }
        assert names == {"name", "beat_at"}
        assert found.known - found.applied == {("delivery", "0002_versions")}
    finally:
        recorder.record_applied("delivery", "0002_versions")
    assert schema.current().registry is apps
    assert MigrationLoader(connection).applied_migrations
