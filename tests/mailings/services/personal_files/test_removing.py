"""When files of single recipients go, and that nothing else goes with them."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from apps.mailings.models import DeliveryFile, FileArchive, FileArchiveEntry, Recipient
from apps.mailings.personal_files import store
from apps.mailings.services.personal_files.archives import take_archive
from apps.mailings.services.personal_files.editing import remove_file
from apps.mailings.services.personal_files.given import GivenFile, give_file
from apps.mailings.services.personal_files.removing import count_old, remove_old
from apps.mailings.services.personal_files.unpacking import unpack
from apps.mailings.services.privacy.erasing import erase_person
from apps.mailings.services.privacy.personal_data import tables_of
from tests.delivery.engine.staging.invoices import (
    archive_of,
    invoice_mailing,
    own_store,
    pdf,
    uploaded,
    zipped,
)
from tests.delivery.engine.workers import send

__all__ = ["own_store"]  # a fixture
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def old_files(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of this test's own, in which nothing is fresh."""
    monkeypatch.setattr(store, "_FRESH", -1)


def files_on_disk() -> set[str]:
    root = Path(storages["private"].path(store.FOLDER))
    return {path.name for path in root.rglob("*") if path.is_file()}


def test_the_archive_itself_goes_when_it_is_unpacked() -> None:
    _mailing, file = invoice_mailing(0)
    archive = archive_of(file, {"a.pdf": pdf(1), "b.pdf": pdf(2)})
    assert (archive.sha256, archive.unpacked_at is None) == ("", False)
    entries = FileArchiveEntry.objects.values_list("sha256", flat=True)
    assert files_on_disk() == set(entries)


def test_an_archive_that_others_have_brought_as_well_stays_until_theirs_is_unpacked() -> None:
    mine, theirs = invoice_mailing(0)[1], invoice_mailing(0)[1]
    packed = zipped({"a.pdf": pdf(1)})
    digest = store.keep(packed)
    waiting = FileArchive.objects.create(file=theirs, sha256=digest, size=len(packed))
    FileArchiveEntry.objects.create(archive=waiting, name="a.pdf", key="a.pdf", size=300)
    take_archive(file=mine, archive=uploaded(packed), name="a.zip", wait=True)
    assert digest in files_on_disk()
    assert unpack(waiting.pk)
    assert FileArchiveEntry.objects.exclude(sha256="").count() == 2
    assert digest not in files_on_disk()


def test_an_archive_that_is_a_file_of_another_stays() -> None:
    _mailing, file = invoice_mailing(0)
    inner = zipped({"a.pdf": pdf(1)})
    archive_of(file, {"inner.zip": inner})
    archive = take_archive(file=file, archive=uploaded(inner), name="b.zip", add=True, wait=True)
    assert archive.unpacked_at is not None
    kept = FileArchiveEntry.objects.get(name="inner.zip")
    assert kept.sha256 in files_on_disk()


def test_a_new_archive_takes_the_place_of_the_old_one() -> None:
    _mailing, file = invoice_mailing(0)
    archive_of(file, {"a.pdf": pdf(1)})
    archive_of(file, {"a.pdf": pdf(2)})
    assert FileArchive.objects.count() == 1
    assert len(files_on_disk()) == 1
    archive_of(file, {"b.pdf": pdf(3)}, add=True)
    assert FileArchive.objects.count() == 2
    remove_file(file=file)
    assert files_on_disk() == set()


def test_files_go_after_their_days_and_the_row_stays() -> None:
    mailing, file = invoice_mailing(2)
    archive_of(file, {"a-0.pdf": pdf(0), "a-1.pdf": pdf(1)})
    send(mailing)
    now = timezone.now()
    assert remove_old(now + timedelta(days=29), 30) == 0
    assert count_old(now + timedelta(days=31), 30) == 4
    assert remove_old(now + timedelta(days=31), 30) == 4
    assert files_on_disk() == set()
    states = DeliveryFile.objects.values_list("state", "sha256", "name").order_by("name")
    assert list(states) == [("removed", "", f"Счёт A-{n}.pdf") for n in range(2)]


def test_what_an_open_run_needs_stays() -> None:
    from apps.delivery.service import DispatchService

    mailing, file = invoice_mailing(1)
    archive_of(file, {"a-0.pdf": pdf(0)})
    DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert remove_old(timezone.now() + timedelta(days=99), 30) == 0


def test_an_erasure_takes_the_files_of_one_person_and_no_others() -> None:
    mailing, file = invoice_mailing(2)
    archive_of(file, {"a-0.pdf": pdf(0), "a-1.pdf": pdf(1)})
    send(mailing)
    first = Recipient.objects.filter(owner=mailing.owner).order_by("pk")[0]
    assert tables_of(first)["personal_files"][0]["name"] == "Счёт A-0.pdf"
    count = erase_person(first, now=timezone.now())
    assert count["personal_files"] == 2
    assert len(files_on_disk()) == 1
    assert FileArchiveEntry.objects.get().name == "a-1.pdf"
    assert DeliveryFile.objects.get().name == "Счёт A-1.pdf"


def test_an_erasure_leaves_equal_bytes_of_others_where_they_are() -> None:
    mailing, file = invoice_mailing(2)
    archive_of(file, {"a-0.pdf": pdf(0), "a-1.pdf": pdf(0), "a-9.pdf": pdf(0)})
    send(mailing)
    first = Recipient.objects.filter(owner=mailing.owner).order_by("pk")[0]
    erase_person(first, now=timezone.now())
    names = FileArchiveEntry.objects.order_by("name").values_list("name", flat=True)
    assert list(names) == ["a-1.pdf", "a-9.pdf"]
    assert DeliveryFile.objects.get().name == "Счёт A-1.pdf"
    assert len(files_on_disk()) == 1


def test_an_erasure_leaves_a_file_that_others_were_sent_as_well() -> None:
    mailing, file = invoice_mailing(2)
    file.name, file.origin = "Тариф.pdf", "rates.pdf"
    file.save()
    archive_of(file, {"rates.pdf": pdf(0)})
    send(mailing)
    people = list(Recipient.objects.filter(owner=mailing.owner).order_by("pk"))
    erase_person(people[0], now=timezone.now())
    assert FileArchiveEntry.objects.get().name == "rates.pdf"
    erase_person(people[1], now=timezone.now())
    assert files_on_disk() == set()


def test_an_erasure_takes_of_given_files_those_of_this_person() -> None:
    mailing, file = invoice_mailing(2)
    file.source, file.origin = "api", ""
    file.save()
    people = list(Recipient.objects.filter(owner=mailing.owner).order_by("pk"))
    for person in people:
        given = GivenFile("a.pdf", pdf(0))
        give_file(mailing=mailing, recipient_id=person.pk, given=given)
    send(mailing)
    erase_person(people[0], now=timezone.now())
    assert FileArchiveEntry.objects.get().key == str(people[1].pk)
    assert len(files_on_disk()) == 1


def test_what_nobody_names_is_swept_when_it_is_old() -> None:
    _mailing, file = invoice_mailing(0)
    archive_of(file, {"a.pdf": pdf(1)})
    digest = store.keep(b"of a process that was killed")
    assert store.sweep() == 0
    for name in files_on_disk():
        os.utime(store.path_of(name), (time.time() - 90_000,) * 2)
    assert store.sweep(remove=False) == 1
    assert store.sweep() == 1
    assert digest not in files_on_disk()
    assert len(files_on_disk()) == 1
