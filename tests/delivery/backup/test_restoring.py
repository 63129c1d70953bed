"""All of an archive, or nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from struct import unpack_from
from typing import Any
from zipfile import ZipFile

import pytest
from django.db import DataError

from apps.core.errors import Refused
from apps.core.files.replacing import alone
from apps.delivery.backup import places
from apps.delivery.backup.restoring import restore
from apps.delivery.backup.sequences import GAP
from apps.delivery.backup.tables import Table
from apps.delivery.backup.taking import take
from apps.mailings.models import Run, Tag
from tests.delivery.backup.conftest import Anew
from tests.delivery.backup.database import nothing_is_there
from tests.factories import DeliveryFactory, RecipientFactory, TagFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def changed(saved: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """Another archive, in which each entry has gone through ``change``; None: it is missing."""
    other = saved.with_name("changed.zip")
    with ZipFile(saved) as old, ZipFile(other, "w") as new:
        for name in old.namelist():
            if (content := change(name, old.read(name))) is not None:
                new.writestr(name, content)
    return other


def manifest(saved: Path, **facts: Any) -> Path:
    def change(name: str, content: bytes) -> bytes:
        if name != "manifest.json":
            return content
        return json.dumps(json.loads(content) | facts).encode()

    return changed(saved, change)


def refused(archive: Path, **how: Any) -> str:
    with pytest.raises(Refused) as found:
        restore(archive, **how)
    return found.value.code


def test_everything_comes_back_and_what_was_going_is_paused(saved: Path, there: Path) -> None:
    restore(saved)
    run = Run.objects.get()
    assert (run.state, run.reason, run.rate, run.pending) == ("paused", "restored", 0.0, 1)
    assert (there / "private" / "imports" / "list.csv").read_bytes() == b"email\n"
    assert not (there / "restoring").exists()


def test_ids_that_stand_in_letters_go_on_far_behind(saved: Path, there: Path) -> None:
    restore(saved)
    run = Run.objects.get()
    recipient = RecipientFactory.create(owner=run.mailing.owner)
    fresh = DeliveryFactory.create(run=run, recipient=recipient)
    assert min(fresh.pk, recipient.pk) > GAP
    assert TagFactory.create(owner=run.mailing.owner).pk < GAP


def test_an_id_that_was_deleted_is_not_given_out_again(anew: Anew, tmp_path: Path) -> None:
    anew("first")
    owner = UserFactory.create()
    last = TagFactory.create(owner=owner).pk
    Tag.objects.all().delete()
    take(tmp_path / "x.zip")
    anew("second")
    restore(tmp_path / "x.zip")
    assert TagFactory.create(owner_id=owner.pk).pk > last


def test_without_files_those_that_are_there_stay(saved: Path, there: Path) -> None:
    (there / "media").mkdir()
    (there / "media" / "a").touch()
    restore(saved, with_files=False)
    assert Run.objects.count() == 1
    assert [one.name for one in there.rglob("*") if one.suffix != ".lock"] == ["media", "a"]


@pytest.mark.parametrize("name", ["tables/mailings_run.jsonl", "files/private/imports/list.csv"])
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_damaged_archive_is_refused(saved: Path, there: Path, name: str, how: str) -> None:
    def change(entry: str, content: bytes) -> bytes | None:
        if entry != name:
            return content
        return content.replace(b"email", b"e-mail") if how == "changed" else None

    assert refused(changed(saved, change)) == "backup_damaged"
    assert nothing_is_there(there)


@pytest.mark.parametrize("size", [0, 10, 5_000, -1])
def test_an_archive_that_was_cut_short_is_refused(saved: Path, there: Path, size: int) -> None:
    saved.write_bytes(saved.read_bytes()[:size])
    assert refused(saved) == "backup_damaged"
    assert nothing_is_there(there)


def test_one_byte_that_changed_on_the_disk_is_found(saved: Path, there: Path) -> None:
    with ZipFile(saved) as archive:
        entry = max(archive.infolist(), key=lambda one: one.compress_size)
    content = bytearray(saved.read_bytes())
    head = entry.header_offset
    name_and_extra = sum(unpack_from("<HH", content, head + 26))  # APPNOTE.TXT 4.3.7
    content[head + 30 + name_and_extra + entry.compress_size // 2] ^= 1
    saved.write_bytes(content)
    assert refused(saved) == "backup_damaged"
    assert nothing_is_there(there)


def edited(saved: Path, name: str, key: str, value: object) -> Path:
    """The manifest says something else of one table."""
    with ZipFile(saved) as archive:
        found = json.loads(archive.read("manifest.json"))["tables"]
    for one in found:
        if one["name"] == name:
            one[key] = value
    return manifest(saved, tables=found)


def test_a_manifest_that_does_not_fit_is_refused(saved: Path, there: Path) -> None:
    whole = {"deliveries": {"pending": 2}, "reactions": {}, "uneven": 0}
    broken = [
        lambda: edited(saved, "mailings_run", "rows", 2),
        lambda: edited(saved, "mailings_run", "columns", ["id"]),
        lambda: manifest(saved, tables=[]),
        lambda: manifest(saved, sums=whole),
        lambda: manifest(saved, sums=None),
        lambda: manifest(
            saved, files=[{"place": "media", "path": "../x", "size": 1, "sha256": ""}]
        ),
        lambda: manifest(saved, files=[{"place": "other", "path": "x", "size": 1, "sha256": ""}]),
        lambda: changed(saved, lambda name, had: b"[]" if name == "manifest.json" else had),
    ]
    for make in broken:
        assert refused(make()) == "backup_damaged"
        assert nothing_is_there(there)


def test_an_archive_of_a_newer_version_is_refused(saved: Path, there: Path) -> None:
    assert refused(manifest(saved, format=2)) == "backup_newer"
    assert refused(manifest(saved, migrations=[["mailings", "9999_later"]])) == "backup_newer"
    assert nothing_is_there(there)


def test_an_archive_of_an_older_version_is_refused(saved: Path, there: Path) -> None:
    assert refused(manifest(saved, migrations=[["mailings", "0001_initial"]])) == "backup_older"


def test_what_is_in_use_is_not_overwritten(saved: Path, there: Path) -> None:
    (there / "media").mkdir()
    (there / "media" / "a").touch()
    assert refused(saved) == "not_empty"
    tag = TagFactory.create()
    assert refused(saved) == "not_empty"
    assert Tag.objects.get() == tag


def test_two_at_a_time_do_not_meet(saved: Path, there: Path) -> None:
    with alone(there / "restoring"):
        assert refused(saved) == "restore_running"


def test_what_the_database_does_not_take_is_named(
    saved: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def insert(table: Table, rows: object) -> None:
        raise DataError("value too long")

    monkeypatch.setattr(Table, "insert", insert)
    assert refused(saved) == "backup_unfit"
    assert nothing_is_there(there)


def test_a_failure_at_the_last_step_leaves_nothing(
    saved: Path, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move_in = places.move_in

    def fail(folder: Path) -> None:
        move_in(folder)
        raise OSError("the machine is going down")

    monkeypatch.setattr(places, "move_in", fail)
    with pytest.raises(OSError, match="going down"):
        restore(saved)
    assert nothing_is_there(there)


def test_what_a_killed_one_left_is_removed_by_the_next(saved: Path, there: Path) -> None:
    """As a kill between the files and the commit leaves it: no row, all files."""
    (there / "restoring" / "private").mkdir(parents=True)
    (there / "restoring" / "moving").touch()
    (there / "private" / "imports").mkdir(parents=True)
    (there / "private" / "imports" / "list.csv").touch()
    (there / "private" / "half").touch()
    restore(saved)
    assert (there / "private" / "imports" / "list.csv").read_bytes() == b"email\n"
    assert not (there / "private" / "half").exists()
