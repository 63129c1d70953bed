"""Pictures too old for the list of a form are chosen like the newest; somebody else's never are."""

from __future__ import annotations

import pytest

from apps.mailings.models import MediaFile, Message
from apps.mailings.selectors.letters import writing
from tests.factories import MediaFileFactory
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.mailings.views.letters.test_editor import do, filled, node_of, seen, url
from tests.people import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture(name="mine")
def a_letter_with_a_picture(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Message:
    monkeypatch.setattr(writing, "_PICTURES", 1)
    letter = a_letter(cast.owner)
    do(cast, letter, {"op": "insert", "type": "image", "parent": id_of(letter, "column"), "at": 0})
    return letter


@pytest.fixture
def old(cast: Cast) -> MediaFile:
    made = MediaFileFactory.create(owner=cast.owner)
    MediaFileFactory.create(owner=cast.owner)
    return made


def test_an_old_picture_is_chosen_by_its_number(cast: Cast, mine: Message, old: MediaFile) -> None:
    client, page = cast.client("owner"), url("part", mine, id_of(mine, "image"))
    data = filled(client.get(page).content.decode())
    assert data["picture-media"] == ""
    wrong = client.post(page, {**data, "picture-media": str(old.pk), "width": "x"})
    assert wrong.status_code == 422
    assert filled(wrong.content.decode())["picture-media"] == str(old.pk)
    assert client.post(page, {**data, "picture-media": str(old.pk)}).status_code == 302
    assert node_of(mine, "image")["picture"]["media"] == old.pk
    again = filled(client.get(page).content.decode())
    assert again["picture-media"] == str(old.pk)


def test_the_library_leads_back_with_an_old_picture(
    cast: Cast, mine: Message, old: MediaFile
) -> None:
    page = url("part", mine, id_of(mine, "image"))
    shown = cast.client("owner").get(page, {"picture": str(old.pk), "for": "picture-media"})
    assert filled(shown.content.decode())["picture-media"] == str(old.pk)


@pytest.mark.parametrize("whose", ["stranger", "nobody", "nonsense"])
def test_what_is_not_ones_own_is_refused(cast: Cast, mine: Message, whose: str) -> None:
    theirs = MediaFileFactory.create(owner=cast.stranger)
    wanted = {"stranger": str(theirs.pk), "nobody": "9" * 18, "nonsense": "9" * 30}[whose]
    client, page = cast.client("owner"), url("part", mine, id_of(mine, "image"))
    data = filled(client.get(page).content.decode()) | seen(mine)
    assert client.post(page, {**data, "picture-media": wanted}).status_code == 422
    picked = client.get(page, {"picture": wanted[:18], "for": "picture-media"})
    assert filled(picked.content.decode())["picture-media"] == ""
