"""What each provider's answer says of the delivery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apps.core.contracts import Blame, Letter, Outcome, Verdict
from apps.delivery.channels.sms.channel import open_channel
from apps.delivery.channels.sms.record import Meaning, preset, presets
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, send_all
from tests.delivery.channels.sms.accounts import BASIC, PASSWORD, PHONE, TOKEN, account
from tests.http_service import HttpService, Reply

R, N, A = Blame.RECIPIENT, Blame.NETWORK, Blame.ACCOUNT
ROOT = Path(__file__).parents[4]
SENT, FAILED, RETRY = Verdict.SENT, Verdict.FAILED, Verdict.RETRY
UNSENT, UNKNOWN = Verdict.UNSENT, Verdict.UNKNOWN


@pytest.fixture
def service() -> Iterator[HttpService]:
    with HttpService(http.empty()) as service:
        yield service


def outcomes(service: HttpService, provider: str, count: int = 1, **keys: Any) -> list[Outcome]:
    declared = account(provider, service.url, timeout=30, max_connections=1, **keys)
    letters = [Letter(number, "", PHONE, b"Hi") for number in range(1, count + 1)]
    return send_all(open_channel(declared, BookGuard()), letters)


def smsru(code: int, text: str = "no") -> Reply:
    one = {"status": "ERROR", "status_code": code, "status_text": text}
    return http.json_reply({"status": "OK", "status_code": 100, "sms": {PHONE: one}})


def smsru_all(code: int) -> Reply:
    return http.json_reply({"status": "ERROR", "status_code": code, "status_text": "no"})


def smsc(code: int) -> Reply:
    return http.json_reply({"error": "no", "error_code": code})


def twilio(code: int, status: int = 400) -> Reply:
    return http.json_reply({"code": code, "message": "no", "status": status}, status)


def vonage(code: int) -> Reply:
    one = {"status": str(code), "error-text": "no"}
    return http.json_reply({"message-count": "1", "messages": [one]})


def exolve(text: str, status: int = 400) -> Reply:
    return http.json_reply({"error": {"code": 3, "message": text}}, status)


def sigma(text: str) -> Reply:
    return http.json_reply({"id": "c81736cd", "status": "failed", "error": text})


def aero(text: str, status: int = 200) -> Reply:
    return http.json_reply({"success": False, "data": None, "message": text}, status)


TABLE: list[tuple[str, str, Reply, Verdict, Blame, int]] = [
    ("smsru", "bad key", smsru_all(200), UNSENT, A, 200),
    ("smsru", "no money", smsru(201), UNSENT, A, 201),
    ("smsru", "no money, said of all", smsru_all(201), UNSENT, A, 201),
    ("smsru", "wrong number", smsru(202), FAILED, R, 202),
    ("smsru", "has complained", smsru(215), FAILED, R, 215),
    ("smsru", "too long", smsru(205), FAILED, R, 205),
    ("smsru", "never met", smsru(999), FAILED, R, 999),
    ("smsru", "not now", smsru(220), RETRY, R, 220),
    ("smsru", "enough for this number today", smsru(230), RETRY, R, 230),
    ("smsru", "its own error", smsru_all(500), UNKNOWN, N, 500),
    ("smsru", "another number's answer", http.json_reply({"status": "OK", "sms": {}}),
     UNKNOWN, N, 200),
    ("smsru", "a yes without an id", http.json_reply({"status_code": 100}), UNKNOWN, N, 200),
    ("smsc", "bad password", smsc(2), UNSENT, A, 2),
    ("smsc", "no money", smsc(3), UNSENT, A, 3),
    ("smsc", "blocked for a while", smsc(4), RETRY, R, 4),
    ("smsc", "forbidden text", smsc(6), FAILED, R, 6),
    ("smsc", "wrong number", smsc(7), FAILED, R, 7),
    ("smsc", "cannot be delivered", smsc(8), FAILED, R, 8),
    ("smsc", "the same again", smsc(9), RETRY, R, 9),
    ("smsc", "nothing that it would say", http.json_reply({"cnt": 1}), UNKNOWN, N, 200),
    ("twilio", "wrong number", twilio(21211), FAILED, R, 21211),
    ("twilio", "has unsubscribed", twilio(21610), FAILED, R, 21610),
    ("twilio", "too long", twilio(21617), FAILED, R, 21617),
    ("twilio", "not our number", twilio(21606), UNSENT, A, 21606),
    ("twilio", "bad password", twilio(20003, 401), UNSENT, A, 20003),
    ("twilio", "too many requests", twilio(20429, 429), RETRY, R, 20429),
    ("twilio", "its queue is full", twilio(21611), RETRY, R, 21611),
    ("twilio", "never met", twilio(12345), FAILED, R, 400),
    ("vonage", "too fast", vonage(1), RETRY, R, 1),
    ("vonage", "bad secret", vonage(4), UNSENT, A, 4),
    ("vonage", "its own error", vonage(5), UNKNOWN, N, 5),
    ("vonage", "unknown prefix", vonage(6), FAILED, R, 6),
    ("vonage", "barred", vonage(7), FAILED, R, 7),
    ("vonage", "no money", vonage(9), UNSENT, A, 9),
    ("vonage", "bad sender", vonage(15), UNSENT, A, 15),
    ("exolve", "wrong number", exolve("invalid SendRequest.Destination: no"), FAILED, R, 400),
    ("exolve", "anything else", exolve("no"), FAILED, R, 400),
    ("exolve", "bad key", exolve("no", 401), UNSENT, A, 401),
    ("exolve", "no money", exolve("no", 402), UNSENT, A, 402),
    ("sigmasms", "no money", sigma("Недостаточно средств"), UNSENT, A, 200),
    ("sigmasms", "refused", sigma("text"), FAILED, R, 200),
    ("sigmasms", "wrong number", http.json_reply({"message": "no"}, 422), FAILED, R, 422),
    ("sigmasms", "bad key", http.json_reply({"message": "no"}, 401), UNSENT, A, 401),
    ("smsaero", "bad key", aero("invalid credentials", 401), UNSENT, A, 401),
    ("smsaero", "no money", http.json_reply({"result": "no credits"}), UNSENT, A, 200),
    ("smsaero", "wrong number", aero("Wrong number", 400), FAILED, R, 400),
    ("smsaero", "refused", aero("Validation error.", 400), FAILED, R, 400),
    ("smsaero", "too many", aero("Too many requests", 429), RETRY, R, 429),
]  # fmt: skip


@pytest.mark.parametrize(
    ("provider", "reply", "verdict", "blame", "code"),
    [(row[0], *row[2:]) for row in TABLE],
    ids=[f"{row[0]}: {row[1]}" for row in TABLE],
)
def test_every_answer_has_its_verdict(
    service: HttpService, provider: str, reply: Reply, verdict: Verdict, blame: Blame, code: int
) -> None:
    service.usual = reply
    (outcome,) = outcomes(service, provider)
    assert (outcome.verdict, outcome.blame, outcome.code) == (verdict, blame, code)
    record = preset(provider)
    assert outcome.gone is (str(code) in record.errors.get(Meaning.GONE, ()))
    if verdict is RETRY and provider != "smsaero":
        known = record.waits.get(str(code), 0.0)
        assert outcome.wait == known


NONSENSE: dict[str, Reply] = {
    "html": http.html(),
    "empty": http.empty(),
    "a list": http.json_reply([1]),
    "reset": http.reset(),
    "not HTTP": http.not_http(),
    "500": http.html(500),
    "redirected": http.redirect(),
}


@pytest.mark.parametrize("name", NONSENSE)
@pytest.mark.parametrize("provider", presets())
def test_what_no_provider_says_is_unknown(service: HttpService, provider: str, name: str) -> None:
    service.usual = NONSENSE[name]
    (outcome,) = outcomes(service, provider)
    assert (outcome.verdict, outcome.blame) == (UNKNOWN, N)


@pytest.mark.parametrize("provider", presets())
@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_no_secret_is_stored(service: HttpService, provider: str, status: int) -> None:
    """Whatever an answer repeats of the call."""
    text = f"{TOKEN} {PASSWORD} {BASIC} no"
    body = {"code": 9, "error": text, "message": text, "status_text": text}
    service.usual = http.json_reply(body, status)
    (outcome,) = outcomes(service, provider)
    declared = account(provider)
    own = [declared.token] if declared.token else [PASSWORD, BASIC]
    assert not [secret for secret in own if secret in repr(outcome)]
    assert "***" in outcome.response


def test_many_who_cannot_be_reached_do_not_stop_it(service: HttpService) -> None:
    service.usual = vonage(6)
    assert {one.verdict for one in outcomes(service, "vonage", 30)} == {FAILED}


def test_a_message_that_nobody_is_sent_stops_after_twenty(service: HttpService) -> None:
    service.usual = vonage(12)
    assert [one.verdict for one in outcomes(service, "vonage", 30)].count(FAILED) == 20


def test_a_pause_that_is_asked_for_holds_for_the_account(service: HttpService) -> None:
    service.usual = smsru(206)
    found = outcomes(service, "smsru", 5)
    assert [one.verdict for one in found] == [RETRY] + 4 * [UNSENT]
    assert found[0].wait == 3600


def test_a_longer_pause_in_the_header_holds(service: HttpService) -> None:
    service.usual = http.json_reply({"code": 20429, "message": "no"}, 429, retry_after="90")
    (outcome,) = outcomes(service, "twilio")
    assert (outcome.verdict, outcome.wait) == (RETRY, 90)


def test_a_code_that_is_no_number_of_ours_is_no_code(service: HttpService) -> None:
    service.usual = http.json_reply({"error": "no", "error_code": "9" * 5000})
    (outcome,) = outcomes(service, "smsc")
    assert (outcome.verdict, outcome.code) == (FAILED, 200)


@pytest.mark.parametrize("folder", ["docs", "docs/ru"])
@pytest.mark.parametrize("provider", presets())
def test_the_page_has_the_same_table(provider: str, folder: str) -> None:
    page = (ROOT / folder / "channels" / "sms.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| `{provider}` \| `(\w+)` \| ([\w ,]+) \|", page, re.MULTILINE)
    written = {meaning: set(codes.split(", ")) for meaning, codes in rows}
    record = preset(provider)
    expected: dict[str, set[str]] = {}
    for meaning, codes in record.errors.items():
        expected.setdefault(meaning.value, set()).update(codes)
    for meaning, statuses in record.statuses.items():
        found = {f"HTTP {status}" for status in statuses}
        expected.setdefault(meaning.value, set()).update(found)
    assert written == expected
