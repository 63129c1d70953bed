"""Translations go with drafts, versions and copies, and acts on them are taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.core.content.blocks.errors import DocumentInvalid
from apps.mailings.models import ContentUse, Message, MessageTranslation
from apps.mailings.services.languages.translations import (
    LanguageUnknown,
    languages_of,
    translations_of,
    written_in,
)
from apps.mailings.services.letters import translating
from apps.mailings.services.letters.draft_operations import (
    DraftMoved,
    Writer,
    act,
    draft_for,
    redo,
    undo,
)
from apps.mailings.services.letters.translating import TextUnknown, write_language
from apps.mailings.services.messages import (
    MessageChanged,
    MessageService,
    duplicate_message,
    restore_version,
)
from apps.users.models import User
from tests.factories import MediaFileFactory, MessageFactory, UserFactory
from tests.mailings.services.letters.letters import a_letter, id_of, writer_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return UserFactory.create()


def russian(owner: User) -> Message:
    message = a_letter(owner)
    message.language = "ru"
    message.save()
    return message


def key_of(message: Message, kind: str, field: str) -> str:
    return f"{id_of(message, kind)}.{field}"


def translate(message: Message, code: str, **texts: str) -> None:
    translating.translate(writer_of(message), code, texts, now=timezone.now())


def texts(written: Any, code: str = "en") -> dict[str, str]:
    return {key: entry["text"] for key, entry in translations_of(written)[code].items()}


def test_a_translation_is_saved_with_the_letter_and_kept_in_its_version(owner: User) -> None:
    message = russian(owner)
    key = key_of(message, "heading", "text")
    translate(message, "en", subject="Spring", **{key: "Spring news"})

    message.refresh_from_db()
    assert texts(message) == {"subject": "Spring", key: "Spring news"}
    row = MessageTranslation.objects.get()
    assert (row.language, row.subject, set(row.strings)) == ("en", "Spring", {key})
    version = message.versions.get(number=message.revision)
    assert texts(version) == texts(message)
    assert not message.drafts.exists()


def test_the_acts_are_taken_back_and_done_again(owner: User) -> None:
    message = russian(owner)
    asked = {"op": "language", "language": "en", "texts": {"subject": "Spring"}}
    act(writer_of(message), [asked], now=timezone.now())
    asked["texts"] = {"subject": "News"}
    act(writer_of(message), [asked], now=timezone.now())
    gone = {"op": "language", "language": "en", "gone": True}
    act(writer_of(message), [gone], now=timezone.now())
    assert translations_of(draft_for(message, owner)) == {}

    undo(writer_of(message))
    assert texts(draft_for(message, owner)) == {"subject": "News"}
    undo(writer_of(message))
    assert texts(draft_for(message, owner)) == {"subject": "Spring"}
    undo(writer_of(message))
    assert translations_of(draft_for(message, owner)) == {}
    redo(writer_of(message))
    assert texts(draft_for(message, owner)) == {"subject": "Spring"}
    assert not MessageTranslation.objects.exists()


def test_the_copy_of_a_block_has_its_translations(owner: User) -> None:
    message = russian(owner)
    heading = id_of(message, "heading")
    translate(message, "en", **{f"{heading}.text": "Spring news"})
    applied = act(writer_of(message), [{"op": "duplicate", "id": heading}], now=timezone.now())
    assert texts(applied.draft) == {
        f"{heading}.text": "Spring news",
        f"{applied.focus}.text": "Spring news",
    }
    undo(writer_of(message))
    assert texts(draft_for(message, owner)) == {f"{heading}.text": "Spring news"}


def test_a_version_that_is_restored_brings_its_translations(owner: User) -> None:
    message = russian(owner)
    translate(message, "en", subject="Spring")
    first = Message.objects.get(pk=message.pk).versions.latest("number")
    translate(message, "en", subject="News")
    translate(message, "de", subject="Neues")
    restore_version(version=first, author=owner)
    assert translations_of(message).keys() == {"en"} and texts(message) == {"subject": "Spring"}


@pytest.mark.parametrize(
    "make", [russian, lambda owner: MessageFactory.create(owner=owner, language="ru")]
)
def test_a_copy_takes_them_along(owner: User, make: Any) -> None:
    message = make(owner)
    translate(message, "en", subject="Spring")
    copy = duplicate_message(message=message, author=owner)
    assert texts(copy) == {"subject": "Spring"}
    assert texts(copy.versions.get()) == {"subject": "Spring"}


def test_saving_the_message_otherwise_leaves_them_as_they_are(owner: User) -> None:
    message = MessageFactory.create(owner=owner, language="ru")
    translate(message, "en", subject="Spring")
    message.refresh_from_db()
    message.subject = "Другое"
    MessageService(owner).save(message)
    ((_code, name, progress),) = languages_of(message)
    assert (name, progress.stale, progress.missing) == ("English", 1, 2)


def test_a_text_that_is_emptied_is_missing_again(owner: User) -> None:
    message = russian(owner)
    translate(message, "en", subject="Spring")
    translate(message, "en", subject=" ")
    assert texts(Message.objects.get(pk=message.pk)) == {}


def test_it_is_begun_when_the_message_has_a_language(owner: User) -> None:
    message = a_letter(owner)
    Message.objects.filter(pk=message.pk).update(language="")
    message.refresh_from_db()
    with pytest.raises(LanguageUnknown):
        translating.add_language(writer_of(message), "en", own="", now=timezone.now())
    with pytest.raises(LanguageUnknown):
        translating.add_language(writer_of(message), "en", own="klingonisch", now=timezone.now())
    translating.add_language(writer_of(message), "Английский", own="Russian", now=timezone.now())
    message.refresh_from_db()
    assert (message.language, list(translations_of(message))) == ("ru", ["en"])
    for code in ("ru", "", "no such language"):
        with pytest.raises(LanguageUnknown):
            translating.add_language(writer_of(message), code, own="", now=timezone.now())


def test_it_is_removed(owner: User) -> None:
    for message in (russian(owner), MessageFactory.create(owner=owner, language="ru")):
        translate(message, "en", subject="Spring")
        translating.drop_language(writer_of(message), "en", now=timezone.now())
        assert translations_of(Message.objects.get(pk=message.pk)) == {}


def test_two_who_write_lose_neither(owner: User) -> None:
    letter, source = russian(owner), MessageFactory.create(owner=owner, language="ru")
    first, other = writer_of(letter), writer_of(letter)
    translating.translate(first, "en", {"subject": "One"}, now=timezone.now())
    with pytest.raises(DraftMoved):
        translating.translate(
            Writer(owner, Message.objects.get(pk=letter.pk), other.sequence, other.base_revision),
            "en",
            {"subject": "Two"},
            now=timezone.now(),
        )
    seen = Writer(owner, source, 0, source.revision)
    write_language(source, owner, "en", {"subject": "One"})
    with pytest.raises(MessageChanged):
        translating.translate(seen, "en", {"subject": "Two"}, now=timezone.now())
    assert texts(letter) == texts(source) == {"subject": "One"}


def test_what_a_block_cannot_hold_is_refused_and_nothing_is_kept(owner: User) -> None:
    message = russian(owner)
    with pytest.raises(DocumentInvalid):
        translate(message, "en", **{key_of(message, "heading", "text"): "x" * 400})
    assert not message.drafts.exists() and not MessageTranslation.objects.exists()


def test_a_program_writes_the_whole_or_a_part(owner: User) -> None:
    message = MessageFactory.create(owner=owner, language="ru")
    write_language(message, owner, "en", {"subject": "S", "text": "T"}, whole=True)
    write_language(message, owner, "en", {"subject": "S2"})
    assert texts(message) == {"subject": "S2", "text": "T"}
    write_language(message, owner, "en", {"html": "<p>H</p>"}, whole=True)
    assert texts(message) == {"html": "<p>H</p>"}
    with pytest.raises(TextUnknown):
        write_language(message, owner, "en", {"heading01.text": "?"})
    write_language(message, owner, "en", None)
    assert translations_of(message) == {}


def test_the_message_in_a_language_is_not_the_message(owner: User) -> None:
    message = russian(owner)
    translate(message, "en", subject="Spring")
    message.refresh_from_db()
    found = written_in(message, "en")
    assert (found.subject, found.language, message.language) == ("Spring", "en", "ru")
    assert written_in(message, "de") is message


def test_a_picture_of_a_translation_is_used_by_the_message(owner: User) -> None:
    message = MessageFactory.create(owner=owner, language="ru")
    media = MediaFileFactory.create(owner=owner)
    write_language(
        message, owner, "en", {"html": f"<img src='https://x.org/m/{media.token}/9.jpg'>"}
    )
    assert ContentUse.objects.get().media_id == media.pk
