"""Addresses of pictures: of the owner's alone, wide enough, and few files for many widths."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.utils import timezone
from pytest_mock import MockerFixture

from apps.mailings.media import decoding
from apps.mailings.media.errors import MediaTooLarge
from apps.mailings.models import MediaFile
from apps.mailings.services.media.renditions import (
    PictureAddresses,
    address,
    path,
    picture_address,
    picture_content,
    rendition,
)
from tests.factories import UserFactory
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import jpeg, moving

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]


def widths(media: MediaFile) -> list[int]:
    return [row.width for row in media.renditions.all()]


def test_a_file_of_the_width_is_made_once() -> None:
    media = picture_of(UserFactory.create(), jpeg(1600, 800))
    made = rendition(media, 560)
    assert made is not None and made.width == 600
    assert rendition(media, 599) == made
    assert rendition(media, 600) == made
    assert widths(media) == [320, 600, 1600]


def test_what_is_not_as_wide_as_asked_is_the_picture_itself() -> None:
    media = picture_of(UserFactory.create())
    whole = rendition(media, 1440)
    assert whole is not None and whole.width == 900
    assert widths(media) == [320, 900]


def test_every_width_up_to_the_widest_makes_no_more_files_than_steps() -> None:
    media = picture_of(UserFactory.create(), jpeg(500, 40))
    for width in range(1, 700, 7):
        rendition(media, width)
    assert widths(media) == [100, 200, 300, 320, 400, 500]


def test_what_moves_is_made_smaller_and_still_moves() -> None:
    media = picture_of(UserFactory.create(), moving(size=(300, 200)))
    made = rendition(media, 90)
    assert made is not None and made.width == 100
    assert media.renditions.get(width=100).size > 0


def test_what_cannot_be_made_now_is_the_picture_itself(mocker: MockerFixture) -> None:
    media = picture_of(UserFactory.create())
    mocker.patch.object(decoding, "decoded", side_effect=MediaTooLarge("too slow"))
    whole = rendition(media, 200)
    assert whole is not None and whole.width == 900


def test_a_picture_whose_file_is_lost_has_its_address_all_the_same(picture_files: Path) -> None:
    media = picture_of(UserFactory.create())
    for one in picture_files.rglob("*.jpg"):
        one.unlink()
    whole = rendition(media, 200)
    assert whole is not None and whole.width == 900
    media.renditions.all().delete()
    assert rendition(media, 200) is None


class TestAddresses:
    def test_begin_with_the_site_or_with_the_host_that_gives_them_out(
        self, settings: LazySettings
    ) -> None:
        media = picture_of(UserFactory.create())
        assert address(media, 900) == f"{settings.SITE_URL}/m/{media.token}/900.jpg"
        settings.MEDIA_BASE_URL = "https://pictures.example.org"
        assert address(media, 900) == f"https://pictures.example.org/m/{media.token}/900.jpg"
        assert path(media, 900) == f"/m/{media.token}/900.jpg"

    def test_another_picture_in_its_place_has_another(self) -> None:
        media = picture_of(UserFactory.create())
        media.revision = 2
        assert path(media, 900) == f"/m/{media.token}/900.jpg?r=2"

    def test_are_those_of_ones_own_pictures_alone(self) -> None:
        anna, bob = UserFactory.create_batch(2)
        media = picture_of(anna)
        assert media.token in picture_address(owner_id=anna.pk, media_id=media.pk, width=300)
        assert picture_address(owner_id=bob.pk, media_id=media.pk, width=300) == ""
        assert picture_address(owner_id=anna.pk, media_id=media.pk + 1, width=300) == ""

    def test_a_hidden_picture_has_one_and_one_that_is_gone_has_none(self) -> None:
        anna, now = UserFactory.create(), timezone.now()
        media = picture_of(anna)
        MediaFile.objects.update(archived_at=now)
        assert picture_address(owner_id=anna.pk, media_id=media.pk, width=300)
        MediaFile.objects.update(removed_at=now)
        assert picture_address(owner_id=anna.pk, media_id=media.pk, width=300) == ""

    def test_of_a_letter_are_made_in_the_widths_that_it_asks_for(self) -> None:
        anna = UserFactory.create()
        media = picture_of(anna, jpeg(1600, 800))
        addresses = PictureAddresses(anna.pk, [media.pk])
        assert addresses(media.pk, 600).endswith("/600.jpg")
        assert addresses(media.pk, 1440).endswith("/1500.jpg")
        assert addresses(media.pk + 1, 600) == ""

    def test_for_a_page_that_somebody_waits_for_nothing_is_made(
        self, mocker: MockerFixture
    ) -> None:
        anna = UserFactory.create()
        media = picture_of(anna, jpeg(1600, 800))
        decoded = mocker.patch.object(decoding, "decoded")
        addresses = PictureAddresses(anna.pk, make=False)
        assert addresses(media.pk, 200).endswith("/320.jpg")
        assert addresses(media.pk, 600).endswith("/1600.jpg")
        assert addresses(media.pk, 5000).endswith("/1600.jpg")
        decoded.assert_not_called()

    def test_a_letter_that_carries_its_pictures_gets_their_bytes(self) -> None:
        anna, bob = UserFactory.create_batch(2)
        media = picture_of(anna)
        found = picture_content(owner_id=anna.pk, media_id=media.pk, width=200)
        assert found is not None
        assert (found[0], found[1][:3]) == ("image/jpeg", b"\xff\xd8\xff")
        assert picture_content(owner_id=bob.pk, media_id=media.pk, width=200) is None
        assert len(found[1]) == media.renditions.get(width=200).size

    def test_of_many_pictures_are_read_at_one_stroke(
        self, django_assert_num_queries: object
    ) -> None:
        anna = UserFactory.create()
        found = [picture_of(anna, jpeg(200 + n, 40)) for n in range(3)]
        with django_assert_num_queries(2):  # type: ignore[operator]
            addresses = PictureAddresses(anna.pk, [one.pk for one in found])
            assert all(addresses(one.pk, 5000) for one in found)
            assert addresses(found[0].pk, 5000)
