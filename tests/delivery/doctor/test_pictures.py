"""The doctor sees whether readers can load pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.delivery.doctor.findings import Finding, Level
from apps.delivery.doctor.pictures import look_at_pictures
from tests.factories import UserFactory
from tests.mailings.media.library import picture_files, picture_of

__all__ = ["picture_files"]  # a fixture

pytestmark = pytest.mark.django_db


def found() -> Finding:
    [finding] = look_at_pictures()
    return finding


def test_without_pictures_there_is_nothing_to_say(picture_files: Path) -> None:
    assert found().level is Level.OK


def test_an_address_that_only_this_machine_reaches(
    picture_files: Path, settings: LazySettings
) -> None:
    picture_of(UserFactory.create())
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert found().level is Level.ADVICE
    settings.MEDIA_BASE_URL = "https://pictures.example.org"
    assert found().level is Level.OK
    assert "https://pictures.example.org" in found().words


def test_files_that_are_not_there(picture_files: Path) -> None:
    picture_of(UserFactory.create())
    for file in picture_files.rglob("*.jpg"):
        file.unlink()
    assert found().level is Level.WRONG


def test_a_directory_that_cannot_be_written(
    picture_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert found().level is Level.WRONG
    assert str(picture_files) in found().words
