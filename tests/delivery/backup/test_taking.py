"""A backup is of one moment, for its owner alone, and whole or not there."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.conf import LazySettings
from django.db import connection

from apps.core.resources import DiskFull
from apps.delivery.backup import places, taking
from apps.delivery.backup.errors import BackupExists, BackupUnfit
from apps.delivery.backup.schema import Schema, check_tables, current
from apps.delivery.backup.tables import LEFT_OUT, tables
from apps.delivery.backup.taking import take
from apps.delivery.models import Heartbeat
from apps.mailings.models import Tag
from apps.users.models import User
from tests.factories import TagFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_says_what_is_in_it(place: Path, tmp_path: Path, settings: LazySettings) -> None:
    TagFactory.create()
    (place / "media" / "avatars").mkdir(parents=True)
    (place / "media" / "avatars" / "a.png").write_bytes(b"picture")
    (place / "media" / "link").symlink_to(place / "media" / "avatars" / "a.png")
    found = take(tmp_path / "x.zip")
    assert (found.version, found.database) == (settings.VERSION, connection.vendor)
    assert {one.name: one.rows for one in found.tables if one.rows}["mailings_tag"] == 1
    assert [(one.place, one.path, one.size) for one in found.files] == [
        ("media", "avatars/a.png", 7)
    ]
    with ZipFile(tmp_path / "x.zip") as archive:
        assert json.loads(archive.read("manifest.json")) == json.loads(found.model_dump_json())
        assert archive.read("files/media/avatars/a.png") == b"picture"
        assert settings.SECRET_KEY.encode() not in b"".join(map(archive.read, archive.namelist()))
    assert stat.S_IMODE((tmp_path / "x.zip").stat().st_mode) == 0o600


def test_a_reference_comes_after_what_it_names() -> None:
    found = [one.name for one in tables(current().registry)]
    assert found.index("users_user") < found.index("mailings_message")
    assert found.index("mailings_run") < found.index("mailings_delivery")
    assert LEFT_OUT.isdisjoint(found)
    assert len(found) == len(set(found))


def test_signs_of_life_are_not_in_it(place: Path, tmp_path: Path) -> None:
    Heartbeat.objects.create(name="x", beat_at="2026-01-01T00:00:00Z")
    assert "delivery_heartbeat" not in {one.name for one in take(tmp_path / "x.zip").tables}


def test_no_file_is_overwritten(place: Path, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_text("mine", encoding="utf-8")
    with pytest.raises(BackupExists):
        take(tmp_path / "x.zip")
    assert (tmp_path / "x.zip").read_text(encoding="utf-8") == "mine"


def test_on_a_full_disk_nothing_is_left(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(archive: object) -> Iterator[object]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(places, "write_files", full)
    with pytest.raises(DiskFull):
        take(tmp_path / "x.zip")
    assert [one.name for one in tmp_path.iterdir()] == ["first"]


def test_a_file_that_goes_away_meanwhile_is_passed_over(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "media").mkdir()
    monkeypatch.setattr(places, "files_of", lambda folder: iter([folder / "gone"]))
    assert take(tmp_path / "x.zip").files == []


def test_what_is_written_meanwhile_is_not_in_it(place: Path, tmp_path: Path) -> None:
    TagFactory.create(name="before")
    with taking.snapshot():
        assert User.objects.count() == 1
        other = threading.Thread(target=_write)
        other.start()
        other.join()
        assert [one.name for one in Tag.objects.all()] == ["before"]
    assert Tag.objects.count() == 2


def _write() -> None:
    TagFactory.create(name="meanwhile", owner=User.objects.get())
    connection.close()


def test_before_the_first_migration_there_is_nothing_to_save() -> None:
    none = Schema(frozenset(), frozenset(), current().registry)
    with pytest.raises(BackupUnfit):
        check_tables(none)
