"""Files of recipients that are read behind a page: whatever happens, their row says so."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_mock import MockerFixture

from apps.mailings.models import Recipient, RecipientImport
from apps.mailings.services.importing import files, page_imports
from apps.mailings.services.recipients import RecipientService
from apps.users.models import User
from tests.factories import RecipientFactory, UserFactory
from tests.people import lie_in


@pytest.fixture
def owner(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> User:
    lie_in(tmp_path, monkeypatch)
    return UserFactory.create()


def _received(owner: User) -> RecipientImport:
    upload = SimpleUploadedFile("list.csv", b"email\na@example.org\n")
    return files.receive(owner=owner, upload=upload)


@pytest.mark.parametrize("broken", [False, True])
def test_what_is_put_into_the_background_is_done_in_a_thread_of_its_own(broken: bool) -> None:
    done = threading.Event()
    labels: list[Any] = []

    def act(number: int) -> None:
        labels.extend((number, threading.current_thread().name))
        done.set()
        if broken:
            raise RuntimeError("nobody hears of it, and the next one has its turn")

    page_imports.in_background(act, 7)
    assert done.wait(30)
    assert labels[0] == 7 and labels[1].startswith("import-look")


def test_a_look_that_breaks_is_said_in_the_row(owner: User, mocker: MockerFixture) -> None:
    found = _received(owner)
    RecipientImport.objects.update(state="reading")
    mocker.patch.object(files, "opened", side_effect=ZeroDivisionError)
    files.preview(found.pk)
    found.refresh_from_db()
    assert (found.state, found.error) == ("failed", "ZeroDivisionError")
    assert found.file, "it can be looked into once more, in another way"


def test_an_import_that_has_begun_is_not_begun_again(owner: User) -> None:
    found = _received(owner)
    RecipientImport.objects.update(state="running")
    page_imports.carry_out(found.pk)
    found.refresh_from_db()
    assert found.state == "running" and not Recipient.objects.exists()


def test_a_file_that_is_gone_from_the_disk_takes_no_room(owner: User) -> None:
    found = _received(owner)
    Path(found.file.path).unlink()
    assert _received(owner).state == "uploaded"


def test_an_address_that_somebody_took_a_moment_ago_is_a_fault_of_the_form(
    owner: User, mocker: MockerFixture
) -> None:
    """Both have been checked before either was saved; the database lets one of them in."""
    RecipientFactory.create(owner=owner, email="zoe@example.org")
    late = Recipient(owner=owner, email="zoe@example.org")
    checks = [lambda: None, late.full_clean]
    mocker.patch.object(late, "full_clean", side_effect=lambda: checks.pop(0)())
    with pytest.raises(ValidationError):
        RecipientService(owner).save(late)
    assert Recipient.objects.filter(email="zoe@example.org").count() == 1
