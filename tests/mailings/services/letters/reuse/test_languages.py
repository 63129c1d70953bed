"""Saved blocks, templates and the brand in the language of each letter."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from apps.mailings.models import Message, SavedBlock
from apps.mailings.models.content import content_of
from apps.mailings.services.languages.translations import (
    keep_translations,
    languages_of,
    translations_of,
    written_in,
)
from apps.mailings.services.letters.bodies import kept_bodies
from apps.mailings.services.letters.draft_operations import undo
from apps.mailings.services.letters.reuse.brand import save_brand
from apps.mailings.services.letters.reuse.saved_blocks import keep_section, section_entries
from apps.mailings.services.letters.reuse.sections import Keeping, keep_as_block, unlink
from apps.mailings.services.letters.reuse.templates import (
    About,
    begin_from_template,
    make_template,
)
from apps.mailings.services.letters.translating import write_language
from apps.users.models import User
from tests.factories import UserFactory
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of
from tests.mailings.services.letters.reuse.test_saved_blocks import a_section, with_block

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna() -> User:
    return UserFactory.create()


def a_block(owner: User, **texts: str) -> SavedBlock:
    """“Until Friday” in English, and in the languages that are given."""
    section = a_section("Until Friday")
    key = f"{section['columns'][0]['blocks'][0]['id']}.text"
    translations = section_entries(section, {code: {key: text} for code, text in texts.items()})
    return keep_section(
        owner=owner, name="x", section=section, language="en", translations=translations
    )


def english(owner: User, *codes: str) -> Message:
    """A letter in English that is wholly translated into these languages."""
    message = a_letter(owner)
    Message.objects.filter(pk=message.pk).update(language="en")
    message.refresh_from_db()
    keep_translations(message, {code: {} for code in codes})
    return message


def shown(message: Message, code: str) -> str:
    return json.dumps(kept_bodies(written_in(message, code)), ensure_ascii=False)


def missing(message: Message) -> dict[str, int]:
    return {code: progress.missing for code, _name, progress in languages_of(message)}


class TestBlocks:
    def test_each_letter_has_the_block_in_its_language(self, anna: User) -> None:
        message = with_block(english(anna, "ru", "de"), a_block(anna, ru="До пятницы"))
        assert "До пятницы" in shown(message, "ru") and "Until Friday" not in shown(message, "ru")
        assert "Until Friday" in shown(message, "en") and "Until Friday" in shown(message, "de")

    def test_a_letter_in_another_language_has_it_in_that(self, anna: User) -> None:
        message = with_block(english(anna), a_block(anna, ru="До пятницы"))
        Message.objects.filter(pk=message.pk).update(language="ru")
        message.refresh_from_db()
        assert "До пятницы" in shown(message, "ru")

    def test_what_it_lacks_the_letter_lacks(self, anna: User) -> None:
        plain = missing(english(anna, "ru", "de"))
        message = with_block(english(anna, "ru", "de"), a_block(anna, ru="До пятницы"))
        assert missing(message) == {"ru": plain["ru"], "de": plain["de"] + 1}

    def test_a_section_becomes_a_block_with_its_translations_and_back(self, anna: User) -> None:
        message = english(anna, "ru")
        key = f"{id_of(message, 'heading')}.text"
        write_language(message, anna, "ru", {key: "Весна", "subject": "Тема"})
        section = id_of(message, "section")
        block = keep_as_block(writer_of(message), section, Keeping(name="x"), now=timezone.now())
        assert (block.language, list(block.translations["ru"])) == ("en", [key])
        applied = unlink(writer_of(message), id_of(message, "saved"), now=timezone.now())
        heading = id_of(message, "heading")
        assert f"{heading}.text" != key
        assert applied.draft.translations["ru"][f"{heading}.text"]["text"] == "Весна"
        taken_back = undo(writer_of(message)).draft
        assert f"{heading}.text" not in taken_back.translations["ru"]


@pytest.mark.parametrize("for_all", [False, True])
def test_a_template_carries_them_to_the_messages_begun_with_it(anna: User, for_all: bool) -> None:
    anna.is_superuser = True
    anna.save()
    message = with_block(english(anna, "ru"), a_block(anna, ru="До пятницы"))
    write_language(message, anna, "ru", {"subject": "Тема"})
    made = make_template(
        author=anna,
        about=About("x", for_all=for_all),
        content=content_of(message),
        translations=translations_of(message),
    )
    other = UserFactory.create() if for_all else anna
    begun = begin_from_template(author=other, template=made)
    assert translations_of(begun)["ru"]["subject"]["text"] == "Тема"
    assert "До пятницы" in shown(begun, "ru")
    assert missing(begun) == missing(message)


class TestBrand:
    def brand(self, owner: User, **translations: Any) -> None:
        values = {"reason": "You subscribed.", "translations": translations}
        save_brand(owner=owner, values=values)

    def test_its_words_come_in_the_language_of_the_letter(self, anna: User) -> None:
        self.brand(anna, ru={"reason": "Вы подписались."})
        message = english(anna, "ru", "de")
        assert "Вы подписались." in shown(message, "ru")
        assert "You subscribed." in shown(message, "en")
        assert "You subscribed." in shown(message, "de")

    def test_fixed_words_are_its_own_in_languages_that_have_none(self, anna: User) -> None:
        self.brand(anna, de={"unsubscribe": "Abmelden"}, ru={"unsubscribe": "Прочь"})
        message = english(anna, "ru", "de")
        german = shown(message, "de")
        assert "Abmelden" in german and 'lang=\\"de\\"' in german
        assert "Отписаться" in shown(message, "ru") and "Прочь" not in shown(message, "ru")
