"""An account is checked by asking for its balance, and messages are asked for by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest

from apps.core.responses.stored import NOTHING
from apps.delivery.channels.sms.check import check
from apps.delivery.channels.sms.record import preset, presets
from apps.delivery.channels.sms.tracking import tracker_of
from apps.delivery.channels.tracked import Tracked
from tests import http_service as http
from tests.delivery.channels.guards import nobody_there
from tests.delivery.channels.sms.accounts import BASIC, PASSWORD, PHONE, TOKEN, account
from tests.http_service import HttpService, Reply


@pytest.fixture
def service() -> Iterator[HttpService]:
    with HttpService(http.empty()) as service:
        yield service


GOOD: dict[str, Reply] = {
    "exolve": http.empty(),
    "sigmasms": http.json_reply({"message": "not found"}, 404),
    "smsaero": http.json_reply({"success": True, "data": {"balance": 337.03}, "message": None}),
    "smsc": http.json_reply({"balance": "100.01"}),
    "smsru": http.json_reply({"status": "OK", "status_code": 100, "balance": 4122.56}),
    "twilio": http.json_reply({"account_sid": "AC1", "balance": "12.30", "currency": "USD"}),
    "vonage": http.json_reply({"value": 10.28, "autoReload": False}),
}
BAD: dict[str, tuple[Reply, str]] = {
    "sigmasms": (http.json_reply({"message": f"bad {TOKEN}"}, 401), "401 bad ***"),
    "smsaero": (
        http.json_reply({"success": False, "message": f"bad {PASSWORD}"}, 401),
        "401 bad ***",
    ),
    "smsc": (http.json_reply({"error": f"authorise {PASSWORD}", "error_code": 2}), "2 authorise"),
    "smsru": (http.json_reply({"status_code": 301, "status_text": f"no {TOKEN}"}), "301 no ***"),
    "twilio": (http.json_reply({"code": 20003, "message": f"no {BASIC}"}, 401), "20003 no ***"),
    "vonage": (
        http.json_reply({"error-code": "401", "error-code-label": "auth failed"}, 401),
        "401 auth failed",
    ),
}


@pytest.mark.parametrize("provider", presets())
def test_an_account_that_works_has_nothing_wrong(service: HttpService, provider: str) -> None:
    service.usual = GOOD[provider]
    assert check(account(provider, service.url)) == NOTHING
    asked = preset(provider).check
    assert len(service.requests) == (asked is not None)


@pytest.mark.parametrize("provider", BAD)
def test_a_key_that_is_refused_is_reported_without_it(service: HttpService, provider: str) -> None:
    service.usual, expected = BAD[provider]
    found = check(account(provider, service.url))
    assert found.startswith(expected)
    assert not [one for one in (TOKEN, PASSWORD, BASIC) if one in found]


@pytest.mark.parametrize("provider", presets())
@pytest.mark.parametrize("reply", [http.html(), http.json_reply({}, 500)])
def test_an_answer_without_a_balance_is_no_good_one(
    service: HttpService, provider: str, reply: Reply
) -> None:
    service.usual = reply
    if preset(provider).check is not None:
        assert check(account(provider, service.url)) != NOTHING


@pytest.mark.parametrize("provider", presets())
def test_a_service_that_is_gone_is_reported(provider: str) -> None:
    assert check(account(provider, nobody_there())) == "@connection_refused"


def test_the_balance_is_asked_for_as_the_documents_say(service: HttpService) -> None:
    for provider in presets():
        check(account(provider, service.url))
    lines = [request.line.removesuffix(" HTTP/1.1") for request in service.requests]
    assert lines == [
        "GET /api/sendings/00000000-0000-0000-0000-000000000000",
        "POST /v2/balance",
        "POST /sys/balance.php",
        "POST /my/balance",
        "GET /2010-04-01/Accounts/AC1/Balance.json",
        "GET /account/get-balance",
    ]


# --- asking what became of messages ---

DELIVERED, FAILED, OPEN = "delivered", "failed", ""
STATUSES: list[tuple[str, Any, str, bool]] = [
    ("smsc", {"status": 1, "last_timestamp": 1, "err": 0}, DELIVERED, False),
    ("smsc", {"status": 0}, OPEN, False),
    ("smsc", {"status": -1}, OPEN, False),
    ("smsc", {"status": 20, "err": 6}, FAILED, False),
    ("smsc", {"status": 20, "err": 1}, FAILED, True),
    ("smsc", {"status": 22, "err": 0}, FAILED, True),
    ("smsru", {"sms": {"r-1": {"status_code": 103}}}, DELIVERED, False),
    ("smsru", {"sms": {"r-1": {"status_code": 102}}}, OPEN, False),
    ("smsru", {"sms": {"r-1": {"status_code": 104}}}, FAILED, False),
    ("sigmasms", {"id": "r-1", "state": {"status": "delivered", "error": None}}, DELIVERED, False),
    ("sigmasms", {"id": "r-1", "state": {"status": "sent", "error": None}}, OPEN, False),
    ("sigmasms", {"id": "r-1", "state": {"status": "failed", "error": "no"}}, FAILED, False),
    ("smsaero", {"success": True, "data": {"id": 1, "status": 1}}, DELIVERED, False),
    ("smsaero", {"success": True, "data": {"id": 1, "status": 0}}, OPEN, False),
    ("smsaero", {"success": True, "data": {"id": 1, "status": 2}}, FAILED, False),
]


@pytest.mark.parametrize(("provider", "body", "event", "gone"), STATUSES)
def test_every_status_has_its_meaning(
    service: HttpService, provider: str, body: Any, event: str, gone: bool
) -> None:
    service.usual = http.json_reply(body)
    tracker = tracker_of(account(provider, service.url))
    assert tracker is not None and (tracker.source, tracker.prefix) == ("sms", "id=")
    found = tracker.track({"r-1": PHONE})["r-1"]
    assert (found.event, found.gone) == (event, gone)
    assert found.words.startswith("@sms_status ") if event else found == Tracked()


@pytest.mark.parametrize(
    "reply", [http.html(), http.json_reply({"error_code": 2}), http.empty(500)]
)
def test_what_makes_no_sense_is_left_out(service: HttpService, reply: Reply) -> None:
    service.usual = reply
    tracker = tracker_of(account("smsc", service.url))
    assert tracker is not None and tracker.track({"1": PHONE}) == {}


def test_who_is_asked_for_is_named_as_the_documents_say(service: HttpService) -> None:
    asked = []
    for provider in ("smsc", "smsru", "sigmasms", "smsaero"):
        tracker = tracker_of(account(provider, service.url))
        assert tracker is not None
        tracker.track({"17": PHONE})
        asked.append(service.requests[-1])
    smsc, smsru, sigma, aero = asked
    found = parse_qs(smsc.body.decode())
    assert (found["phone"], found["id"], found["fmt"]) == ([PHONE], ["17"], ["3"])
    assert parse_qs(smsru.body.decode())["sms_id"] == ["17"]
    assert sigma.line == "GET /api/sendings/17 HTTP/1.1"
    assert sigma.headers["authorization"] == TOKEN
    assert (aero.path, aero.json) == ("/v2/sms/status", {"id": 17})


@pytest.mark.parametrize("provider", ["twilio", "vonage", "exolve"])
def test_those_who_call_us_are_not_asked(provider: str) -> None:
    assert tracker_of(account(provider)) is None
