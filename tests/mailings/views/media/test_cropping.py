"""The page that crops a picture: by a shape and a point, or by numbers."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.mailings.models import MediaFile
from apps.mailings.services.media.uploads import take
from tests.mailings.media.library import picture_files
from tests.mailings.media.pictures import jpeg
from tests.people import HTMX, Cast

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]

NUMBERS = {"left": "10", "top": "20", "width": "300", "height": "200"}
POINT = {"focus_x": "50", "focus_y": "50", "share": "100"}


@pytest.fixture
def media(cast: Cast) -> MediaFile:
    return take(owner=cast.owner, content=jpeg(900, 600), name="a.jpg")


@pytest.fixture
def anna(cast: Cast) -> Client:
    return cast.client("owner")


def page(media: MediaFile) -> str:
    return f"/media/{media.pk}/crop/"


def said(answer: Any) -> str:
    content: bytes = answer.content
    return content.decode()


def test_the_page_of_a_picture_leads_there(anna: Client, media: MediaFile) -> None:
    assert page(media) in said(anna.get(f"/media/{media.pk}/"))
    assert 'viewBox="150 0 600 600"' in said(anna.get(page(media)))


def test_a_shape_is_shown_and_kept(anna: Client, media: MediaFile) -> None:
    asked = {"shape": "2:1", **POINT, "focus_y": "0"}
    part = said(anna.get(page(media), asked, headers=HTMX))
    assert 'viewBox="0 0 900 450"' in part and "<html" not in part
    answer = anna.post(page(media), asked)
    made = MediaFile.objects.latest("pk")
    assert answer["Location"] == f"/media/{made.pk}/"
    assert (made.width, made.height) == (900, 450)


def test_a_click_is_the_focus_point(anna: Client, media: MediaFile) -> None:
    shown = said(anna.get(page(media), {"shape": "1:1", **POINT, "at.x": "320", "at.y": "0"}))
    assert 'viewBox="300 0 600 600"' in shown and 'value="100"' in shown


def test_numbers_say_what_is_kept(anna: Client, media: MediaFile) -> None:
    anna.post(page(media), {"shape": "", **POINT, **NUMBERS})
    made = MediaFile.objects.latest("pk")
    assert (made.width, made.height) == (300, 200)


@pytest.mark.parametrize(
    "wrong",
    [{"left": "700"}, {"width": "0"}, {"height": "x"}, {"shape": "5:4"}, {"focus_x": "101"}],
)
def test_what_is_no_part_of_it_is_refused(
    wrong: dict[str, str], anna: Client, media: MediaFile
) -> None:
    asked = {"shape": "", **POINT, **NUMBERS, **wrong}
    assert anna.post(page(media), asked).status_code == 422
    assert "crop-result" in said(anna.get(page(media), asked))
    assert MediaFile.objects.count() == 1
