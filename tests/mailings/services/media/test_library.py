"""What an owner does with pictures: words, hiding, deleting, by whether letters show them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.mailings.media.errors import MediaRefused, MediaUsed
from apps.mailings.models import MediaFile, MediaRendition, Message
from apps.mailings.selectors.letters.uses import places_with
from apps.mailings.services.media.library import MediaService
from apps.mailings.services.media.uses import record_uses
from tests.factories import MessageFactory, UserFactory
from tests.mailings.media.library import picture_files, picture_of

__all__ = ["picture_files"]  # a fixture

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("picture_files"),
]


def files_of(root: Path) -> int:
    return sum(path.is_file() for path in root.rglob("*"))


@pytest.fixture
def media() -> MediaFile:
    return picture_of(UserFactory.create())


def sent(media: MediaFile) -> MediaFile:
    media.sent_at = timezone.now()
    media.save()
    return media


def used(media: MediaFile) -> MediaFile:
    record_uses(MessageFactory.create(owner=media.owner, subject="June", html=f"/m/{media.token}/"))
    return media


def test_its_words_are_changed_and_it_has_a_name(media: MediaFile) -> None:
    pictures = MediaService(media.owner)
    pictures.rename(media, name="  Summer\nmenu ", alt=" A  cup ")
    media.refresh_from_db()
    assert (media.name, media.alt) == ("Summer menu", "A cup")
    with pytest.raises(MediaRefused):
        pictures.rename(media, name=" \x00 ", alt="")


class TestDeleting:
    def test_one_that_nothing_shows_and_nobody_got_is_gone(
        self, media: MediaFile, picture_files: Path
    ) -> None:
        assert MediaService(media.owner).remove(media, now=timezone.now()) is True
        assert not MediaFile.objects.exists() and not MediaRendition.objects.exists()
        assert files_of(picture_files) == 0

    @pytest.mark.parametrize("act", ["remove", "remove_for_good"])
    def test_one_that_messages_show_is_refused_with_their_names(
        self, act: str, media: MediaFile, picture_files: Path
    ) -> None:
        sent(used(media))
        with pytest.raises(MediaUsed, match="“June”") as refused:
            getattr(MediaService(media.owner), act)(media, now=timezone.now())
        assert len(refused.value.uses) == 1
        media.refresh_from_db()
        assert media.archived_at is None
        assert files_of(picture_files) == 2

    def test_one_that_was_sent_is_hidden_and_still_there(
        self, media: MediaFile, picture_files: Path
    ) -> None:
        assert MediaService(media.owner).remove(sent(media), now=timezone.now()) is False
        media.refresh_from_db()
        assert media.archived_at is not None and media.removed_at is None
        assert files_of(picture_files) == 2
        MediaService(media.owner).restore(media)
        assert MediaFile.objects.get().archived_at is None

    def test_one_that_was_sent_is_gone_for_good_when_that_is_said(
        self, media: MediaFile, picture_files: Path
    ) -> None:
        MediaService(media.owner).remove_for_good(sent(media), now=timezone.now())
        media.refresh_from_db()
        assert media.removed_at is not None
        assert not media.renditions.exists()
        assert files_of(picture_files) == 0
        assert MediaService(media.owner).get(media.pk) is None

    def test_for_good_leaves_no_row_of_one_that_nobody_got(self, media: MediaFile) -> None:
        MediaService(media.owner).remove_for_good(media, now=timezone.now())
        assert not MediaFile.objects.exists()

    def test_the_files_stay_when_the_act_is_taken_back(
        self, media: MediaFile, picture_files: Path
    ) -> None:
        with transaction.atomic():
            MediaService(media.owner).remove(media, now=timezone.now())
            transaction.set_rollback(True)
        assert MediaFile.objects.exists()
        assert files_of(picture_files) == 2


def test_a_hidden_one_does_not_come_back_beside_its_twin(media: MediaFile) -> None:
    pictures = MediaService(media.owner)
    pictures.remove(sent(media), now=timezone.now())
    picture_of(media.owner)
    with pytest.raises(MediaRefused, match="already"):
        pictures.restore(MediaFile.objects.get(pk=media.pk))
    assert MediaFile.objects.get(pk=media.pk).archived_at is not None


def test_what_is_gone_for_good_is_not_in_the_library(media: MediaFile) -> None:
    with pytest.raises(IntegrityError):
        MediaFile.objects.update(removed_at=timezone.now())


def test_messages_in_the_archive_count(media: MediaFile) -> None:
    used(media)
    (place,) = places_with(media)
    Message.objects.filter(pk=place.pk).update(archived_at=timezone.now())
    assert places_with(media) == [place]
