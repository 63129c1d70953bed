"""What becomes of an Idempotency-Key when its call breaks, or carries a file."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client
from pytest_mock import MockerFixture

from apps.api.models import IdempotentCall
from apps.mailings.models import Message, RecipientImport, Tag
from tests.api.conftest import Voice
from tests.factories import MessageFactory

TAGS = "/api/tags/"


def test_when_a_call_broke_its_key_stays_taken(anna: Voice, mocker: MockerFixture) -> None:
    """Nobody knows what it has done: who called must look before calling again."""
    broken = mocker.patch("apps.api.routers.tags.TagService.save", side_effect=RuntimeError)
    assert anna.post(TAGS, {"name": "spring"}, Idempotency_Key="k1").status_code == 500
    mocker.stop(broken)
    answer = anna.post(TAGS, {"name": "spring"}, Idempotency_Key="k1")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert not Tag.objects.exists()


def test_a_key_that_is_freed_while_it_is_looked_for_is_still_a_conflict(
    anna: Voice, mocker: MockerFixture
) -> None:
    """The first call has the key when the second writes, and has been refused a moment later."""
    mocker.patch.object(IdempotentCall, "save", side_effect=IntegrityError)
    answer = anna.post(TAGS, {"name": "spring"}, Idempotency_Key="k1")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert not Tag.objects.exists()


def _attached(anna: Voice, message: Message, content: bytes) -> Any:
    headers = {"Authorization": f"Bearer {anna.secret}", "Idempotency-Key": "k1"}
    data = {"file": SimpleUploadedFile("price.txt", content)}
    return Client().post(f"/api/messages/{message.pk}/attachments/", data, headers=headers)


def test_the_same_file_with_the_same_key_is_attached_once(anna: Voice) -> None:
    """A form has another boundary every time: the call is known by its parts."""
    message = MessageFactory.create(owner=anna.user)
    first, again = (_attached(anna, message, b"one rouble") for _call in range(2))
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert message.attachments.count() == 1


def test_another_file_with_the_same_key_is_refused(anna: Voice) -> None:
    message = MessageFactory.create(owner=anna.user)
    _attached(anna, message, b"one rouble")
    answer = _attached(anna, message, b"two roubles")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_the_choices_of_an_import_are_part_of_the_call(anna: Voice) -> None:
    def imported(update: str) -> Any:
        headers = {"Authorization": f"Bearer {anna.secret}", "Idempotency-Key": "k1"}
        file = SimpleUploadedFile("list.csv", b"email\na@example.org\n")
        data = {"file": file, "update": update}
        return Client().post("/api/recipients/import/", data, headers=headers)

    assert imported("false").status_code == 202
    assert imported("true").json()["code"] == "idempotency_key_reused"
    assert RecipientImport.objects.count() == 1


def test_a_session_has_no_token_to_end(anna: Voice) -> None:
    """The page's own calls are made without a token; there is nothing to revoke, and no error."""
    client = Client()
    assert anna.user is not None
    client.force_login(anna.user)
    assert client.delete("/auth/token").status_code == 204
    assert anna.get(TAGS).status_code == 200
