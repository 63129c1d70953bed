"""The pages of saved blocks, and saved blocks in the editor, by plain forms."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.core.content.blocks.editing import places
from apps.mailings.models import Message, SavedBlock
from apps.mailings.services.letters.draft_operations import draft_for
from apps.mailings.services.letters.reuse.saved_blocks import SavedBlockService, keep_section
from tests.mailings.services.letters.letters import a_letter, id_of
from tests.mailings.services.letters.reuse.test_saved_blocks import a_section, with_block
from tests.mailings.views.letters.test_editor import do, seen, url
from tests.people import HTMX, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def block(cast: Cast) -> SavedBlock:
    return keep_section(owner=cast.owner, name="Contacts", section=a_section("Until Friday"))


@pytest.fixture
def anna(cast: Cast) -> Client:
    return cast.client("owner")


def said(response: Any) -> str:
    content: bytes = response.content
    return content.decode()


def body_of(letter: Message) -> list[dict[str, Any]]:
    body: list[dict[str, Any]] = (draft_for(letter, letter.owner).document or {})["body"]
    return body


def test_a_section_is_saved_as_block_by_a_form(cast: Cast, anna: Client) -> None:
    letter = a_letter(cast.owner)
    page = url("keep", letter, id_of(letter, "section"))
    assert "Save as block" in said(anna.get(page))
    answer = anna.post(page, {**seen(letter), "linked": "on"})
    assert answer.status_code == 422 and "Give the block a name." in said(answer)
    answer = anna.post(page, {**seen(letter), "name": "Top", "linked": "on"})
    assert answer.status_code == 302
    assert [places.kind_of(one) for one in body_of(letter)] == ["saved", "section"]
    outline = said(anna.get(url("edit", letter)))
    assert "Top" in outline and "Make it part of this message" in outline


def test_the_form_says_how_many_messages_change(
    cast: Cast, anna: Client, block: SavedBlock
) -> None:
    with_block(a_letter(cast.owner), block)
    letter = a_letter(cast.owner)
    page = url("keep", letter, id_of(letter, "section"))
    assert "Contacts – used in 1 message" in said(anna.get(page))
    answer = anna.post(page, {**seen(letter), "block": str(block.pk)})
    assert answer.status_code == 302
    block.refresh_from_db()
    assert block.revision == 2
    assert places.kind_of(body_of(letter)[0]) == "section"


@pytest.mark.parametrize(
    ("values", "status"),
    [({"name": "Contacts"}, 422), ({"block": "999"}, 422), ({"name": "x" * 201}, 422)],
)
def test_what_cannot_be_saved_is_said(
    values: dict[str, str], status: int, cast: Cast, anna: Client, block: SavedBlock
) -> None:
    letter = a_letter(cast.owner)
    page = url("keep", letter, id_of(letter, "section"))
    assert anna.post(page, {**seen(letter), **values}).status_code == status
    moved = {**seen(letter), "sequence": "5", "name": "y"}
    assert anna.post(page, moved).status_code == 409
    assert anna.get(url("keep", letter, id_of(letter, "heading"))).status_code == 404
    assert SavedBlock.objects.get() == block


def test_a_block_is_added_from_the_list_of_kinds_and_unlinked(
    cast: Cast, anna: Client, block: SavedBlock
) -> None:
    letter = a_letter(cast.owner)
    page = said(anna.get(url("edit", letter)))
    assert f'value="saved:{block.pk}"' in page
    do(cast, letter, {"op": "insert", "parent": "", "at": 0}, **{"kind-": f"saved:{block.pk}"})
    assert body_of(letter)[0]["block"] == block.pk
    part = id_of(letter, "saved")
    fragment = said(anna.get(url("part", letter, part), headers=HTMX))
    assert "Contacts" in fragment and "Used in" not in fragment
    with_block(a_letter(cast.owner), block)
    assert "Used in 1 message." in said(anna.get(url("part", letter, part), headers=HTMX))
    assert "Until Friday" in said(anna.get(url("canvas", letter)))
    anna.post(url("unlink", letter, part), seen(letter))
    assert places.kind_of(body_of(letter)[0]) == "section"


def test_blocks_of_others_are_not_offered_and_not_shown(cast: Cast, block: SavedBlock) -> None:
    stranger = cast.client("stranger")
    assert "Contacts" not in said(stranger.get("/blocks/"))
    assert stranger.get(f"/blocks/{block.pk}/frame/").status_code == 404
    manager = said(cast.client("manager").get(f"/blocks/{block.pk}/"))
    assert "Contacts" in manager and "Delete" not in manager


def test_the_add_dialog_offers_them_between_sections(
    cast: Cast, anna: Client, block: SavedBlock
) -> None:
    letter = a_letter(cast.owner)
    section = said(anna.get(url("add", letter, id_of(letter, "section"))))
    assert "Saved block: Contacts" in section
    assert "Contacts" not in said(anna.get(url("add", letter, id_of(letter, "heading"))))


def test_the_page_shows_renames_and_lists(cast: Cast, anna: Client, block: SavedBlock) -> None:
    letter = with_block(a_letter(cast.owner), block)
    assert "Contacts" in said(anna.get("/blocks/?q=cont"))
    page = f"/blocks/{block.pk}/"
    assert letter.title in said(anna.get(page))
    frame = anna.get(f"{page}frame/")
    assert "Until Friday" in said(frame) and "sandbox" in frame["Content-Security-Policy"]
    anna.post(page, {"name": "Our contacts"})
    block.refresh_from_db()
    assert (block.name, block.revision) == ("Our contacts", 1)
    keep_section(owner=cast.owner, name="Other", section=a_section())
    assert "of this name" in said(anna.post(page, {"name": "Other"}, follow=True))
    assert anna.post(page, {"name": " "}, follow=True).status_code == 200
    block.refresh_from_db()
    assert block.name == "Our contacts"


def test_it_is_edited_like_a_message(cast: Cast, anna: Client, block: SavedBlock) -> None:
    letter = with_block(a_letter(cast.owner), block)
    answer = anna.post(f"/blocks/{block.pk}/edit/")
    message = Message.objects.latest("pk")
    assert answer["Location"] == url("edit", message)
    page = said(anna.get(url("edit", message)))
    assert "Edit saved block" in page and "Used in 1 message." in page and letter.title in page
    assert "Save and create mailing" not in page and 'id="kind-"' not in page
    assert "No footer" not in page
    heading = id_of(message, "heading")
    do(cast, message, {"op": "set", "id": heading, "field": "text", "value": "Until Sunday"})
    answer = anna.post(url("edit", message), {**seen(message), "name": "Ours", "language": "en"})
    assert anna.get(answer["Location"])["Location"] == f"/blocks/{block.pk}/"
    block.refresh_from_db()
    assert (block.name, block.language, block.revision) == ("Ours", "en", 2)
    assert "Until Sunday" in said(anna.get(f"/blocks/{block.pk}/frame/"))
    offered = said(anna.get("/mailings/new/"))
    assert letter.title in offered and "Ours" not in offered


def test_two_who_change_it_lose_nothing(cast: Cast, anna: Client, block: SavedBlock) -> None:
    anna.post(f"/blocks/{block.pk}/edit/")
    message = Message.objects.latest("pk")
    heading = id_of(message, "heading")
    do(cast, message, {"op": "set", "id": heading, "field": "text", "value": "Until Sunday"})
    SavedBlockService(cast.owner).change(block, a_section("Until Monday"))
    answer = anna.post(url("edit", message), {**seen(message), "name": "Contacts"})
    assert answer.status_code == 409 and "What you have written" in said(answer)
    message.refresh_from_db()
    anna.post(url("edit", message), {**seen(message), "base_revision": str(message.revision)})
    assert "Until Sunday" in said(anna.get(f"/blocks/{block.pk}/frame/"))
    assert block.versions.count() == 3


def test_an_older_version_is_shown_and_restored(
    cast: Cast, anna: Client, block: SavedBlock
) -> None:
    SavedBlockService(cast.owner).change(block, a_section("Until Sunday"))
    page = f"/blocks/{block.pk}/versions/1/"
    assert "Restore this version" in said(anna.get(page))
    assert "Until Friday" in said(anna.get(f"/blocks/{block.pk}/frame/?number=1"))
    anna.post(page)
    block.refresh_from_db()
    assert block.revision == 3


def test_a_used_one_stays_and_an_unused_one_goes(
    cast: Cast, anna: Client, block: SavedBlock
) -> None:
    letter = with_block(a_letter(cast.owner), block)
    page = f"/blocks/{block.pk}/delete/"
    assert letter.title in said(anna.get(page))
    assert "This block is in use" in said(anna.post(page, follow=True))
    letter.delete()
    assert "deleted for good" in said(anna.get(page))
    assert anna.post(page)["Location"] == "/blocks/"
    assert not SavedBlock.objects.exists()
