"""How much the files of single recipients of one owner may take together."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.mailings.models import FileArchive, FileArchiveEntry, PersonalFile, Recipient
from apps.mailings.services.personal_files.given import GivenFile, give_file
from apps.mailings.services.personal_files.room import FilesQuota, used_bytes
from tests.delivery.engine.staging.invoices import archive_of, invoice_mailing, own_store

__all__ = ["own_store"]  # a fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_store")]


@pytest.fixture(autouse=True)
def one_megabyte(settings: LazySettings) -> None:
    settings.PERSONAL_FILES_QUOTA_MB = 1


def file_of(kilobytes: int) -> bytes:
    """A file that cannot be packed any smaller."""
    return b"%PDF-1.4" + os.urandom(kilobytes * 1024 - 8)


def test_what_does_not_fit_is_refused_and_leaves_nothing(own_store: Path) -> None:
    _mailing, file = invoice_mailing(0)
    with pytest.raises(FilesQuota, match="1 MB"):
        archive_of(file, {"a.pdf": file_of(600)})  # once packed, once unpacked
    assert not FileArchive.objects.exists()
    assert not [path for path in own_store.rglob("*") if path.is_file()]


def test_room_is_counted_over_all_files_of_an_owner_and_what_is_replaced_is_free() -> None:
    mailing, file = invoice_mailing(0)
    other = PersonalFile.objects.create(message=mailing.message, name="b.pdf")
    archive_of(file, {"a.pdf": file_of(400)})
    assert used_bytes(mailing.owner_id) == 400 * 1024  # the archive itself is gone
    with pytest.raises(FilesQuota):
        archive_of(other, {"b.pdf": file_of(400)})
    archive_of(file, {"a.pdf": file_of(450)})
    assert FileArchiveEntry.objects.get().size == 450 * 1024
    _else, theirs = invoice_mailing(0)
    archive_of(theirs, {"a.pdf": file_of(400)})


def test_what_programs_give_takes_room_as_well(settings: LazySettings) -> None:
    mailing, file = invoice_mailing(1)
    file.source, file.origin = "api", ""
    file.save()
    person = Recipient.objects.get(owner=mailing.owner)
    given = GivenFile("a.pdf", file_of(1025))
    with pytest.raises(FilesQuota):
        give_file(mailing=mailing, recipient_id=person.pk, given=given)
    settings.PERSONAL_FILES_QUOTA_MB = 0
    give_file(mailing=mailing, recipient_id=person.pk, given=given)
