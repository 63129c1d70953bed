"""``manage.py backup``, ``restore`` and ``upgrade``."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.delivery.models import Heartbeat
from tests.delivery.backup.conftest import Anew
from tests.factories import MailingFactory, RunFactory

pytestmark = pytest.mark.django_db(transaction=True)


def called(*args: str) -> tuple[int, str, str]:
    """Exit code, and what was written."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*args, stdout=out, stderr=err)
    except SystemExit as left:
        return int(str(left.code)), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def test_a_backup_says_how_much_is_in_it(saved: Path) -> None:
    assert called("backup", str(saved)) == (
        2,
        "",
        f"There is a file {saved} already: name another one. [backup_exists]\n",
    )
    code, out, err = called("backup", str(saved.with_name("2.zip")), "--without-files")
    assert (code, err) == (0, "")
    assert " tables, 0 files, of 20" in out


def test_a_restoring_says_what_waits_for_a_person(there: Path, saved: Path) -> None:
    assert called("restore", str(saved))[1].splitlines()[1:] == [
        "Runs that were going and are paused now: 1"
    ]
    code, _out, err = called("restore", str(saved))
    assert (code, err.endswith("[not_empty]\n")) == (2, True)


def test_a_mailing_that_starts_at_once_and_wrong_counters_are_named(
    place: Path, anew: Anew, tmp_path: Path
) -> None:
    RunFactory.create(mailing__status="running", pending=1, frozen_at=timezone.now())
    due = MailingFactory.create(scheduled_at=timezone.now())
    wrong = "The counters of 1 run are not what its rows say.\n"
    assert called("backup", str(tmp_path / "x.zip"))[2] == wrong
    anew("second")
    code, out, err = called("restore", str(tmp_path / "x.zip"))
    assert (code, err) == (0, wrong)
    assert f"These mailings start as soon as the scheduler runs: (id:{due.pk})\n" in out


def test_no_file_is_no_traceback(there: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore", str(there / "nothing.zip"))


def test_an_upgrade_makes_a_backup_and_looks_at_everything(place: Path) -> None:
    code, out, _err = called("upgrade", "--offline")
    (made,) = (place / "backups").iterdir()
    assert f"Backup: {made}" in out
    assert "No migrations to apply" in out
    assert "all applied" in out
    assert code == (1 if "wrong" in out else 0)


def test_a_backup_that_is_there_is_enough(place: Path) -> None:
    called("upgrade", "--offline", "--no-backup")
    assert not (place / "backups").exists()


def test_an_upgrade_is_refused_while_another_version_runs(place: Path) -> None:
    Heartbeat.objects.create(name="scheduler", beat_at=timezone.now(), version="0.0.9+0")
    code, out, err = called("upgrade", "--offline")
    assert (code, out) == (2, "")
    assert err.endswith("scheduler (0.0.9+0) [other_version_runs]\n")
    assert "all applied" in called("upgrade", "--offline", "--workers-stopped")[1]
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(minutes=1))
    assert "all applied" in called("upgrade", "--offline", "--no-backup")[1]
