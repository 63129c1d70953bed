"""Programs read and write the languages of a message."""

from __future__ import annotations

import pytest

from apps.mailings.models import Message
from tests.api.conftest import Voice
from tests.factories import MailingFactory, MessageFactory
from tests.mailings.services.letters.letters import a_letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(anna: Voice) -> Message:
    return MessageFactory.create(owner=anna.user, subject="Новости", html="", language="ru")


def url(message: Message, code: str = "") -> str:
    return f"/api/messages/{message.pk}/translations/{code and f'{code}/'}"


def test_a_language_is_written_whole_and_in_part(anna: Voice, message: Message) -> None:
    answer = anna.call("PUT", url(message, "en"), {"strings": {"subject": "News"}})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["language"], body["total"], body["missing"], body["stale"]) == ("en", 2, 1, 0)
    assert [(one["key"], one["kind"], one["state"]) for one in body["strings"]] == [
        ("subject", "line", "done"),
        ("text", "source", "missing"),
    ]
    anna.patch(url(message, "en"), {"strings": {"text": "Hello"}})
    assert anna.get(url(message)).json() == [
        {"language": "en", "total": 2, "missing": 0, "stale": 0}
    ]
    anna.patch(f"/api/messages/{message.pk}/", {"subject": "Другое"})
    assert anna.get(url(message, "en")).json()["strings"][0]["state"] == "stale"
    assert anna.call("DELETE", url(message, "en")).status_code == 204
    assert anna.get(url(message)).json() == []
    assert anna.get(url(message, "en")).status_code == 404


def test_a_letter_of_blocks_is_written_by_its_keys(anna: Voice) -> None:
    assert anna.user is not None
    letter = a_letter(anna.user)
    Message.objects.filter(pk=letter.pk).update(language="ru")
    anna.call("PUT", url(letter, "en"), {"strings": {}})
    strings = anna.get(url(letter, "en")).json()["strings"]
    copied = {one["key"]: one["base"] for one in strings}
    body = anna.call("PUT", url(letter, "en"), {"strings": copied}).json()
    assert body["missing"] == 0 and body["revision"] == letter.revision + 2


@pytest.mark.parametrize(
    ("code", "strings", "error"),
    [
        ("ru", {"subject": "x"}, "language_unknown"),
        ("no-such-language", {"subject": "x"}, "language_unknown"),
        ("en", {"heading01.text": "x"}, "text_unknown"),
        ("en", {"subject": "x" * 300}, "document_invalid"),
    ],
)
def test_what_cannot_be_is_refused(
    anna: Voice, message: Message, code: str, strings: dict[str, str], error: str
) -> None:
    answer = anna.call("PUT", url(message, code), {"strings": strings})
    assert (answer.status_code, answer.json()["code"]) == (422, error)


def test_a_newer_revision_is_a_conflict(anna: Voice, message: Message) -> None:
    anna.patch(f"/api/messages/{message.pk}/", {"subject": "Другое"})
    given = {"strings": {"subject": "News"}, "revision": message.revision}
    assert anna.call("PUT", url(message, "en"), given).status_code == 409


def test_a_mailing_says_what_becomes_of_other_languages(anna: Voice, message: Message) -> None:
    mailing = MailingFactory.create(owner=anna.user, message=message)
    address = f"/api/mailings/{mailing.pk}/"
    assert anna.get(address).json()["other_languages"] == "fallback"
    changed = anna.patch(address, {"other_languages": "leave_out"})
    assert changed.json()["other_languages"] == "leave_out"
    assert anna.patch(address, {"other_languages": "none"}).status_code == 422
