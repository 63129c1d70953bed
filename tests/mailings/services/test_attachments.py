"""Files go out with a message: judged by content, stored once, frozen with the run."""

from __future__ import annotations

import errno
import io
import zipfile
from email import message_from_bytes, policy
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_mock import MockerFixture

from apps.core.errors import ContentRefused
from apps.core.files.types import type_of
from apps.delivery.service import DispatchService
from apps.mailings.attachments import path_of
from apps.mailings.models import Attachment, Message
from apps.mailings.models.content import private_storage
from apps.mailings.services.attachments import AttachmentRefused, attach, clean_name, detach
from apps.mailings.services.messages import duplicate_message
from tests.delivery.engine.workers import send
from tests.factories import MessageFactory, UserFactory, mailing_to

PDF = b"%PDF-1.7 a small one\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
OFFICE = "application/vnd.openxmlformats-officedocument."


def upload(name: str, data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.pdf", PDF, "application/pdf"),
        ("A.PDF", PDF, "application/pdf"),
        ("отчёт.2026.pdf", PDF, "application/pdf"),
        ("a.jpeg", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.png", b"\x89PNG\r\n\x1a\n...", "image/png"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        ("a.zip", zipped("x"), "application/zip"),
        ("a.txt", "привет".encode(), "text/plain"),
        ("a.txt", "привет".encode("cp1251"), "text/plain"),
        ("a.txt", "привет".encode("utf-16"), "text/plain"),
        ("a.ics", b"BEGIN:VCALENDAR", "text/calendar"),
        ("a.vcf", b"BEGIN:VCARD", "text/vcard"),
        ("a.docx", zipped("word/document.xml"), OFFICE + "wordprocessingml.document"),
        ("a.xlsx", zipped("xl/workbook.xml"), OFFICE + "spreadsheetml.sheet"),
        ("a.doc", OLE + "WordDocument".encode("utf-16-le"), "application/msword"),
        ("a.xls", OLE + "Workbook".encode("utf-16-le"), "application/vnd.ms-excel"),
        ("a.exe", b"MZ\x90\0", None),
        ("a.pdf", b"MZ\x90\0", None),
        ("a.txt", b"MZ\x90\0", None),
        ("a.html", b"<script>alert(1)</script>", None),
        ("a.svg", b"<svg onload='x'/>", None),
        ("a.jar", zipped("META-INF"), None),
        # What is called otherwise than it is: who opens it opens it by its name.
        ("invoice.js", b"GIF89a=1;WScript.Echo(1)", None),
        ("invoice.hta", b"GIF89a<script>alert(1)</script>", None),
        ("invoice.html", b"GIF89a<script>alert(1)</script>", None),
        ("invoice.pdf.exe", PDF, None),
        ("invoice.pdf.", PDF, None),
        ("invoice", PDF, None),
        ("picture.pdf", b"GIF89a", None),
        ("a.txt", PDF, None),
        ("a.docx", zipped("xl/workbook.xml"), None),
        ("a.docx", zipped("setup.exe"), None),
        ("a.doc", OLE + b"an installer", None),
        ("a.txt", b"\xff\xfeh\0i", None),
    ],
)
def test_a_file_is_judged_by_its_content_and_named_as_that_kind_is(
    name: str, data: bytes, expected: str | None
) -> None:
    assert type_of(data, name) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Анна\\отчёт.pdf", "отчёт.pdf"),
        ("a\r\nBcc: x@y.pdf", "aBcc: x@y.pdf"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "file"),
    ],
)
def test_a_name_is_only_a_name(given: str, expected: str) -> None:
    assert clean_name(given) == expected


@pytest.mark.django_db
def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    message = MessageFactory.create()
    for name, value in (("MAX_BYTES", 100), ("MAX_TOGETHER", 150)):
        monkeypatch.setattr(f"apps.mailings.services.attachments.{name}", value)
    attach(message=message, upload=upload("a.pdf", PDF.ljust(90)))
    for data in (b"", PDF.ljust(101), PDF.ljust(90)):
        with pytest.raises(AttachmentRefused):
            attach(message=message, upload=upload("a.pdf", data))
    assert message.attachments.count() == 1


