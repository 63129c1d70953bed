"""``manage.py clean``: each kind of what is kept for a time only."""

from __future__ import annotations

from datetime import UTC, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.utils import timezone

from apps.mailings.models import RecipientImport, RetentionRun, Subscription
from apps.mailings.services.privacy import retention
from apps.mailings.services.privacy.retention import KEPT, Retention
from apps.users.models import Notification
from apps.users.notifications import NewNotification, notify
from tests.factories import MailingListFactory, RecipientFactory, UserFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def cleaned(*args: str) -> dict[str, str]:
    """How much of each kind, by its words."""
    out = StringIO()
    call_command("clean", *args, stdout=out)
    lines = (line.split(None, 1) for line in out.getvalue().splitlines())
    return {kind: count for count, kind in lines}


def old_rows(count: int) -> None:
    """So many ended sign-ins, subscriptions that nobody confirmed, and files of rejected rows."""
    owner, before = UserFactory.create(), NOW - timedelta(days=31)
    for number in range(count):
        Session.objects.create(session_key=str(number), expire_date=before)
        person = RecipientFactory.create(owner=owner)
        Subscription.objects.create(
            list=MailingListFactory.create(owner=owner),
            recipient=person,
            status="unconfirmed",
            since=before,
        )
        found = RecipientImport.objects.create(owner=owner, source="x.csv")
        found.rejects.save("x.csv", ContentFile(b"x"), save=True)
        RecipientImport.objects.filter(pk=found.pk).update(updated_at=before)


def test_a_dry_run_counts_and_removes_nothing() -> None:
    old_rows(2)
    first = cleaned("--dry-run")
    assert first["Subscriptions that nobody confirmed (UNCONFIRMED_DAYS: 30 days)"] == "2"
    assert first["Sign-ins that have ended (0 days)"] == "2"
    assert first["Files of rejected rows (IMPORT_FILES_DAYS: 30 days)"] == "2"
    assert len(first) == len(KEPT)
    assert cleaned("--dry-run") == first
    assert not RetentionRun.objects.exists()


def test_all_of_it_goes_a_chunk_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_CHUNK", 1)
    old_rows(3)
    Session.objects.create(session_key="in use", expire_date=NOW + timedelta(days=1))
    before = cleaned("--dry-run")
    assert cleaned() == before
    assert set(cleaned("--dry-run").values()) == {"0"}
    assert Session.objects.get().session_key == "in use"
    assert not RecipientImport.objects.exclude(rejects="").exists()
    assert RetentionRun.objects.filter(name__in=KEPT).count() == len(KEPT)


def test_notifications_go_read_or_not(settings: LazySettings) -> None:
    settings.NOTIFICATIONS_DAYS = 30
    owner = UserFactory.create()
    notify(NewNotification(owner.pk, "run_ended", f"run:{number}:done") for number in range(3))
    old = Notification.objects.exclude(key="run:2:done")
    old.update(created_at=NOW - timedelta(days=31))
    Notification.objects.filter(key="run:0:done").update(read_at=NOW)
    assert cleaned()["Notifications (0: for ever) (NOTIFICATIONS_DAYS: 30 days)"] == "2"
    assert Notification.objects.get().key == "run:2:done"


def test_files_of_the_log_go_by_their_day(settings: LazySettings, tmp_path: Path) -> None:
    settings.LOG_DIR, settings.LOG_DAYS = tmp_path, 30
    for days in (31, 30, 0):
        day = (timezone.now() - timedelta(days=days)).astimezone(UTC)
        (tmp_path / f"vestnik-{day:%Y-%m-%d}.1.jsonl").touch()
    kind = "Log files of this machine (0: the newest 50) (LOG_DAYS: 30 days)"
    assert cleaned("--dry-run")[kind] == "1"
    assert len(list(tmp_path.iterdir())) == 3
    assert cleaned()[kind] == "1"
    assert len(list(tmp_path.iterdir())) == 2


def test_zero_days_are_for_ever(settings: LazySettings) -> None:
    settings.EVENTS_DAYS = 0
    name = "Bounces, complaints and other reports of providers (0: for ever)"
    assert cleaned()[f"{name} (EVENTS_DAYS: for ever)"] == "0"


def test_a_scheduler_that_ends_begins_no_other_kind() -> None:
    Retention().run(NOW, lambda: True)
    assert not RetentionRun.objects.exists()
