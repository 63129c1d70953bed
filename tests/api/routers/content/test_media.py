"""Programs add pictures, find them and remove them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from apps.mailings.models import MediaFile
from apps.mailings.services.media.uses import record_uses
from tests.api.conftest import Voice
from tests.factories import MediaFileFactory, MessageFactory
from tests.mailings.media.library import picture_files, picture_of
from tests.mailings.media.pictures import drawing, gif_of, upload

__all__ = ["picture_files"]  # a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("picture_files")]
LIST = "/api/media/"


def add(voice: Voice, content: bytes, **more: str) -> tuple[int, dict[str, object]]:
    headers = {"Authorization": f"Bearer {voice.secret}"}
    data = {"file": upload(content, "menu.png"), **more}
    answer = Client().post(LIST, data, headers=headers)
    return answer.status_code, answer.json()


def test_a_picture_is_added_once_and_has_its_address(anna: Voice) -> None:
    status, body = add(anna, drawing(), alt="A square")
    assert (status, body["kind"], body["alt"], body["used"]) == (201, "png", "A square", 0)
    url = str(body["url"])
    assert Client().get(url.partition("/m/")[1] + url.partition("/m/")[2]).status_code == 200
    assert add(anna, drawing())[1]["id"] == body["id"]


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<svg/>", 422, "media_refused"),
        (b"", 422, "media_refused"),
        (gif_of(300), 413, "media_too_large"),
    ],
)
def test_what_is_refused_has_a_code(content: bytes, status: int, code: str, anna: Voice) -> None:
    answered, body = add(anna, content)
    assert (answered, body["code"]) == (status, code)


def test_it_is_found_and_renamed(anna: Voice) -> None:
    for name in ("menu", "logo"):
        MediaFileFactory.create(owner=anna.user, name=name)
    found = anna.get(f"{LIST}?search=log").json()["items"]
    assert [one["name"] for one in found] == ["logo"]
    answer = anna.patch(f"{LIST}{found[0]['id']}/", {"alt": "Our logo"})
    assert (answer.json()["name"], answer.json()["alt"]) == ("logo", "Our logo")
    assert anna.patch(f"{LIST}{found[0]['id']}/", {"name": "  "}).status_code == 422


def test_one_that_messages_show_stays(anna: Voice) -> None:
    assert anna.user is not None
    media = picture_of(anna.user, drawing())
    record_uses(MessageFactory.create(owner=anna.user, html=f"/m/{media.token}/"))
    answer = anna.delete(f"{LIST}{media.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "media_used")
    assert anna.get(f"{LIST}{media.pk}/").json()["used"] == 1


def test_one_that_was_sent_is_hidden_or_gone_for_good(anna: Voice) -> None:
    assert anna.user is not None
    media = picture_of(anna.user, drawing())
    MediaFile.objects.update(sent_at=timezone.now())
    one = f"{LIST}{media.pk}/"
    assert anna.delete(one).json() == {"deleted": 0, "archived": 1}
    assert anna.get(LIST).json()["count"] == 0
    assert anna.get(f"{LIST}?hidden=true").json()["count"] == 1
    assert anna.get(one).json()["archived_at"] is not None
    assert anna.delete(f"{one}?for_good=true").json() == {"deleted": 1, "archived": 0}
    assert anna.get(one).status_code == 404
