"""Every operation of the document, tried by everybody. A new one without a rule fails."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import serializers
from django.db import models
from django.test import Client
from django.test.client import MULTIPART_CONTENT

from apps.api.urls import api
from apps.mailings.models import (
    Attachment,
    Delivery,
    Mailing,
    MediaFile,
    Message,
    Recipient,
    RecipientImport,
    Run,
    Tag,
)
from apps.users.models import ApiToken, User
from tests.api.access_rules import RULES
from tests.api.conftest import Voice, voice_of
from tests.api.things import SECRET, Things, things_of
from tests.factories import MailingFactory, MessageFactory, RecipientFactory, TagFactory
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = pytest.mark.django_db

OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in api.get_openapi_schema()["paths"].items()
    for method, operation in methods.items()
}
#: Opened by no token at all.
PUBLIC = {"get_token"}
OWNED: tuple[type[models.Model], ...] = (
    Recipient,
    Tag,
    Message,
    Attachment,
    Mailing,
    Run,
    Delivery,
    RecipientImport,
    MediaFile,
)


@pytest.fixture
def dispatched() -> Iterator[RecordingDispatcher]:
    fake = RecordingDispatcher()
    with dispatching(fake):
        yield fake


@pytest.fixture
def things(anna: Voice) -> Things:
    assert anna.user is not None
    return things_of(anna.user)


@dataclass(frozen=True)
class Answer:
    status: int
    text: str


def call(voice: Voice, name: str, things: Things) -> Answer:
    """Make the call of this operation's rule."""
    method, path = OPERATIONS[name]
    rule = RULES[name]
    path = path.format(**rule.where(things))
    if rule.form:
        headers = {"Authorization": f"Bearer {voice.secret}"} if voice.secret else {}
        data = {field: make() for field, make in rule.form.items()}
        client = Client(raise_request_exception=False)
        found: Any = client.post(path, data, content_type=MULTIPART_CONTENT, headers=headers)
    else:
        found = voice.call(method, path, rule.body(things))
    raw = b"".join(found.streaming_content) if found.streaming else found.content
    # JSON may write the word by its code points.
    return Answer(found.status_code, raw.decode().replace(json.dumps(SECRET)[1:-1], SECRET))


def snapshot(owner: User) -> str:
    """Everything that is this user's, as text."""
    paths = {
        Attachment: "message__owner",
        Run: "mailing__owner",
        Delivery: "run__mailing__owner",
    }
    rows = [
        row
        for kind in OWNED
        for row in kind._default_manager.filter(**{paths.get(kind, "owner"): owner}).order_by("pk")
    ]
    return str(serializers.serialize("json", rows))


def test_every_operation_has_a_rule() -> None:
    assert set(OPERATIONS) == set(RULES)


def opened(voice: Voice, names: Iterable[str], things: Things) -> dict[str, int]:
    """The operations that let this one in, and with which status."""
    statuses = {name: call(voice, name, things).status for name in sorted(names)}
    return {name: status for name, status in statuses.items() if status != 401}


def test_without_a_token_there_is_nothing(
    nobody: Voice, things: Things, dispatched: RecordingDispatcher
) -> None:
    assert opened(nobody, RULES, things) == {}
    assert dispatched.calls == []


def test_a_blocked_user_is_out_at_once(
    anna: Voice, things: Things, dispatched: RecordingDispatcher
) -> None:
    User.objects.filter(email="anna@example.org").update(is_active=False)
    assert opened(anna, set(RULES) - PUBLIC, things) == {}
    assert dispatched.calls == []


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_stranger_sees_and_changes_nothing_of_annas(
    name: str, bob: Voice, things: Things, dispatched: RecordingDispatcher
) -> None:
    owner = things.mailing.owner
    before = snapshot(owner)
    answer = call(bob, name, things)
    assert answer.status == RULES[name].stranger, answer.text
    assert SECRET not in answer.text
    assert snapshot(owner) == before
    assert dispatched.calls == []


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_owner_may(
    name: str, anna: Voice, things: Things, dispatched: RecordingDispatcher
) -> None:
    answer = call(anna, name, things)
    assert answer.status == RULES[name].owner, answer.text


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_manager_sees_everything_and_edits_nothing(
    name: str, mary: Voice, things: Things, dispatched: RecordingDispatcher
) -> None:
    owner = things.mailing.owner
    before = snapshot(owner)
    answer = call(mary, name, things)
    assert answer.status == RULES[name].manager, answer.text
    if name not in ("enable", "disable"):
        assert snapshot(owner) == before
    assert dispatched.calls == []


