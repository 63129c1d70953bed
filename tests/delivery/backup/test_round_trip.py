"""From one database to the other and back, with one of everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection

from apps.delivery.backup.restoring import restore
from apps.delivery.backup.taking import take
from apps.mailings.links import letter_of
from apps.mailings.models import Delivery, Recipient, Run
from apps.users.models import MANAGERS
from tests.access.rows import rows
from tests.delivery.backup.conftest import Anew
from tests.delivery.backup.database import empty, make_tables, rows_of, sqlite
from tests.delivery.engine.workers import assert_equation
from tests.factories import RecipientFactory
from tests.feedback.engagement.readers import clicked, opened, sent_run
from tests.feedback.engagement.readers import take as count
from tests.feedback.engagement.test_front import token_of

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def filled() -> str:
    """One of everything, and a letter that was opened. Its token."""
    rows(1)
    run, (letter,) = sent_run(frozen_at="2026-01-01T00:00:00Z")
    count(opened(letter))
    Recipient.objects.filter(pk=letter.recipient_id).update(
        full_name="Ёжик \N{HEDGEHOG}", attributes={"города": ["Ош", 1.5, None, True]}
    )
    Run.objects.exclude(pk=run.pk).update(state="done", finished_at=run.queued_at)
    return token_of(letter)


def reader(token: str) -> tuple[Run, Delivery]:
    found = letter_of(token)
    assert found is not None
    letter = Delivery.objects.select_related("run").get(pk=found.delivery_id)
    return letter.run, letter


def managers_rights() -> set[str]:
    """What migrations let managers do."""
    granted = Group.objects.get(name=MANAGERS).permissions
    return set(granted.values_list("codename", flat=True))


def exported(folder: Path) -> list[bytes]:
    """What the commands write of the rows."""
    files = [folder / "people.csv", folder / "attempts.csv"]
    call_command("export_recipients", out=str(files[0]))
    call_command("export_attempts", out=str(files[1]))
    return [file.read_bytes() for file in files]


def test_from_sqlite_over_this_database_back_to_sqlite(anew: Anew, tmp_path: Path) -> None:
    home, rights = anew("first"), managers_rights()
    with sqlite(tmp_path / "one.sqlite3"):
        make_tables()
        token = filled()
        first, before = take(tmp_path / "1.zip"), exported(home)
    second_home = anew("second")
    restore(tmp_path / "1.zip")
    assert exported(second_home) == before
    assert managers_rights() == rights
    run, letter = reader(token)
    assert_equation(run)
    count(opened(letter), clicked(letter))
    run.refresh_from_db()
    assert (run.engaged_person, run.engaged_clicked) == (1, 1)
    newcomer = RecipientFactory.create()
    assert newcomer.pk > 1_000_000
    newcomer.owner.delete()
    empty()
    restore(tmp_path / "1.zip")
    second = take(tmp_path / "2.zip")
    assert (second.database, second.sums) == (connection.vendor, first.sums)
    with sqlite(tmp_path / "one.sqlite3"):
        empty()
        restore(tmp_path / "2.zip")
        third, after = take(tmp_path / "3.zip"), exported(home)
    assert rows_of(tmp_path / "1.zip") == rows_of(tmp_path / "2.zip") == rows_of(tmp_path / "3.zip")
    assert (third.sums, after) == (first.sums, before)