@pytest.mark.django_db
def test_the_same_file_is_stored_once_and_a_copy_of_a_message_takes_it_along() -> None:
    message = MessageFactory.create()
    first = attach(message=message, upload=upload("a.pdf", PDF))
    second = attach(message=message, upload=upload("b.pdf", PDF))
    assert first.sha256 == second.sha256
    assert private_storage().size(path_of(first.sha256)) == len(PDF)

    copy = duplicate_message(message=message, author=UserFactory.create())

    assert [file.name for file in copy.attachments.all()] == ["a.pdf", "b.pdf"]


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_every_letter_carries_the_files_even_those_taken_away_since(tmp_path: Path) -> None:
    mailing = mailing_to(3)
    file = attach(message=mailing.message, upload=upload("отчёт «май».pdf", PDF))
    service = DispatchService()
    service.launch(mailing_id=mailing.pk, trigger="manual")
    detach(attachment=file)

    run = send(mailing, service)

    assert (run.sent, run.outcome) == (3, "success")
    for letter in (tmp_path / "outbox").glob("*.eml"):
        message = message_from_bytes(letter.read_bytes(), policy=policy.default)
        (part,) = message.iter_attachments()
        assert part.get_filename() == "отчёт «май».pdf"
        assert part.get_content_type() == "application/pdf"
        assert part.get_content() == PDF


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_a_lost_file_refuses_the_launch() -> None:
    mailing = mailing_to(1)
    file = attach(message=mailing.message, upload=upload("a.pdf", PDF))
    private_storage().delete(path_of(file.sha256))

    with pytest.raises(ContentRefused) as caught:
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")

    assert caught.value.code == "attachment_missing"
    assert mailing.runs.count() == 0


def half_of(file: Attachment) -> Path:
    """What a full disk or a killed process has left under the file's name."""
    path = Path(private_storage().path(path_of(file.sha256)))
    path.write_bytes(PDF[:9])
    return path


@pytest.mark.django_db
def test_a_half_file_is_made_whole_when_it_is_attached_again() -> None:
    message = MessageFactory.create()
    path = half_of(attach(message=message, upload=upload("a.pdf", PDF)))

    attach(message=message, upload=upload("b.pdf", PDF))

    assert path.read_bytes() == PDF


@pytest.mark.engine
@pytest.mark.parametrize("damage", [PDF[:9], PDF + b"!", PDF.upper()], ids=["cut", "more", "other"])
@pytest.mark.django_db(transaction=True)
def test_no_run_begins_with_a_damaged_file(damage: bytes) -> None:
    mailing = mailing_to(1)
    half_of(attach(message=mailing.message, upload=upload("прайс.pdf", PDF))).write_bytes(damage)

    with pytest.raises(ContentRefused, match="прайс.pdf") as caught:
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")

    assert caught.value.code == "attachment_missing"
    assert mailing.runs.count() == 0


@pytest.mark.engine
@pytest.mark.django_db(transaction=True)
def test_a_file_damaged_after_the_launch_stops_the_run_and_burns_nobody(tmp_path: Path) -> None:
    mailing = mailing_to(3)
    file = attach(message=mailing.message, upload=upload("прайс.pdf", PDF))
    service = DispatchService()
    service.launch(mailing_id=mailing.pk, trigger="manual")
    half_of(file)

    run = send(mailing, service)

    assert (run.sent, run.failed, run.state) == (0, 0, "paused")
    assert "прайс.pdf" in run.reason_detail
    assert not list((tmp_path / "outbox").glob("*.eml"))


@pytest.mark.parametrize("step", ["os.fsync", "os.replace"])
@pytest.mark.django_db
def test_a_full_disk_is_a_sentence_and_leaves_nothing_behind(
    mocker: MockerFixture, step: str
) -> None:
    message = MessageFactory.create()
    full = OSError(errno.ENOSPC, "No space left on device")
    mocker.patch(f"apps.mailings.attachments.{step}", side_effect=full)

    with pytest.raises(AttachmentRefused, match="stored"):
        attach(message=message, upload=upload("full.pdf", PDF + b"nowhere"))

    assert not message.attachments.exists()
    folder = Path(private_storage().path(path_of(sha256(PDF + b"nowhere").hexdigest()))).parent
    assert list(folder.iterdir()) == []


@pytest.mark.django_db
def test_a_damaged_file_is_not_handed_out(client: Client) -> None:
    message: Message = MessageFactory.create()
    client.force_login(message.owner)
    file = attach(message=message, upload=upload("a.pdf", PDF))
    half_of(file)
    assert client.get(f"/messages/{message.pk}/attachments/{file.pk}/").status_code == 404


@pytest.mark.django_db
def test_a_file_is_handed_out_to_be_saved_and_never_to_be_run(client: Client) -> None:
    message: Message = MessageFactory.create()
    client.force_login(message.owner)
    page = f"/messages/{message.pk}/"

    client.post(f"{page}attachments/", {"file": [upload("a.pdf", PDF), upload("b.exe", b"MZ")]})

    file = Attachment.objects.get()
    answer = client.get(f"{page}attachments/{file.pk}/")
    assert answer.content == PDF
    assert answer["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    client.post(f"{page}attachments/{file.pk}/remove/")
    assert not message.attachments.exists()
