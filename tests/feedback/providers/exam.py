"""What every provider's hook must do: one exam, which each file of this folder takes."""

from __future__ import annotations

import base64
import json
from typing import Any, ClassVar

import pytest
from django.conf import LazySettings

from apps.feedback.models import Event
from apps.feedback.providers import PROVIDERS
from apps.mailings.models import Delivery, Suppression
from tests.factories import AttemptFactory
from tests.feedback.conftest import SECRET, message_id, post, sent

Case = tuple[dict[str, Any], str, str, str]
#: The provider's own name of the letter, which it says when it takes it on.
REMOTE = "4f1c7a52-9f0e-4e57-9a0c-2c52ad1f9d11"


def basic(login: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}


@pytest.mark.django_db
class HookExam:
    """A subclass says how its provider signs, and what its events look like.

    ``cases``: an event without its letter, and what follows from it: the event's kind, the state of
    the delivery, and why its address is not used any more.
    """

    provider: ClassVar[str]
    key: ClassVar[str]
    other_key: ClassVar[str] = "another-key-0123456789"
    cases: ClassVar[list[Case]]
    kind: ClassVar[str] = "application/json"

    @pytest.fixture(autouse=True)
    def opened(self, settings: LazySettings) -> None:
        settings.HOOK_SECRET = SECRET
        setattr(settings, PROVIDERS[self.provider].key, self.key)

    def about(self, event: dict[str, Any], delivery: Delivery) -> dict[str, Any]:
        """The event with its recipient and the names of its letter put in."""
        raise NotImplementedError

    def body(self, event: dict[str, Any]) -> bytes:
        return json.dumps(event).encode()

    def headers(self, body: bytes, key: str) -> dict[str, str]:
        raise NotImplementedError

    def say(self, event: dict[str, Any]) -> int:
        body = self.body(event)
        return post(self.provider, body, self.headers(body, self.key), kind=self.kind)

    def letter(self, number: int = 0) -> Delivery:
        delivery = sent(recipient__email=f"anna{number}@example.org")
        AttemptFactory.create(delivery=delivery, response=f"250 2.0.0 Ok: queued as {REMOTE}")
        return delivery

    def test_each_event_has_its_meaning(self) -> None:
        for number, (event, kind, state, suppressed) in enumerate(self.cases):
            delivery = self.letter(number)
            assert self.say(self.about(event, delivery)) == 200, event
            delivery.refresh_from_db()
            found = Event.objects.get(delivery=delivery)
            row = Suppression.objects.filter(address=delivery.address).first()
            reason = row.reason if row else ""
            assert (found.kind, delivery.state, reason) == (kind, state, suppressed), event

    def test_an_event_counts_once(self) -> None:
        event = self.about(self.cases[0][0], self.letter())
        assert [self.say(event), self.say(event)] == [200, 200]
        assert Event.objects.count() == 1

    def test_without_a_signature_or_with_a_wrong_one_nothing_is_believed(self) -> None:
        delivery = self.letter()
        body = self.body(self.about(self.cases[0][0], delivery))
        right = self.headers(body, self.key)
        for headers in (
            {},
            self.headers(body, self.other_key),
            {name: value[:-4] + "AAA=" for name, value in right.items()},
        ):
            assert post(self.provider, body, headers, kind=self.kind) == 403
        delivery.refresh_from_db()
        assert (delivery.state, Event.objects.count()) == ("sent", 0)

    def test_without_its_key_there_is_no_hook(self, settings: LazySettings) -> None:
        setattr(settings, PROVIDERS[self.provider].key, "")
        assert self.say(self.about(self.cases[0][0], self.letter())) == 404


def named(delivery: Delivery) -> str:
    return message_id(delivery)
