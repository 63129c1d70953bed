"""Invoices for the tests: a PDF for each recipient, a ZIP of them, and what was sent."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.mailings.models import FileArchive, Mailing, PersonalFile
from apps.mailings.services.personal_files.archives import take_archive
from tests.factories import MailingFactory, RecipientFactory


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of this test's own: the same file of two tests lies under one hash."""
    place, storage = tmp_path / "private", storages["private"]
    for name in ("_location", "base_location", "location"):
        monkeypatch.setattr(storage, name, str(place))
    return place


def pdf(number: int, size: int = 300) -> bytes:
    """A file that begins as a PDF does, another one for each number."""
    return (b"%%PDF-1.4\n%% invoice %d\n" % number).ljust(size, b"x")


def zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def uploaded(content: bytes, name: str = "invoices.zip") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "application/zip")


def invoice_mailing(count: int, *, required: bool = True) -> tuple[Mailing, PersonalFile]:
    """A mailing to so many, each of whom has the number of an invoice."""
    mailing = MailingFactory.create()
    for number in range(count):
        RecipientFactory.create(owner=mailing.owner, attributes={"invoice": f"A-{number}"})
    file = PersonalFile.objects.create(
        message=mailing.message,
        name="Счёт {{ invoice }}.pdf",
        origin="{{ invoice }}.PDF",
        required=required,
    )
    return mailing, file


def archive_of(file: PersonalFile, files: Mapping[str, bytes], *, add: bool = False) -> FileArchive:
    packed = uploaded(zipped(files))
    return take_archive(file=file, archive=packed, name="invoices.zip", add=add, wait=True)


def sent_files(outbox: Path) -> dict[str, list[tuple[str, str]]]:
    """Name and hash of the files of every letter, by its recipient."""
    found: dict[str, list[tuple[str, str]]] = {}
    for path in outbox.rglob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        files = [
            (str(part.get_filename()), hashlib.sha256(part.get_content()).hexdigest())
            for part in message.iter_attachments()
        ]
        address = str(message["To"]).rpartition("<")[2].rstrip(">")
        assert address not in found
        found[address] = files
    return found
