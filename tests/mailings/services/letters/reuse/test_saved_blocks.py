"""Saved blocks: by reference in letters until these are launched, and never lost while used."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.core.content.blocks.editing import places
from apps.core.content.blocks.editing.operations import PartGone
from apps.mailings.media.errors import MediaUsed
from apps.mailings.models import ContentUse, Message, SavedBlock
from apps.mailings.selectors.letters.saved_blocks import shown_blocks
from apps.mailings.services.languages.translations import translations_of
from apps.mailings.services.letters.bodies import LetterIncomplete, check_message, kept_bodies
from apps.mailings.services.letters.canvas import canvas_of
from apps.mailings.services.letters.draft_operations import DraftMoved, draft_for, undo
from apps.mailings.services.letters.hints import gaps_of
from apps.mailings.services.letters.reuse.saved_blocks import (
    SavedBlockChanged,
    SavedBlockGone,
    SavedBlockService,
    SavedBlockUsed,
    keep_section,
)
from apps.mailings.services.letters.reuse.sections import Keeping, keep_as_block, unlink
from apps.mailings.services.letters.saving import save_letter
from apps.mailings.services.letters.translating import write_language
from apps.mailings.services.media.library import MediaService
from apps.mailings.services.media.uses import mark_sent, record_uses
from apps.mailings.services.messages import duplicate_message
from apps.users.models import User
from tests.factories import MailingFactory, MediaFileFactory, RunFactory, UserFactory
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return UserFactory.create()


def a_section(text: str = "Until Friday", **more: Any) -> dict[str, Any]:
    section = places.new_node("section") | more
    section["columns"][0]["blocks"] = [places.new_node("heading") | {"text": text}]
    return section


def with_block(message: Message, block: SavedBlock) -> Message:
    """The saved letter with this block in front."""
    document: dict[str, Any] = message.document or {}
    message.document = {**document, "body": [places.new_reference(block.pk), *document["body"]]}
    message.save()
    record_uses(message)
    return message


def text_of(message: Message) -> str:
    return json.dumps(kept_bodies(Message.objects.get(pk=message.pk)))


class TestKeeping:
    def test_a_section_becomes_a_block_that_stands_in_its_place(self, anna: User) -> None:
        letter = a_letter(anna)
        keeping = Keeping(name="  Spring  news ")
        writer, section = writer_of(letter), id_of(letter, "section")
        block = keep_as_block(writer, section, keeping, now=timezone.now())
        assert (block.name, block.revision, block.versions.count()) == ("Spring news", 1, 1)
        body = (draft_for(letter, anna).document or {})["body"]
        assert [places.kind_of(one) for one in body] == ["saved", "section"]
        draft = draft_for(letter, anna)
        assert [gap.code for gap in gaps_of(draft)] == []
        save_letter(draft=draft, author=anna, base_revision=draft.base_revision)
        assert "Spring news" in text_of(letter)
        assert ContentUse.objects.get(saved_block=block).message_id == letter.pk

    def test_one_step_takes_it_back(self, anna: User) -> None:
        letter = a_letter(anna)
        keep_as_block(
            writer_of(letter), id_of(letter, "section"), Keeping(name="x"), now=timezone.now()
        )
        undo(writer_of(letter))
        body = (draft_for(letter, anna).document or {})["body"]
        assert [places.kind_of(one) for one in body] == ["section", "section"]

    def test_without_a_link_the_letter_stays_as_it_is(self, anna: User) -> None:
        letter = a_letter(anna)
        keeping = Keeping(name="x", linked=False)
        keep_as_block(writer_of(letter), id_of(letter, "section"), keeping, now=timezone.now())
        assert draft_for(letter, anna).document == letter.document

    def test_of_a_page_that_is_behind_nothing_is_kept(self, anna: User) -> None:
        letter = a_letter(anna)
        writer, section = writer_of(letter), id_of(letter, "section")
        keep_as_block(writer, section, Keeping(name="x"), now=timezone.now())
        with pytest.raises(DraftMoved):
            keep_as_block(writer, section, Keeping(name="y"), now=timezone.now())
        with pytest.raises(PartGone):
            keep_as_block(writer_of(letter), section, Keeping(name="y"), now=timezone.now())
        assert SavedBlock.objects.count() == 1

    def test_names_are_unique_for_an_owner(self, anna: User) -> None:
        keep_section(owner=anna, name="Contacts", section=a_section())
        with pytest.raises(ValidationError, match="of this name"):
            keep_section(owner=anna, name="Contacts", section=a_section())
        keep_section(owner=UserFactory.create(), name="Contacts", section=a_section())

    @pytest.mark.parametrize(
        "section",
        [
            {},
            {"type": "heading"},
            {"type": "section"},
            {"type": "section", "columns": 5},
            {"type": "section", "id": "x", "columns": []},
            {"type": "saved", "id": "saved000001", "block": 1},
            a_section() | {"unknown": 1},
        ],
    )
    def test_what_is_no_section_is_refused(self, section: dict[str, Any], anna: User) -> None:
        with pytest.raises(ValidationError):
            keep_section(owner=anna, name="x", section=section)


class TestInLetters:
    def test_a_change_shows_in_every_letter_that_is_not_launched(self, anna: User) -> None:
        block = keep_section(owner=anna, name="x", section=a_section("Until Friday"))
        letters = [with_block(a_letter(anna), block) for _ in range(2)]
        before = kept_bodies(letters[0])
        assert before["made_of"] == {"saved": {str(block.pk): 1}}
        SavedBlockService(anna).change(block, a_section("Until Sunday"))
        assert all("Until Sunday" in text_of(letter) for letter in letters)
        assert "Until Friday" in json.dumps(before)  # what a run has is its own
        assert kept_bodies(letters[0])["made_of"] == {"saved": {str(block.pk): 2}}

    def test_another_owners_block_is_none(self, anna: User) -> None:
        block = keep_section(owner=UserFactory.create(), name="x", section=a_section("Secret"))
        letter = with_block(a_letter(anna), block)
        assert "Secret" not in text_of(letter) and not ContentUse.objects.exists()
        with pytest.raises(LetterIncomplete) as refused:
            check_message(letter)
        assert refused.value.gap == "saved_block_gone"
        with pytest.raises(SavedBlockGone):
            unlink(writer_of(letter), id_of(letter, "saved"), now=timezone.now())

    def test_what_a_block_lacks_is_said_at_its_reference(self, anna: User) -> None:
        block = keep_section(owner=anna, name="x", section=a_section(""))
        letter = with_block(a_letter(anna), block)
        (gap,) = gaps_of(letter)
        assert (gap.block, gap.code) == (id_of(letter, "saved"), "heading_empty")

    def test_on_the_canvas_it_is_chosen_as_a_whole(self, anna: User) -> None:
        block = keep_section(owner=anna, name="x", section=a_section())
        letter = with_block(a_letter(anna), block)
        html = canvas_of(letter).html
        known = {place.node["id"] for place in places.each(letter.document or {})}
        marks = {part.split('"')[0] for part in html.split('data-node="')[1:]}
        saved = id_of(letter, "saved")
        assert saved in marks <= known
        assert f'data-node="{saved}" data-saved' in html and html.count("data-saved") == 1

    def test_made_part_of_the_letter_it_changes_no_more(self, anna: User) -> None:
        block = keep_section(owner=anna, name="x", section=a_section("Until Friday"))
        letter = with_block(a_letter(anna), block)
        applied = unlink(writer_of(letter), id_of(letter, "saved"), now=timezone.now())
        assert applied.focus == (applied.draft.document or {})["body"][0]["id"]
        save_letter(draft=applied.draft, author=anna, base_revision=letter.revision)
        SavedBlockService(anna).change(block, a_section("Until Sunday"))
        assert "Until Friday" in text_of(letter)
        assert not ContentUse.objects.exists()


def test_another_name_brings_back_no_older_section(anna: User) -> None:
    block = keep_section(owner=anna, name="x", section=a_section("Until Friday"))
    read_before = SavedBlock.objects.get(pk=block.pk)
    SavedBlockService(anna).change(block, a_section("Until Sunday"))
    read_before.name = "y"
    SavedBlockService(anna).save(read_before)
    SavedBlockService(anna).change(block, a_section("Until Monday"))
    kept = SavedBlock.objects.get(pk=block.pk)
    assert (kept.name, kept.revision) == ("y", 3) and "Until Monday" in json.dumps(kept.document)


def test_a_message_with_one_is_translated_saved_and_copied(anna: User) -> None:
    message = with_block(a_letter(anna), keep_section(owner=anna, name="x", section=a_section()))
    Message.objects.filter(pk=message.pk).update(language="en")
    message.refresh_from_db()
    write_language(message, anna, "ru", {"subject": "Весна"})
    copied = duplicate_message(message=message, author=anna)
    assert translations_of(copied)["ru"]["subject"]["text"] == "Весна"


class TestRemoving:
    def test_a_used_one_is_refused_with_the_list(self, anna: User) -> None:
        block = keep_section(owner=anna, name="x", section=a_section())
        letter = with_block(a_letter(anna), block)
        with pytest.raises(SavedBlockUsed) as refused:
            SavedBlockService(anna).remove(block, now=timezone.now())
        assert refused.value.uses == (f"“Spring” (id:{letter.pk})",)
        assert shown_blocks().get().__dict__["used"] == 1

    def test_one_that_was_sent_goes_to_the_archive_and_its_name_is_free(self, anna: User) -> None:
        block = keep_section(owner=anna, name="x", section=a_section())
        content = {"made_of": {"saved": {str(block.pk): 1}}}
        RunFactory.create(mailing=MailingFactory.create(owner=anna), content=content)
        assert SavedBlockService(anna).remove(block, now=timezone.now()) is False
        keep_section(owner=anna, name="x", section=a_section())
        block.refresh_from_db()
        with pytest.raises(ValidationError, match="of this name"):
            SavedBlockService(anna).restore(block)

    def test_any_other_is_deleted(self, anna: User) -> None:
        block = keep_section(owner=anna, name="x", section=a_section())
        assert SavedBlockService(anna).remove(block, now=timezone.now()) is True
        assert not SavedBlock.objects.exists()


def test_versions_are_kept_and_brought_back(anna: User) -> None:
    blocks = SavedBlockService(anna)
    block = keep_section(owner=anna, name="x", section=a_section("One"))
    blocks.change(block, a_section("Two"), base_revision=1)
    with pytest.raises(SavedBlockChanged):
        blocks.change(block, a_section("Three"), base_revision=1)
    back = blocks.restore_version(block.versions.get(number=1))
    assert back.revision == 3 and "One" in json.dumps(back.document)
    assert block.versions.count() == 3


def test_a_picture_in_a_block_is_used_and_goes_out_with_the_letter(anna: User) -> None:
    picture = MediaFileFactory.create(owner=anna)
    section = places.new_node("section")
    image = places.new_node("image") | {"picture": {"media": picture.pk, "alt": "A heron"}}
    section["columns"][0]["blocks"] = [image]
    block = keep_section(owner=anna, name="x", section=section)
    with pytest.raises(MediaUsed, match="x"):
        MediaService(anna).remove(picture, now=timezone.now())
    mark_sent(a_letter(anna), timezone.now())
    picture.refresh_from_db()
    assert picture.sent_at is None
    mark_sent(with_block(a_letter(anna), block), timezone.now())
    picture.refresh_from_db()
    assert picture.sent_at is not None
