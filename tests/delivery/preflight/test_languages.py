"""What a preflight says of languages, and of lists that a letter repeats."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings

from apps.core.content.blocks.editing import places
from apps.core.content.translation import entries_of
from apps.delivery.engine.runs.preflights import fingerprint_of
from apps.delivery.preflight.checks.languages import LanguageCheck, RepeatCheck
from apps.delivery.preflight.letter import Letter
from apps.mailings.models import Mailing, Message
from apps.mailings.models.content import content_of
from apps.mailings.services.languages.translations import keep_translations
from apps.mailings.services.letters.reuse.saved_blocks import keep_section
from tests.delivery.preflight.faults import tools
from tests.factories import MailingFactory, MessageFactory, RecipientFactory, UserFactory
from tests.mailings.services.letters.letters import a_letter
from tests.mailings.services.letters.reuse.test_saved_blocks import a_section, with_block

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _english(settings: LazySettings) -> None:
    settings.LANGUAGE_CODE = "en"


def said_by(check: Any, mailing: Mailing) -> list[tuple[str, str]]:
    found = check.run(Letter(mailing), tools(), 10.0)
    return [(one.result.value, one.sentence) for one in found]


def in_languages(*spoken: str, **fields: Any) -> Mailing:
    """A mailing in Russian to somebody for each language that is spoken."""
    owner = UserFactory.create()
    for language in spoken:
        RecipientFactory.create(owner=owner, language=language)
    message = MessageFactory.create(
        owner=owner, subject="Т", text="", html="<p>x</p>", language="ru"
    )
    return MailingFactory.create(owner=owner, message=message, **fields)


def translated(message: Message, **texts: str) -> None:
    keep_translations(message, {"en": entries_of(content_of(message), texts)})


def test_with_one_language_there_is_nothing_to_say() -> None:
    (found,) = said_by(LanguageCheck(), in_languages("en"))
    assert found == ("pass", "Everybody gets it in one language.")


def test_each_language_is_counted_and_judged() -> None:
    mailing = in_languages("en", "en-us", "ru", "de", "")
    translated(mailing.message, subject="S")
    assert said_by(LanguageCheck(), mailing) == [
        ("pass", "Russian: recipients: 3, of these in another language: 2."),
        ("fail", "English: 1 texts are missing; recipients: 2."),
    ]
    translated(mailing.message, subject="S", html="<p>X</p>")
    assert said_by(LanguageCheck(), mailing)[1] == ("pass", "English: complete; recipients: 2.")
    mailing.message.subject = "Другая"
    mailing.message.save()
    assert said_by(LanguageCheck(), mailing)[1] == (
        "warn",
        "English: 1 texts are older than the message.",
    )


def test_what_a_saved_block_lacks_counts() -> None:
    mailing = in_languages("ru", "en")
    letter = a_letter(mailing.owner)
    letter.language = "ru"
    letter.save()
    translated(letter, subject="S")
    Mailing.objects.filter(pk=mailing.pk).update(message=letter)
    mailing.refresh_from_db()
    assert ("fail", "English: 4 texts are missing; recipients: 1.") in said_by(
        LanguageCheck(), mailing
    )
    with_block(letter, keep_section(owner=mailing.owner, name="x", section=a_section()))
    mailing.message.refresh_from_db()
    assert ("fail", "English: 5 texts are missing; recipients: 1.") in said_by(
        LanguageCheck(), mailing
    )


def test_what_nobody_gets_holds_nothing_back() -> None:
    mailing = in_languages("ru", "de", other_languages="leave_out")
    translated(mailing.message, subject="S")
    assert said_by(LanguageCheck(), mailing) == [
        ("pass", "Russian: recipients: 1."),
        ("warn", "English: 1 texts are missing; nobody gets it."),
        ("pass", "Left out, for there is no translation: 1."),
    ]


def test_a_translation_that_cannot_be_sent_is_a_failure() -> None:
    mailing = in_languages("en")
    translated(mailing.message, subject="S", html="{% for x in y %}")
    results = [result for result, _sentence in said_by(LanguageCheck(), mailing)]
    assert "fail" in results


def test_the_language_of_the_message_must_be_known_where_others_are_left_out() -> None:
    mailing = in_languages("ru", other_languages="leave_out")
    Message.objects.filter(pk=mailing.message_id).update(language="")
    mailing.message.refresh_from_db()
    assert said_by(LanguageCheck(), mailing)[0][0] == "fail"


def test_a_translation_makes_an_older_preflight_outdated() -> None:
    mailing = in_languages("ru")
    before = fingerprint_of(mailing)
    translated(mailing.message, subject="S")
    after = fingerprint_of(mailing)
    mailing.other_languages = "leave_out"
    assert len({before, after, fingerprint_of(mailing)}) == 3


def repeating(empty: str) -> Mailing:
    """Two have orders, one has an empty list, one has none."""
    owner = UserFactory.create()
    order: dict[str, Any] = {"orders": [{"name": "Cup"}]}
    people: list[dict[str, Any]] = [order, order, {"orders": []}, {}]
    for attributes in people:
        RecipientFactory.create(owner=owner, attributes=attributes)
    message = a_letter(owner)
    document = message.document or {}
    column = next(one.node for one in places.each(document) if places.kind_of(one.node) == "column")
    inner = {"type": "text", "id": "inner0001", "html": "<p>{{ item.name }}</p>"}
    column["blocks"].append(
        {"type": "repeat", "id": "repeat001", "source": "orders", "blocks": [inner], "empty": empty}
    )
    message.document = document
    message.save()
    return MailingFactory.create(owner=owner, message=message)


@pytest.mark.parametrize(
    ("empty", "result"), [("", "warn"), ("<p>Nothing ordered yet</p>", "pass")]
)
def test_an_empty_list_is_counted(empty: str, result: str) -> None:
    ((found, sentence),) = said_by(RepeatCheck(), repeating(empty))
    assert found == result
    assert "“orders” is empty for 2 of 4" in sentence


def test_a_letter_that_repeats_nothing_passes() -> None:
    assert said_by(RepeatCheck(), in_languages("ru")) == [("pass", "Nothing is repeated.")]