def test_a_path_may_end_either_way(
    nobody: Voice, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A redirect is followed by GET: the client would read a list and believe it made something."""
    for name, (method, path) in list(OPERATIONS.items()):
        other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
        monkeypatch.setitem(OPERATIONS, name, (method, other))
    assert opened(nobody, RULES, things) == {}


@pytest.mark.parametrize("path", ["/api/nothing", "/api/nothing/", "/api", "/auth/nothing/"])
def test_an_unknown_path_stays_unknown(path: str, anna: Voice) -> None:
    assert anna.post(path, {}).status_code in (404, 405)


CHANGING = {name for name, (method, _path) in OPERATIONS.items() if method != "GET"} - PUBLIC


def test_a_reading_token_changes_nothing(
    anna: Voice, things: Things, dispatched: RecordingDispatcher
) -> None:
    assert anna.user is not None
    before = snapshot(anna.user)
    for name in sorted(CHANGING):
        reader = voice_of(anna.user, ApiToken.Scope.READ)
        expected = {"end_token": 204, "search": 200}.get(name, 403)
        assert call(reader, name, things).status == expected, name
    assert snapshot(anna.user) == before
    assert dispatched.calls == []


def test_nothing_foreign_gets_into_ones_own_mailing(bob: Voice, things: Things) -> None:
    mine = MessageFactory.create(owner=bob.user)
    body = {"name": "Mine", "message_id": mine.pk, "ends_at": "2031-01-01T00:00:00Z"}
    for foreign in (
        {"message_id": things.message.pk},
        {"tags": [things.tag.name]},
        {"recipient_ids": [things.recipient.pk]},
        {"owner_id": things.mailing.owner_id},
    ):
        answer = bob.post("/api/mailings/", body | foreign)
        assert answer.status_code == 422, foreign
        own = MailingFactory.create(owner=bob.user, message=mine)
        one = f"/api/mailings/{own.pk}/"
        assert bob.patch(one, foreign).status_code == 422, foreign
        assert bob.put(one, body | foreign).status_code == 422, foreign
    assert not Mailing.objects.filter(name="Mine").exists()


def test_a_tag_is_not_merged_into_a_strangers(bob: Voice, things: Things) -> None:
    mine = TagFactory.create(owner=bob.user)
    answer = bob.post(f"/api/tags/{mine.pk}/merge/", {"into": things.tag.pk})
    assert answer.status_code == 404
    assert Tag.objects.filter(pk=mine.pk).exists()


def test_a_bulk_with_a_strangers_address_makes_ones_own_recipient(
    bob: Voice, things: Things
) -> None:
    theirs = things.recipient
    answer = bob.post("/api/recipients/bulk/", {"items": [{"email": theirs.email}]})
    assert answer.json()["created"] == 1
    assert Recipient.objects.filter(email=theirs.email, owner=bob.user).exists()
    theirs.refresh_from_db()
    assert theirs.full_name == SECRET


def test_filters_by_a_strangers_ids_find_nothing(bob: Voice, things: Things) -> None:
    RecipientFactory.create(owner=bob.user)
    for query in (
        f"/api/attempts/?mailing_id={things.mailing.pk}",
        f"/api/attempts/?recipient_id={things.recipient.pk}",
        f"/api/recipients/?tag={SECRET}",
        f"/api/mailings/?search={SECRET}",
    ):
        assert bob.get(query).json()["count"] == 0
