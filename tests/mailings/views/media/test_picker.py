"""Choosing a picture: a part of the editor, and a page that leads back."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.factories import MediaFileFactory
from tests.mailings.media.library import picture_files
from tests.mailings.media.pictures import drawing, upload
from tests.people import HTMX, Cast

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]

URL = "/media/picker/"


@pytest.fixture
def anna(cast: Cast) -> Client:
    return cast.client("owner")


def test_a_fragment_for_the_editor_and_a_page_for_everybody_else(anna: Client) -> None:
    fragment = anna.get(URL, headers=HTMX).content.decode()
    assert fragment.strip().startswith('<div id="media-picker"')
    page = anna.get(URL).content.decode()
    assert "<!DOCTYPE html>" in page and 'id="media-picker"' in page


def test_in_the_editor_each_picture_is_a_button_that_says_what_it_is(
    cast: Cast, anna: Client
) -> None:
    media = MediaFileFactory.create(owner=cast.owner, name='A "b"', alt="<i>")
    fragment = anna.get(URL, headers=HTMX).content.decode()
    assert f'data-media-id="{media.pk}"' in fragment
    assert 'data-media-alt="&lt;i&gt;"' in fragment
    assert 'data-media-name="A &quot;b&quot;"' in fragment


def test_a_page_that_asks_is_led_back_to_with_the_choice(cast: Cast, anna: Client) -> None:
    media = MediaFileFactory.create(owner=cast.owner)
    page = anna.get(URL, {"next": "/messages/5/edit/?node=a1"}).content.decode()
    assert f'href="/messages/5/edit/?node=a1&amp;picture={media.pk}"' in page
    page = anna.get(URL, {"next": "/messages/5/edit/"}).content.decode()
    assert f'href="/messages/5/edit/?picture={media.pk}"' in page


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "messages/5/"]
)
def test_it_leads_to_no_other_site(url: str, cast: Cast, anna: Client) -> None:
    MediaFileFactory.create(owner=cast.owner)
    page = anna.get(URL, {"next": url}).content.decode()
    links = re.findall(r'(?:href|action|hx-get|hx-post)="([^"]*)"', page)
    assert [link for link in links if "evil" in link or "script:" in link] == []
    assert "data-media-id" in page


def test_one_that_is_added_there_stands_first_and_out(cast: Cast, anna: Client) -> None:
    MediaFileFactory.create(owner=cast.owner, name="old")
    data = {"file": upload(drawing(), "fresh.png")}
    fragment = anna.post(URL, data, headers=HTMX).content.decode()
    assert re.findall(r'media-name">([^<]+)<', fragment) == ["fresh", "old"]
    assert fragment.count('class="media-new"') == 1
    assert "1 picture added." in fragment


def test_a_refusal_is_said_there(anna: Client) -> None:
    data = {"file": upload(b"<svg/>", "a.svg")}
    fragment = anna.post(URL, data, headers=HTMX).content.decode()
    assert fragment.strip().startswith('<div id="media-picker"')
    assert "SVG" in fragment


def test_only_ones_own_are_offered_even_to_managers(cast: Cast) -> None:
    MediaFileFactory.create(owner=cast.owner)
    assert "data-media-id" not in cast.client("manager").get(URL).content.decode()


def test_its_pages_keep_what_is_asked(cast: Cast, anna: Client) -> None:
    MediaFileFactory.create_batch(30, owner=cast.owner, name="menu")
    page = anna.get(URL, {"q": "menu", "next": "/messages/5/"}).content.decode()
    (step,) = re.findall(r'href="(/media/picker/\?after[^"]+)"', page)
    assert "q=menu" in step and "next=/messages/5/" in step
    more = anna.get(step.replace("&amp;", "&")).content.decode()
    assert more.count('class="media-card"') == 6
