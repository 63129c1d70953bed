"""The library of pictures: found, added, refused with the reason where it was tried."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from apps.core.http import costly
from apps.mailings.models import MediaFile
from apps.mailings.services.media.uses import record_uses
from tests.factories import MediaFileFactory, MessageFactory
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import drawing, jpeg, upload
from tests.people import Cast

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]


@pytest.fixture
def anna(cast: Cast) -> Client:
    return cast.client("owner")


def named(page: str) -> list[str]:
    return re.findall(r'class="media-name"[^>]*>([^<]+)<', page)


def get(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


class TestAdding:
    def test_several_at_once(self, anna: Client) -> None:
        files = [upload(jpeg(), "a.jpg"), upload(drawing(), "b.png")]
        response = anna.post("/media/", {"file": files}, follow=True)
        assert response.redirect_chain == [("/media/", 302)]
        page = response.content.decode()
        assert "2 pictures added." in page
        assert named(page) == ["b", "a"]

    def test_what_is_refused_says_why_and_keeps_nothing_else_back(self, anna: Client) -> None:
        files = [upload(b"<svg/>", "<b>logo.svg"), upload(drawing(), "b.png")]
        response = anna.post("/media/", {"file": files})
        page = response.content.decode()
        assert response.status_code == 200
        block = re.search(r'class="sheet-block media-add".*?</form>', page, re.S)
        assert block is not None
        assert "SVG" in block[0] and escape("<b>logo.svg") in block[0]
        assert "1 picture added." in block[0]
        assert named(page) == ["b"]

    def test_nothing_at_all_is_said_to_be_nothing(self, anna: Client) -> None:
        page = anna.post("/media/", {"url": " "}).content.decode()
        assert "Choose a picture, or enter its address." in page

    def test_an_address_that_is_refused_stays_in_its_field(self, anna: Client) -> None:
        url = "http://169.254.169.254/latest/"
        page = anna.post("/media/", {"url": url, "alt": "A cup"}).content.decode()
        assert "This address may not be read." in page
        assert f'value="{url}"' in page and 'value="A cup"' in page

    def test_more_than_twenty_are_refused_by_their_names(self, anna: Client) -> None:
        files = [upload(b"", f"{n}.png") for n in range(22)]
        page = anna.post("/media/", {"file": files}).content.decode()
        assert page.count("At most 20 files at once.") == 2
        assert page.count("The file is empty.") == 20

    def test_the_words_describe_one_picture_and_not_several(self, anna: Client) -> None:
        anna.post("/media/", {"file": [upload(drawing(), "a.png")], "alt": "A square"})
        files = [upload(drawing(f"#00000{n}"), f"{n}.png") for n in range(2)]
        anna.post("/media/", {"file": files, "alt": "Both"})
        assert sorted(MediaFile.objects.values_list("alt", flat=True)) == ["", "", "A square"]

    def test_it_takes_a_place_as_whatever_is_costly(self, cast: Cast) -> None:
        client = cast.client("owner")
        with costly.PLACES.place(cast.owner.pk), costly.PLACES.place(cast.owner.pk):
            assert client.post("/media/", {"file": upload(drawing())}).status_code == 429
            assert client.get("/media/").status_code == 200

    def test_a_manager_adds_to_ones_own_library(self, cast: Cast) -> None:
        cast.client("manager").post("/media/", {"file": upload(drawing())})
        assert MediaFile.objects.get().owner == cast.manager


class TestFinding:
    def test_by_name_and_by_alternative_text(self, cast: Cast, anna: Client) -> None:
        for name, alt in (("Меню", ""), ("logo", "Чашка кофе"), ("x", "")):
            MediaFileFactory.create(owner=cast.owner, name=name, alt=alt)
        assert named(get(anna, "/media/?q=logo")) == ["logo"]
        assert named(get(anna, "/media/?q=Чашка")) == ["logo"]
        assert named(get(anna, "/media/")) == ["x", "logo", "Меню"]
        assert "No pictures match these filters." in get(anna, "/media/?q=100%25")

    def test_by_whether_it_is_used_or_hidden(self, cast: Cast, anna: Client) -> None:
        used, plain, hidden, gone = (
            MediaFileFactory.create(owner=cast.owner, name=name) for name in "abcd"
        )
        record_uses(MessageFactory.create(owner=cast.owner, html=f"/m/{used.token}/"))
        now = timezone.now()
        MediaFile.objects.filter(pk__in=[hidden.pk, gone.pk]).update(archived_at=now)
        MediaFile.objects.filter(pk=gone.pk).update(removed_at=now)
        assert named(get(anna, "/media/")) == ["b", "a"]
        assert named(get(anna, "/media/?state=unused")) == [plain.name]
        assert named(get(anna, "/media/?state=hidden")) == [hidden.name]

    def test_as_a_table_sorted_by_size(self, cast: Cast, anna: Client) -> None:
        for name, size in (("small", 10), ("large", 1000)):
            MediaFileFactory.create(owner=cast.owner, name=name, size=size)
        page = get(anna, "/media/table/?sort=size")
        assert page.index(">small</a>") < page.index(">large</a>")
        page = get(anna, "/media/table/?sort=-size")
        assert page.index(">large</a>") < page.index(">small</a>")

    def test_a_filter_goes_with_the_other_view(self, cast: Cast, anna: Client) -> None:
        MediaFileFactory.create(owner=cast.owner, name="logo")
        assert 'href="/media/table/?q=logo"' in get(anna, "/media/?q=logo")
        assert 'href="/media/?q=logo"' in get(anna, "/media/table/?q=logo")

    def test_only_ones_own_and_for_managers_everybodys(self, cast: Cast) -> None:
        MediaFileFactory.create(owner=cast.owner, name="annas")
        assert named(get(cast.client("stranger"), "/media/")) == []
        assert named(get(cast.client("manager"), "/media/")) == ["annas"]
        assert cast.owner.email in get(cast.client("manager"), "/media/table/")

    def test_the_room_that_is_used_is_said(self, cast: Cast, anna: Client) -> None:
        picture_of(cast.owner)
        assert re.search(r"[\d.]+.KB of 2.0.GB used", get(anna, "/media/"))


def test_lists_show_thumbnails_that_exist(cast: Cast, anna: Client) -> None:
    wide, narrow = picture_of(cast.owner), picture_of(cast.owner, drawing())
    page = get(anna, "/media/")
    for media, width in ((wide, 320), (narrow, 80)):
        source = f"/m/{media.token}/{width}.{media.extension}"
        assert f'src="{source}"' in page
        assert anna.get(source).status_code == 200


def test_a_name_that_no_file_system_knows(anna: Client) -> None:
    odd = SimpleUploadedFile("../../etc/\x00pass\u202ewd .png", drawing())
    anna.post("/media/", {"file": odd})
    assert MediaFile.objects.get().name == "passwd"
