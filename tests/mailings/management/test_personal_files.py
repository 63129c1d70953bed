"""``manage.py personal_files``: a ZIP or a folder of the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.mailings.models import FileArchive, FileArchiveEntry, PersonalFile
from tests.delivery.engine.staging.invoices import invoice_mailing, own_store, pdf, zipped

__all__ = ["own_store"]  # a fixture
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_store")]


@pytest.fixture
def file() -> PersonalFile:
    return invoice_mailing(0)[1]


def take(file: PersonalFile, source: Path, **options: Any) -> None:
    call_command("personal_files", str(file.message_id), str(source), **options)


def names() -> list[str]:
    return list(FileArchiveEntry.objects.order_by("name").values_list("name", flat=True))


def test_a_folder_is_taken_as_it_lies_and_more_is_added(
    file: PersonalFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "invoices"
    (folder / "november").mkdir(parents=True)
    (folder / "1.pdf").write_bytes(pdf(1))
    (folder / "november" / "2.pdf").write_bytes(pdf(2))
    (folder / "away.pdf").symlink_to("/etc/hostname")
    take(file, folder)
    assert capsys.readouterr().out.startswith("2 files taken; 0 of them")
    assert names() == ["1.pdf", "november/2.pdf"]
    (tmp_path / "b.zip").write_bytes(zipped({"3.pdf": pdf(3)}))
    take(file, tmp_path / "b.zip", add=True)
    assert names() == ["1.pdf", "3.pdf", "november/2.pdf"]
    take(file, tmp_path / "b.zip")
    assert names() == ["3.pdf"]
    assert FileArchive.objects.get().unpacked_at is not None


def test_what_cannot_be_sent_is_named(
    file: PersonalFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b.zip").write_bytes(zipped({"3.pdf": b"<html>"}))
    with pytest.raises(SystemExit) as ended:
        take(file, tmp_path / "b.zip")
    assert ended.value.code == 1
    assert "3.pdf [file_refused]" in capsys.readouterr().out


def test_what_is_not_clear_is_refused(file: PersonalFile, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(b"nothing")
    for source, code in ((tmp_path / "b.zip", "archive_refused"), (tmp_path / "c", "archive_")):
        with pytest.raises(CommandError, match=code) as refused:
            take(file, source)
        assert refused.value.returncode == 2
    PersonalFile.objects.create(message=file.message, name="b.pdf")
    with pytest.raises(CommandError, match="file_unknown"):
        take(file, tmp_path / "b.zip")
