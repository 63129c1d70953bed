"""A part of a picture becomes a picture of its own."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from apps.mailings.media import files
from apps.mailings.media.errors import MediaRefused
from apps.mailings.models import MediaFile
from apps.mailings.services.media.cropping import Box, crop
from apps.mailings.services.media.uploads import take
from apps.users.models import User
from tests.factories import UserFactory
from tests.mailings.media.library import picture_files
from tests.mailings.media.pictures import drawing, jpeg, moving

__all__ = ["picture_files"]  # a fixture

WIDE = (1200, 600)


@pytest.mark.parametrize(
    ("shape", "focus", "share", "box"),
    [
        ((1, 1), (50, 50), 100, Box(300, 0, 600, 600)),
        ((1, 1), (0, 0), 100, Box(0, 0, 600, 600)),
        ((1, 1), (100, 50), 100, Box(600, 0, 600, 600)),
        ((2, 1), (50, 50), 100, Box(0, 0, 1200, 600)),
        ((2, 1), (50, 50), 50, Box(300, 150, 600, 300)),
        ((3, 4), (25, 50), 100, Box(75, 0, 450, 600)),
    ],
)
def test_a_shape_lies_around_its_focus_point_and_within_the_picture(
    shape: tuple[int, int], focus: tuple[int, int], share: int, box: Box
) -> None:
    found = Box.around(WIDE, shape, focus, share)
    assert found == box and found.fits(*WIDE)


@pytest.mark.parametrize("focus", [(0, 0), (100, 100), (33, 66)])
@pytest.mark.parametrize("shape", [(1, 1), (16, 9), (3, 4)])
def test_of_a_tiny_picture_it_is_still_a_part(
    shape: tuple[int, int], focus: tuple[int, int]
) -> None:
    found = Box.around((3, 1), shape, focus, 5)
    assert found.fits(3, 1) and found.width and found.height


@pytest.mark.django_db
@pytest.mark.usefixtures("picture_files")
class TestKeeping:
    @pytest.fixture
    def anna(self) -> User:
        return UserFactory.create()

    def test_the_part_is_kept_and_the_whole_stays(self, anna: User) -> None:
        whole = take(owner=anna, content=drawing("#1c5d86", side=40), name="logo.png", alt="Logo")
        part = crop(owner=anna, media=whole, box=Box(0, 0, 40, 40))
        assert (part.width, part.height, part.name, part.alt) == (40, 40, "logo", "Logo")
        content = files.content_of(part.renditions.get(width=40))
        assert content is not None
        colours = Image.open(BytesIO(content)).convert("RGB").getcolors()
        assert colours == [(1600, (0x1C, 0x5D, 0x86))]
        assert MediaFile.objects.get(pk=whole.pk).width == 80

    def test_the_same_part_twice_is_one_picture(self, anna: User) -> None:
        whole = take(owner=anna, content=jpeg(), name="a.jpg")
        box = Box(10, 20, 300, 200)
        assert crop(owner=anna, media=whole, box=box) == crop(owner=anna, media=whole, box=box)
        assert crop(owner=anna, media=whole, box=Box(11, 20, 300, 200)).pk != whole.pk
        assert MediaFile.objects.count() == 3

    def test_what_moves_is_refused(self, anna: User) -> None:
        media = take(owner=anna, content=moving(), name="a.gif")
        with pytest.raises(MediaRefused, match="Animated"):
            crop(owner=anna, media=media, box=Box(0, 0, 20, 20))
