"""Letters of the gallery as the beginning of a message, and what belongs to the library in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from apps.mailings.models import ContentUse, MediaFile, Message
from apps.mailings.services.letters.draft_operations import draft_for
from tests.factories import RecipientFactory, TagFactory
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of
from tests.mailings.views.letters.test_editor import do, filled, seen, url
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_storage(settings: Any, tmp_path: Path) -> None:
    media = {**settings.STORAGES["media"], "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "media": media}


def begun(cast: Cast, slug: str) -> Message:
    data = {"form": "blocks", "template": slug}
    made = cast.client("owner").post(reverse("messages:create"), data)
    assert made.status_code == 302, made.content
    return Message.objects.latest("pk")


def test_the_page_shows_the_gallery_with_pictures_of_it(cast: Cast) -> None:
    page = cast.client("owner").get(reverse("messages:create"))
    assert len(page.context["gallery"]) >= 12
    picture = cast.client("owner").get(reverse("messages:thumbnail", args=["digest"]))
    assert picture["Content-Type"] == "image/webp" and picture.content[8:12] == b"WEBP"
    assert cast.client("owner").get(reverse("messages:thumbnail", args=["no"])).status_code == 404


def test_a_message_begins_as_a_letter_of_the_gallery_with_its_own_pictures(cast: Cast) -> None:
    message = begun(cast, "digest")
    assert message.form == "blocks" and message.subject and message.preheader
    assert message.language == "en"
    pictures = MediaFile.objects.filter(owner=cast.owner)
    used = set(ContentUse.objects.filter(message=message).values_list("media_id", flat=True))
    assert used == set(pictures.values_list("pk", flat=True)) != set()
    frame = cast.client("owner").get(url("frame", message)).content.decode()
    assert pictures[0].token in frame
    count = pictures.count()
    begun(cast, "digest")
    assert pictures.count() == count


def test_a_letter_that_is_none_is_refused(cast: Cast) -> None:
    data = {"form": "blocks", "template": "../../etc"}
    assert cast.client("owner").post(reverse("messages:create"), data).status_code == 404


def test_a_picture_is_chosen_in_the_library_and_shown_in_the_form(cast: Cast) -> None:
    letter, media = a_letter(cast.owner), _picture(cast)
    do(cast, letter, {"op": "insert", "type": "image", "parent": id_of(letter, "column"), "at": 0})
    page = url("part", letter, id_of(letter, "image"))
    client = cast.client("owner")
    shown = client.get(page, {"for": "picture-media", "picture": str(media.pk)}).content.decode()
    data = filled(shown)
    assert data["picture-media"] == str(media.pk)
    client.post(page, data | {"picture-alt": "A cup"})
    assert media.token in client.get(url("canvas", letter)).content.decode()
    client.post(url("edit", letter), seen(letter))
    assert ContentUse.objects.filter(message=letter, media=media).exists()


def test_a_picture_of_somebody_else_is_neither_offered_nor_shown(cast: Cast) -> None:
    letter, media = a_letter(cast.owner), _picture(cast)
    MediaFile.objects.filter(pk=media.pk).update(owner=cast.stranger)
    do(cast, letter, {"op": "insert", "type": "image", "parent": id_of(letter, "column"), "at": 0})
    node, client = id_of(letter, "image"), cast.client("owner")
    page = url("part", letter, node)
    shown = client.get(page, {"for": "picture-media", "picture": str(media.pk)}).content.decode()
    assert filled(shown)["picture-media"] == "" and media.token not in shown
    value = {"media": media.pk, "url": "", "alt": "x"}
    do(cast, letter, {"op": "set", "id": node, "field": "picture", "value": value})
    assert media.token not in client.get(url("canvas", letter)).content.decode()


def test_the_preview_shows_what_the_recipient_meets_the_conditions_of(cast: Cast) -> None:
    letter, tag = a_letter(cast.owner), TagFactory.create(owner=cast.owner)
    RecipientFactory.create(owner=cast.owner, email="zoe@example.org").tags.add(tag)
    RecipientFactory.create(owner=cast.owner, email="yan@example.org")
    rule = {"kind": "tag", "id": tag.pk, "name": "", "op": "is", "value": ""}
    value = {"match": "all", "rules": [rule]}
    heading = id_of(letter, "heading")
    do(cast, letter, {"op": "set", "id": heading, "field": "visibility", "value": value})
    assert writer_of(letter).sequence == 1

    def seen_by(who: str) -> str:
        asked = {"draft": "1", "recipient": who}
        return str(cast.client("owner").get(url("frame", letter), asked).content.decode())

    assert "Spring news" in seen_by("zoe@") and "Spring news" not in seen_by("yan@")
    assert "Spring news" in cast.client("owner").get(url("canvas", letter)).content.decode()
    assert json.dumps(draft_for(letter, cast.owner).document).count(f'"id": {tag.pk}') == 1


def _picture(cast: Cast) -> MediaFile:
    begun(cast, "product")
    return MediaFile.objects.filter(owner=cast.owner).latest("pk")
