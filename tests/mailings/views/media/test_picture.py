"""The page of one picture."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.mailings.models import MediaFile
from apps.mailings.services.media.uses import record_uses
from tests.factories import MessageFactory, RunFactory
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import drawing, jpeg, upload
from tests.people import Cast

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]


@pytest.fixture
def media(cast: Cast) -> MediaFile:
    return picture_of(cast.owner)


@pytest.fixture
def anna(cast: Cast) -> Client:
    return cast.client("owner")


def sent(media: MediaFile) -> None:
    MediaFile.objects.filter(pk=media.pk).update(sent_at=timezone.now())


def page_of(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def said(response: Any) -> str:
    content: bytes = response.content
    return content.decode()


def test_it_shows_where_the_picture_is_shown(media: MediaFile, anna: Client) -> None:
    page = page_of(anna, f"/media/{media.pk}/")
    assert f"/m/{media.token}/900.jpg" in page
    assert "Not used anywhere." in page
    record_uses(MessageFactory.create(owner=media.owner, subject="June", html=f"/m/{media.token}/"))
    assert "June" in page_of(anna, f"/media/{media.pk}/")


def test_its_words_are_changed(media: MediaFile, anna: Client) -> None:
    url = f"/media/{media.pk}/"
    page = said(anna.post(url, {"name": "Menu", "alt": "A cup"}, follow=True))
    assert "Saved." in page
    media.refresh_from_db()
    assert (media.name, media.alt) == ("Menu", "A cup")
    page = said(anna.post(url, {"name": " ", "alt": ""}, follow=True))
    assert "Give the picture a name." in page


def test_a_manager_looks_and_changes_nothing(media: MediaFile, cast: Cast) -> None:
    manager = cast.client("manager")
    page = page_of(manager, f"/media/{media.pk}/")
    assert cast.owner.email in page
    assert "Choose another picture" not in page and "Delete" not in page
    for act in ("", "replace/", "delete/"):
        data = {"name": "x", "file": upload(drawing())}
        assert manager.post(f"/media/{media.pk}/{act}", data).status_code == 403


class TestReplacing:
    def test_another_picture_has_the_same_address(self, media: MediaFile, anna: Client) -> None:
        url = f"/media/{media.pk}/replace/"
        response = anna.post(url, {"file": upload(jpeg(600, 600), "b.jpg")}, follow=True)
        page = said(response)
        assert "Replaced. Its address is the same." in page
        assert f"/m/{media.token}/600.jpg?r=2" in page

    def test_a_refusal_is_said_beside_the_field(self, media: MediaFile, anna: Client) -> None:
        url = f"/media/{media.pk}/replace/"
        page = said(anna.post(url, {"file": upload(b"<svg/>", "b.svg")}))
        assert 'role="alert"' in page and "SVG" in page
        assert "Choose a picture." in said(anna.post(url))

    def test_one_that_was_sent_is_not_offered_and_not_taken(
        self, media: MediaFile, anna: Client
    ) -> None:
        sent(media)
        page = page_of(anna, f"/media/{media.pk}/")
        assert "Choose another picture" not in page
        answer = said(anna.post(f"/media/{media.pk}/replace/", {"file": upload(drawing())}))
        assert "were sent: add the new one" in answer


class TestDeleting:
    def test_it_asks_and_deletes(self, media: MediaFile, anna: Client) -> None:
        url = f"/media/{media.pk}/delete/"
        assert "it will be deleted for good" in page_of(anna, url)
        assert "Deleted." in said(anna.post(url, follow=True))
        assert not MediaFile.objects.exists()

    def test_one_that_is_used_is_refused_with_the_list(
        self, media: MediaFile, anna: Client
    ) -> None:
        html = f"/m/{media.token}/"
        record_uses(MessageFactory.create(owner=media.owner, subject="June", html=html))
        url = f"/media/{media.pk}/delete/"
        page = page_of(anna, url)
        assert "June" in page and "Delete for good" not in page
        assert "This picture is in use: “June”" in said(anna.post(url, follow=True))
        assert MediaFile.objects.exists()

    def test_one_that_was_sent_says_in_how_many_letters_and_is_hidden(
        self, media: MediaFile, anna: Client
    ) -> None:
        sent(media)
        content = {"html": f"/m/{media.token}/900.jpg"}
        RunFactory.create(mailing__owner=media.owner, sent=12_000, content=content)
        url = f"/media/{media.pk}/delete/"
        assert "It is in 12,000 emails that were sent." in page_of(anna, url)
        assert "still show it" in said(anna.post(url, {"act": "hide"}, follow=True))
        assert MediaFile.objects.get().archived_at is not None
        page = page_of(anna, f"/media/{media.pk}/")
        assert "Show in the library again" in page and "Hidden" in page
        anna.post(f"/media/{media.pk}/", {"act": "restore"})
        assert MediaFile.objects.get().archived_at is None

    def test_or_deleted_for_good(self, media: MediaFile, anna: Client) -> None:
        sent(media)
        anna.post(f"/media/{media.pk}/delete/", {"act": "for_good"})
        assert MediaFile.objects.get().removed_at is not None
        assert anna.get(f"/media/{media.pk}/").status_code == 404
        assert anna.get(f"/m/{media.token}/900.jpg").status_code == 410
