"""Providers of text messages report to the address of the account."""

from __future__ import annotations

import base64
import hmac
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.test import Client

from apps.delivery.accounts import declared
from apps.feedback.models import Event
from apps.mailings.models import Attempt, Delivery, Suppression
from config.account_settings import AccountSettings
from tests.delivery.engine.workers import assert_equation
from tests.factories import AttemptFactory, DeliveryFactory, RunFactory

pytestmark = pytest.mark.django_db

SITE = "https://mail.example.org"
KEYS = {"username": "AC1", "password": "pa55word", "sender": "Shop"}


@pytest.fixture(autouse=True)
def _accounts(settings: LazySettings) -> None:
    settings.SITE_URL = SITE
    made = {
        name: AccountSettings(kind="sms", provider=provider, **KEYS)
        for name, provider in (("texts", "vonage"), ("tw", "twilio"), ("asked", "smsc"))
    }
    settings.ACCOUNTS = {**settings.ACCOUNTS, **made}


def address(account: str) -> str:
    return urlsplit(declared(account).report_url).path


def text_by(account: str, state: str = "sent", **fields: Any) -> Delivery:
    """A text that this account has handed over."""
    done = {} if state == "sending" else {"state": "done", "outcome": "success"}
    run = RunFactory.create(**{state: 1, **done, "account": account})
    token = {"token": 1} if state == "sending" else {}
    found: Delivery = DeliveryFactory.create(
        run=run, state=state, channel="phone", address="79161234567", **token
    )
    AttemptFactory.create(delivery=found, account=account, response="id=r-1", **fields)
    return found


def report(
    delivery: Delivery | int, status: str = "delivered", reason: str = "0"
) -> dict[str, str]:
    number = delivery if isinstance(delivery, int) else delivery.pk
    return {
        "msisdn": "79161234567",
        "messageId": "r-1",
        "status": status,
        "err-code": reason,
        "client-ref": str(number),
    }


def state(delivery: Delivery) -> str:
    return Delivery.objects.get(pk=delivery.pk).state


@pytest.mark.parametrize("kind", ["json", "form"])
def test_a_delivered_text_is_delivered(client: Client, kind: str) -> None:
    text = text_by("texts")
    given: dict[str, Any] = {"content_type": "application/json"} if kind == "json" else {}
    for _ in range(2):  # they call again when they are not sure
        assert client.post(address("texts"), report(text), **given).status_code == 200
    assert state(text) == "delivered"
    assert Event.objects.get().facts["words"] == "@sms_status delivered 0"
    assert_equation(text.run)


@pytest.mark.parametrize(
    ("status", "reason", "after", "suppressed"),
    [
        ("accepted", "0", "sent", 0),
        ("buffered", "0", "sent", 0),
        ("expired", "2", "bounced", 0),
        ("failed", "550", "bounced", 0),
        ("rejected", "6", "bounced", 0),
        ("failed", "3", "bounced", 1),
    ],
)
def test_every_status_has_its_effect(
    client: Client, status: str, reason: str, after: str, suppressed: int
) -> None:
    text = text_by("texts")
    assert client.post(address("texts"), report(text, status, reason)).status_code == 200
    assert state(text) == after
    assert Suppression.objects.count() == suppressed
    assert_equation(text.run)


def test_a_text_of_which_nobody_knew_is_known_by_its_report(client: Client) -> None:
    text = text_by("texts", "unknown", status="unknown")
    Attempt.objects.update(response="@connection_lost")
    client.post(address("texts"), report(text))
    assert state(text) == "delivered"


def test_a_report_before_the_reply_was_recorded_waits(client: Client) -> None:
    text = text_by("texts", "sending")
    Attempt.objects.all().delete()
    client.post(address("texts"), report(text))
    assert state(text) == "sending"
    assert Event.objects.get().settled_at is None


def test_a_report_of_another_account_s_text_is_not_believed(client: Client) -> None:
    text = text_by("asked")
    assert client.post(address("texts"), report(text, "failed", "3")).status_code == 200
    assert client.post(address("texts"), report(987654)).status_code == 200
    assert state(text) == "sent"
    assert not Event.objects.exists() and not Suppression.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "delivered"}, 400),
        ({"status": "delivered", "client-ref": "x"}, 400),
        ({"status": "delivered", "client-ref": "9" * 30}, 400),
        ({"client-ref": "1"}, 200),
    ],
)
def test_what_makes_no_sense_changes_nothing(
    client: Client, body: dict[str, str], status: int
) -> None:
    assert client.post(address("texts"), body).status_code == status
    assert not Event.objects.exists()


@pytest.mark.parametrize("body", [b"{", b"[]", b"1"])
def test_what_is_no_object_is_refused(client: Client, body: bytes) -> None:
    answer = client.post(address("texts"), body, content_type="application/json")
    assert answer.status_code == 400


def test_addresses_that_nobody_gave_are_not_there(client: Client) -> None:
    assert client.post("/hooks/sms/nothing/").status_code == 404
    assert client.get(address("texts")).status_code == 405
    # SMSC is asked, and does not call.
    assert client.post(address("asked"), report(1)).status_code == 404
    assert address("texts") != address("tw")


def test_too_much_is_not_read(client: Client) -> None:
    body = b"a" * 1_100_000
    answer = client.post(address("texts"), body, content_type="application/json")
    assert answer.status_code == 413


def test_without_https_there_is_no_address(settings: LazySettings) -> None:
    settings.SITE_URL = "http://localhost:8000"
    assert declared("texts").report_url == ""


def test_the_address_holds_under_the_last_key(client: Client, settings: LazySettings) -> None:
    before, text = address("texts"), text_by("texts")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-one-" * 5
    assert client.post(before, report(text)).status_code == 200
    assert state(text) == "delivered"


# --- Twilio signs what it posts ---


def twilio(client: Client, delivery: Delivery, status: str, *, key: str = "pa55word") -> int:
    path = f"{address('tw')}?delivery={delivery.pk}"
    fields = {"MessageSid": "SM1", "MessageStatus": status, "To": "+79161234567"}
    signed = SITE + path + "".join(name + value for name, value in sorted(fields.items()))
    digest = hmac.digest(key.encode(), signed.encode(), "sha1")
    headers = {"X-Twilio-Signature": base64.b64encode(digest).decode()}
    return client.post(path, fields, headers=headers).status_code


def test_a_signed_report_of_twilio_is_believed(client: Client) -> None:
    text = text_by("tw")
    assert [twilio(client, text, one) for one in ("queued", "sent", "delivered")] == [200] * 3
    assert state(text) == "delivered"
    assert Event.objects.count() == 1


def test_a_report_with_another_key_is_not(client: Client) -> None:
    text = text_by("tw")
    assert twilio(client, text, "delivered", key="guessed") == 403
    path = f"{address('tw')}?delivery={text.pk}"
    assert client.post(path, {"MessageStatus": "delivered"}).status_code == 403
    assert state(text) == "sent"


def test_the_signature_is_twilio_s_own() -> None:
    """The example of Twilio's documents on the security of its calls."""
    url = "https://example.com/myapp.php?foo=1&bar=2"
    fields = {
        "Digits": "1234",
        "To": "+18005551212",
        "From": "+14158675310",
        "Caller": "+14158675310",
        "CallSid": "CA1234567890ABCDE",
    }
    signed = url + "".join(name + value for name, value in sorted(fields.items()))
    digest = hmac.digest(b"12345", signed.encode(), "sha1")
    assert base64.b64encode(digest).decode() == "L/OH5YylLD5NRKLltdqwSvS0BnU="
