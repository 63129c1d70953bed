"""Each provider is called as its documents say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import LazySettings

from apps.core.contracts import Letter, Outcome, Verdict
from apps.delivery.channels.sms.channel import open_channel
from apps.delivery.channels.sms.record import presets
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, send_all
from tests.delivery.channels.sms.accounts import BASIC, IDS, PASSWORD, PHONE, TOKEN, YES, account
from tests.http_service import HttpService, Request

TEXT = "Скидка & «50%»"
EVERY = pytest.mark.parametrize("provider", presets())


@pytest.fixture
def service() -> Iterator[HttpService]:
    with HttpService(http.empty()) as service:
        yield service


def sent(service: HttpService, provider: str, text: str = TEXT, **keys: Any) -> Outcome:
    """Send one text to a service that takes it."""
    status, body = YES[provider]
    service.usual = http.json_reply(body, status)
    channel = open_channel(account(provider, service.url, timeout=30, **keys), BookGuard())
    (outcome,) = send_all(channel, [Letter(7, "", PHONE, text.encode())])
    return outcome


def form_of(request: Request) -> dict[str, str]:
    return {name: several[0] for name, several in parse_qs(request.body.decode()).items()}


@EVERY
def test_a_yes_is_a_yes_and_its_id_is_kept(service: HttpService, provider: str) -> None:
    outcome = sent(service, provider)
    assert (outcome.verdict, outcome.response) == (Verdict.SENT, f"id={IDS[provider]}")
    assert len(service.requests) == 1


@EVERY
def test_every_provider_has_its_answers_here(provider: str) -> None:
    assert provider in YES and provider in IDS


def test_smsru(service: HttpService) -> None:
    sent(service, "smsru")
    (request,) = service.requests
    assert request.line == "POST /sms/send HTTP/1.1"
    given = {"api_id": TOKEN, "to": PHONE, "msg": TEXT, "from": "Shop", "json": "1"}
    assert form_of(request) == given


def test_smsc(service: HttpService) -> None:
    sent(service, "smsc", sender="")
    (request,) = service.requests
    assert request.line == "POST /sys/send.php HTTP/1.1"
    keys = {"login": "AC1", "psw": PASSWORD, "charset": "utf-8", "fmt": "3"}
    assert form_of(request) == {**keys, "phones": PHONE, "mes": TEXT}


def test_exolve(service: HttpService) -> None:
    sent(service, "exolve")
    (request,) = service.requests
    assert request.line == "POST /messaging/v1/SendSMS HTTP/1.1"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.json == {"number": "Shop", "destination": PHONE, "text": TEXT}


def test_twilio(service: HttpService, settings: LazySettings) -> None:
    settings.SITE_URL = "https://mail.example.org"
    sent(service, "twilio")
    (request,) = service.requests
    assert request.line == "POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1"
    assert request.headers["authorization"] == f"Basic {BASIC}"
    found = form_of(request)
    callback = urlsplit(found.pop("StatusCallback"))
    assert found == {"To": f"+{PHONE}", "From": "+15557122661", "Body": TEXT}
    assert (callback.netloc, callback.query) == ("mail.example.org", "delivery=7")
    assert callback.path.startswith("/hooks/sms/")


@pytest.mark.parametrize(("text", "alphabet"), [(TEXT, "unicode"), ("Sale", "text")])
def test_vonage(service: HttpService, settings: LazySettings, text: str, alphabet: str) -> None:
    settings.SITE_URL = "http://localhost:8000"  # nobody could call there
    sent(service, "vonage", text)
    (request,) = service.requests
    assert request.line == "POST /sms/json HTTP/1.1"
    keys = {"api_key": "AC1", "api_secret": PASSWORD, "from": "Shop"}
    given = {**keys, "to": PHONE, "text": text, "type": alphabet, "client-ref": "7"}
    assert form_of(request) == given


def test_sigmasms(service: HttpService) -> None:
    sent(service, "sigmasms")
    (request,) = service.requests
    assert request.line == "POST /api/sendings HTTP/1.1"
    assert request.headers["authorization"] == TOKEN
    payload = {"sender": "Shop", "text": TEXT}
    assert request.json == {"recipient": f"+{PHONE}", "type": "sms", "payload": payload}


def test_smsaero(service: HttpService) -> None:
    sent(service, "smsaero")
    (request,) = service.requests
    assert request.line == "POST /v2/sms/send HTTP/1.1"
    assert request.headers["authorization"] == f"Basic {BASIC}"
    assert request.json == {"number": int(PHONE), "text": TEXT, "sign": "Shop"}


def test_an_account_may_send_in_latin_letters(service: HttpService) -> None:
    sent(service, "smsru", "Щука — «да»\r\nhttps://e.org/я ", transliterate=True)
    assert form_of(service.requests[0])["msg"] == 'Shchuka - "da"\nhttps://e.org/я'


@pytest.mark.parametrize("address", ["", "+79161234567", "anna@example.org", "٧٩١"])
def test_what_is_no_phone_is_not_sent(service: HttpService, address: str) -> None:
    channel = open_channel(account("smsru", service.url), BookGuard())
    (outcome,) = send_all(channel, [Letter(7, "", address, b"Hi")])
    assert (outcome.verdict, outcome.response) == (Verdict.FAILED, "@no_phone")
    assert service.requests == []


def test_what_is_too_long_for_the_provider_is_not_sent(service: HttpService) -> None:
    outcome = sent(service, "smsc", "a" * 1001)
    assert (outcome.verdict, outcome.response) == (Verdict.FAILED, "@sms_too_long 1001 1000")
    assert service.requests == []
