"""Webhooks over the API."""

from __future__ import annotations

import pytest
from django.conf import LazySettings

from apps.api.models import IdempotentCall
from apps.api.webhooks.models import Webhook, WebhookCall
from tests.api.conftest import Voice
from tests.factories import UserFactory, WebhookCallFactory, WebhookFactory

pytestmark = pytest.mark.django_db
LIST = "/api/webhooks/"
URL = "https://crm.example.org/hooks"


def test_a_webhook_is_made_seen_rotated_and_removed(anna: Voice) -> None:
    made = anna.post(LIST, {"url": URL, "deliveries": False})
    assert made.status_code == 201, made.json()
    secret, webhook = made.json()["secret"], made.json()["webhook"]
    assert secret.startswith("whsec_")
    assert (webhook["url"], webhook["deliveries"], webhook["runs"]) == (URL, False, True)
    one = f"{LIST}{webhook['id']}/"
    assert anna.get(one).json() == webhook
    assert anna.get(LIST).json()["items"] == [webhook]
    rotated = anna.post(f"{one}rotate/")
    assert rotated.status_code == 200
    assert rotated.json()["secret"] != secret
    assert rotated.json()["webhook"]["old_until"] is not None
    assert anna.delete(one).status_code == 204
    assert anna.get(one).status_code == 404


def test_no_secret_is_kept_or_shown_again(anna: Voice) -> None:
    made = anna.post(LIST, {"url": URL}).json()
    secret = made["secret"].removeprefix("whsec_")
    stored = {str(value) for value in vars(Webhook.objects.get()).values()}
    assert not any(secret in value for value in stored)
    assert secret not in anna.get(LIST).content.decode()
    assert not IdempotentCall.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"url": URL, "deliveries": False, "runs": False}, "invalid"),
        ({"url": URL, "seed": "0"}, "invalid"),
        ({"url": "http://crm.example.org/"}, "address_refused"),
        ({"url": "https://127.0.0.1/"}, "address_refused"),
        ({"url": "https://user:word@crm.example.org/"}, "address_refused"),
    ],
)
def test_what_is_wrong_is_refused(anna: Voice, body: object, code: str) -> None:
    answer = anna.post(LIST, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Webhook.objects.exists()


def test_nobody_has_more_than_are_allowed(anna: Voice, bob: Voice, settings: LazySettings) -> None:
    settings.WEBHOOKS_PER_USER = 2
    assert [anna.post(LIST, {"url": URL}).status_code for _number in range(3)] == [201, 201, 409]
    assert anna.post(LIST, {"url": URL}).json()["code"] == "too_many_webhooks"
    assert bob.post(LIST, {"url": URL}).status_code == 201


def test_a_strangers_webhook_is_not_there_and_a_managers_hand_is_stayed(
    anna: Voice, bob: Voice, mary: Voice
) -> None:
    call = WebhookCallFactory.create(webhook=WebhookFactory.create(owner=anna.user), tries=3)
    one = f"{LIST}{call.webhook_id}/"
    again = f"{one}calls/{call.pk}/again/"
    for method, path in [
        ("GET", one),
        ("DELETE", one),
        ("POST", f"{one}rotate/"),
        ("GET", f"{one}calls/"),
        ("POST", again),
    ]:
        assert bob.call(method, path).status_code == 404
        assert mary.call(method, path).status_code == (200 if method == "GET" else 403)
    assert bob.get(LIST).json()["count"] == 0
    call.refresh_from_db()
    assert call.tries == 3


def test_the_log_shows_and_a_call_is_sent_again(anna: Voice) -> None:
    webhook = WebhookFactory.create(owner=anna.user)
    call = WebhookCallFactory.create(webhook=webhook, tries=12, code=503, response="down")
    Webhook.objects.update(paused_at=call.created_at)
    (body,) = anna.get(f"{LIST}{webhook.pk}/calls/").json()["items"]
    assert (body["webhook_id"], body["code"], body["words"]) == (f"call-{call.pk}", 503, "down")
    assert anna.post(f"{LIST}{webhook.pk}/calls/{call.pk}/again/").status_code == 204
    assert WebhookCall.objects.get().tries == 0
    assert anna.get(f"{LIST}{webhook.pk}/").json()["paused_at"] is None


def test_a_call_belongs_to_its_webhook(anna: Voice) -> None:
    call = WebhookCallFactory.create(webhook__owner=anna.user)
    other = WebhookFactory.create(owner=UserFactory.create())
    assert anna.post(f"{LIST}{other.pk}/calls/{call.pk}/again/").status_code == 404
