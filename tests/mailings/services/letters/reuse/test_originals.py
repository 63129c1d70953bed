"""Saved blocks and templates are edited like messages, and change with each save."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.utils import timezone

from apps.core.content.blocks.editing.operations import PlaceUnfit
from apps.mailings.models import ContentUse, Message, MessageTemplate, SavedBlock
from apps.mailings.models.content import content_of
from apps.mailings.selectors.letters.saved_blocks import shown_blocks
from apps.mailings.selectors.messages import shown_messages
from apps.mailings.services.letters.draft_operations import act, draft_for
from apps.mailings.services.letters.reuse.originals import copy_of, level
from apps.mailings.services.letters.reuse.saved_blocks import SavedBlockService, keep_section
from apps.mailings.services.letters.reuse.templates import About, TemplateForbidden, make_template
from apps.mailings.services.letters.saving import save_letter
from apps.mailings.services.letters.translating import add_language, translate
from apps.mailings.services.messages import MessageChanged, MessageService
from apps.users.models import User
from tests.factories import UserFactory
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of
from tests.mailings.services.letters.reuse.test_saved_blocks import a_section, text_of, with_block

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return UserFactory.create()


@pytest.fixture
def block(anna: User) -> SavedBlock:
    return keep_section(owner=anna, name="Contacts", section=a_section("Until Friday"))


def publisher() -> User:
    user: User = UserFactory.create()
    user.user_permissions.add(Permission.objects.get(codename="publish_templates"))
    return User.objects.get(pk=user.pk)


def template_of(author: User, letter: Message | None = None, **about: Any) -> MessageTemplate:
    content = content_of(letter or a_letter(author))
    return make_template(author=author, about=About("Our newsletter", **about), content=content)


def write(message: Message, text: str) -> None:
    """Put other words into the heading, and save."""
    set_text = {"op": "set", "id": id_of(message, "heading"), "field": "text", "value": text}
    draft = act(writer_of(message), [set_text], now=timezone.now()).draft
    save_letter(draft=draft, author=message.owner, base_revision=draft.base_revision)


def head(message: Message, **values: str) -> None:
    acts = [{"op": "letter", "field": name, "value": value} for name, value in values.items()]
    draft = act(writer_of(message), acts, now=timezone.now()).draft
    save_letter(draft=draft, author=message.owner, base_revision=draft.base_revision)


class TestBlocks:
    def test_a_save_changes_the_block_in_every_letter(self, anna: User, block: SavedBlock) -> None:
        letter = with_block(a_letter(anna), block)
        message = copy_of(block, anna)
        write(message, "Until Sunday")
        block.refresh_from_db()
        assert (block.revision, block.versions.count()) == (2, 2)
        assert "Until Sunday" in text_of(letter)
        write(message, "Until Monday")
        assert "Until Monday" in text_of(letter)
        assert copy_of(SavedBlock.objects.get(pk=block.pk), anna) == message

    def test_its_name_is_changed_with_it(self, anna: User, block: SavedBlock) -> None:
        message = copy_of(block, anna)
        head(message, name="Our contacts")
        block.refresh_from_db()
        assert block.name == "Our contacts"
        keep_section(owner=anna, name="Other", section=a_section())
        with pytest.raises(ValidationError, match="of this name"):
            head(message, name="Other")
        block.refresh_from_db()
        assert block.name == "Our contacts"

    def test_a_copy_is_listed_nowhere_and_uses_nothing(self, anna: User, block: SavedBlock) -> None:
        message = copy_of(block, anna)
        write(message, "Until Sunday")
        assert not shown_messages(archived=False).exists()
        assert not MessageService(anna).list().exists()
        assert not ContentUse.objects.filter(message=message).exists()
        assert shown_blocks().get().__dict__["used"] == 0

    def test_what_changed_elsewhere_is_shown_and_not_overwritten(
        self, anna: User, block: SavedBlock
    ) -> None:
        message = copy_of(block, anna)
        SavedBlockService(anna).change(block, a_section("Until Sunday"))
        with pytest.raises(MessageChanged):
            write(message, "Until Monday")
        draft = draft_for(Message.objects.get(pk=message.pk), anna)
        assert "Until Sunday" in json.dumps(SavedBlock.objects.get(pk=block.pk).document)
        shown = level(Message.objects.get(pk=message.pk))
        assert "Until Sunday" in json.dumps(shown.document)
        assert draft.base_revision < shown.revision

    @pytest.mark.parametrize("op", ["remove", "duplicate"])
    def test_it_stays_one_section(self, op: str, anna: User, block: SavedBlock) -> None:
        message = copy_of(block, anna)
        asked = {"op": op, "id": id_of(message, "section")}
        with pytest.raises(PlaceUnfit):
            act(writer_of(message), [asked], now=timezone.now())

    def test_its_languages_are_written_in_the_editor(self, anna: User, block: SavedBlock) -> None:
        message = copy_of(block, anna)
        add_language(writer_of(message), "ru", own="en", now=timezone.now())
        key = f"{id_of(message, 'heading')}.text"
        translate(writer_of(message), "ru", {key: "До пятницы"}, now=timezone.now())
        block.refresh_from_db()
        assert block.language == "en"
        assert block.translations["ru"][key]["text"] == "До пятницы"
        assert block.versions.get(number=block.revision).translations == block.translations

    def test_it_goes_with_its_copy(self, anna: User, block: SavedBlock) -> None:
        copy_of(block, anna)
        SavedBlockService(anna).remove(block, now=timezone.now())
        assert not Message.objects.exists()


class TestTemplates:
    def test_a_save_changes_the_template_and_no_message(self, anna: User) -> None:
        letter = a_letter(anna)
        template = template_of(anna, letter, description="Every Friday", category="news")
        message = copy_of(template, anna)
        write(message, "Summer news")
        head(message, subject="", name="Summer")
        template.refresh_from_db()
        assert (template.name, template.subject, template.description) == (
            "Summer",
            "",
            "Every Friday",
        )
        assert "Summer news" in json.dumps(template.document)
        assert "Summer news" not in text_of(letter)

    def test_one_for_everybody_is_changed_by_who_may_publish(self, anna: User) -> None:
        one, other = publisher(), publisher()
        template = template_of(one, for_all=True)
        write(copy_of(template, other), "Summer news")
        template.refresh_from_db()
        assert template.author == other and template.owner is None
        assert "Summer news" in json.dumps(template.document)
        with pytest.raises(MessageChanged):  # written before the other has saved
            write(Message.objects.get(pk=_stale(template, one)), "Winter news")
        with pytest.raises(TemplateForbidden):
            write(copy_of(template, anna), "Mine")

    def test_its_translations_travel(self, anna: User) -> None:
        template = template_of(anna)
        message = copy_of(template, anna)
        add_language(writer_of(message), "ru", own="en", now=timezone.now())
        translate(writer_of(message), "ru", {"subject": "Весна"}, now=timezone.now())
        template.refresh_from_db()
        assert template.translations["ru"]["subject"]["text"] == "Весна"


def _stale(template: MessageTemplate, author: User) -> int:
    """A copy of the author's from before the last save of the template."""
    message = copy_of(template, author)
    Message.objects.filter(pk=message.pk).update(of_revision=template.revision - 1)
    return int(message.pk)
