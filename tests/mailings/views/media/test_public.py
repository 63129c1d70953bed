"""The pictures themselves: for everybody, kept by everybody, and gone when they are gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.mailings.media import files
from apps.mailings.models import MediaFile
from apps.mailings.services.media.library import MediaService
from apps.mailings.services.media.renditions import path
from apps.mailings.services.media.uploads import replace
from tests.factories import UserFactory
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import drawing, jpeg, moving, upload

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]


@pytest.fixture
def media() -> MediaFile:
    return picture_of(UserFactory.create())


def test_everybody_gets_it_for_a_year_and_no_cookie(client: Client, media: MediaFile) -> None:
    response = client.get(path(media, 900), headers={"Accept-Language": "ru"})
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    policy = response["Content-Security-Policy"].split("; ")
    assert sorted(policy) == ["default-src 'none'", "sandbox"]
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["ETag"].strip('"') in media.renditions.get(width=900).sha256
    assert not response.cookies
    for name in ("Vary", "Content-Language", "Set-Cookie"):
        assert name not in response.headers
    assert int(response["Content-Length"]) == len(response.content) == media.size


def test_who_is_signed_in_gets_the_very_same(client: Client, media: MediaFile) -> None:
    anonymous = client.get(path(media, 320))
    client.force_login(media.owner)
    mine = client.get(path(media, 320))
    assert mine.headers.keys() == anonymous.headers.keys()
    assert mine.content == anonymous.content
    assert not mine.cookies


def test_it_costs_one_query(client: Client, media: MediaFile) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get(path(media, 320))
    assert len(queries) == 1


def test_who_has_it_gets_no_second_copy(client: Client, media: MediaFile) -> None:
    etag = client.get(path(media, 320))["ETag"]
    response = client.get(path(media, 320), headers={"If-None-Match": etag})
    assert (response.status_code, response.content, response["ETag"]) == (304, b"", etag)
    assert "Cache-Control" in response.headers
    assert client.get(path(media, 320), headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_head_has_the_length_and_no_body(client: Client, media: MediaFile) -> None:
    response = client.head(path(media, 900))
    assert (response.status_code, response.content) == (200, b"")
    assert int(response["Content-Length"]) == media.size


def test_each_kind_is_called_what_it_is(client: Client) -> None:
    owner = UserFactory.create()
    for content, kind in ((drawing(), "image/png"), (moving(), "image/gif")):
        media = picture_of(owner, content)
        assert client.get(path(media, media.width))["Content-Type"] == kind


def test_a_large_file_is_streamed_and_not_kept(
    client: Client, media: MediaFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.mailings.views.media.public.LARGEST_KEPT", 100)
    response: Any = client.get(path(media, 900))
    assert response.streaming
    assert len(b"".join(response.streaming_content)) == media.size
    assert (response["Content-Type"], files.CACHE.size) == ("image/jpeg", 0)


@pytest.mark.parametrize(
    "url",
    [
        "/m/{token}/123.jpg",
        "/m/{token}/0.jpg",
        "/m/{token}/320.svg",
        "/m/{token}/99999999999999999999.jpg",
        "/m/aaaaaaaaaaaaaaaaaaaaaaaa/320.jpg",
        "/m/../{token}/320.jpg",
    ],
)
def test_what_was_never_made_is_not_there_and_is_not_made(
    url: str, client: Client, media: MediaFile
) -> None:
    response = client.get(url.format(token=media.token))
    assert response.status_code == 404
    assert "no-store" in response["Cache-Control"]
    assert media.renditions.count() == 2


def test_nobody_writes_there(client: Client, media: MediaFile) -> None:
    for method in ("post", "put", "patch", "delete"):
        assert getattr(client, method)(path(media, 320)).status_code == 405


def test_a_hidden_one_is_shown_and_one_that_is_gone_says_so(
    client: Client, media: MediaFile, django_capture_on_commit_callbacks: object
) -> None:
    media.sent_at = timezone.now()
    media.save()
    pictures = MediaService(media.owner)
    pictures.remove(media, now=timezone.now())
    assert client.get(path(media, 320)).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        pictures.remove_for_good(media, now=timezone.now())
    response = client.get(path(media, 320))
    assert response.status_code == 410
    assert "no-store" in response["Cache-Control"]


def test_an_address_of_before_shows_what_took_its_place(client: Client, media: MediaFile) -> None:
    before = path(media, 900)
    replace(media=media, upload=upload(drawing(), "b.png"))
    response = client.get(before)
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")


def test_a_file_that_is_lost_is_not_there(
    client: Client, media: MediaFile, picture_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one in picture_files.rglob("*.jpg"):
        one.unlink()
    assert client.get(path(media, 320)).status_code == 404
    monkeypatch.setattr("apps.mailings.views.media.public.LARGEST_KEPT", 100)
    assert client.get(path(media, 900)).status_code == 404


def test_the_server_in_front_learns_where_the_file_lies(
    client: Client, media: MediaFile, settings: LazySettings, picture_files: Path
) -> None:
    settings.MEDIA_ACCEL_REDIRECT = "/_pictures/"
    response = client.get(path(media, 900))
    place = response["X-Accel-Redirect"]
    assert place.startswith(f"/_pictures/{media.token[:2]}/{media.token}/")
    assert (picture_files / place.removeprefix("/_pictures/")).stat().st_size == media.size
    assert (response.content, response["Content-Type"]) == (b"", "image/jpeg")
    assert response["Cache-Control"].startswith("public")


def test_what_a_picture_holds_never_runs(client: Client) -> None:
    """Markup behind the end of a picture does not even arrive."""
    hostile = jpeg() + b"<html><script>alert(1)</script></html>"
    media = picture_of(UserFactory.create(), hostile)
    assert b"script" not in client.get(path(media, 900)).content
