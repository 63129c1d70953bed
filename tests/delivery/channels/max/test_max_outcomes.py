"""The Bot API of MAX, right and wrong: each answer, and what is said of the delivery."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.core.contracts import Blame, Letter, Outcome, Verdict
from apps.core.responses.stored import NOTHING
from apps.delivery.accounts import declaration
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import Client, tls
from apps.delivery.channels.max.bot import check
from apps.delivery.channels.max.channel import MaxChannel
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.delivery.channels.email.smtp.smtp_promises import certificate_files
from tests.delivery.channels.guards import BookGuard, nobody_there, send_all
from tests.http_service import PATIENT, HttpService, Reply

TOKEN = "f9LHodD0cOL_secret"
R, N, A = Blame.RECIPIENT, Blame.NETWORK, Blame.ACCOUNT
YES = {"message": {"recipient": {"user_id": 100}, "body": {"mid": "mid.1", "seq": 1}}}


def no(status: int, code: str, message: str = "") -> Reply:
    return http.json_reply({"code": code, "message": message}, status)


@pytest.fixture
def service() -> Iterator[HttpService]:
    with HttpService(http.json_reply(YES)) as service:
        yield service


def outcomes_of(url: str, *letters: Letter, guard: BookGuard | None = None) -> list[Outcome]:
    client = Client(url, PATIENT, {"Authorization": TOKEN})
    options = HttpOptions(connections=1, secrets=(TOKEN,))
    return send_all(MaxChannel(client, guard or BookGuard(), options), list(letters))


def letter(number: int = 7, person: str = "100") -> Letter:
    return Letter(number, "", person, "<b>Привет</b> &amp; здравствуй".encode())


def test_the_request_is_what_max_expects(service: HttpService) -> None:
    guard = BookGuard()
    (outcome,) = outcomes_of(service.url, letter(), guard=guard)
    assert (outcome.verdict, outcome.response) == (Verdict.SENT, "mid=mid.1")
    (request,) = service.requests
    assert request.line == "POST /messages?user_id=100 HTTP/1.1"
    assert request.headers["authorization"] == TOKEN
    assert request.json == {
        "text": "<b>Привет</b> &amp; здравствуй",
        "attachments": None,
        "link": None,
        "format": "html",
    }
    assert (guard.asked, guard.answers) == ([7], [(7, True)])


SUSPENDED = "Key: error.dialog.suspended, args: [100]."
TABLE: list[tuple[str, Reply, Verdict, Blame, int]] = [
    ("stopped", no(403, "chat.denied", SUSPENDED), Verdict.FAILED, R, 403),
    ("suspended", no(403, "error.dialog.suspended"), Verdict.FAILED, R, 403),
    ("no chat", no(403, "dialog.not.found"), Verdict.FAILED, R, 403),
    ("nobody", no(404, "user.not.found"), Verdict.FAILED, R, 404),
    ("bad text", no(400, "proto.payload", "text"), Verdict.FAILED, R, 400),
    ("not ready", no(400, "attachment.not.ready"), Verdict.RETRY, R, 400),
    ("bad token", no(401, "verify.token", f"Invalid {TOKEN}"), Verdict.UNSENT, A, 401),
    ("bad token, once", no(403, "verify.token"), Verdict.UNSENT, A, 403),
    ("flood", http.answer(b'{"code":"too.many.requests"}', 429, retry_after="17"),
     Verdict.RETRY, R, 429),
    ("away", no(503, "service.unavailable"), Verdict.RETRY, N, 503),
    ("500", no(500, "internal.error"), Verdict.UNKNOWN, N, 500),
    ("a wrong address", http.html(404), Verdict.UNSENT, N, 404),
    ("a proxy's 403", http.html(403), Verdict.UNSENT, A, 403),
    ("html", http.html(), Verdict.UNKNOWN, N, 200),
    ("no id", http.json_reply({"message": {"body": {"mid": 5}}}), Verdict.UNKNOWN, N, 200),
    ("no body", http.json_reply({"message": {"body": None}}), Verdict.UNKNOWN, N, 200),
    ("no message", http.json_reply({"message": None}), Verdict.UNKNOWN, N, 200),
    ("truncated", http.truncated(YES, 2), Verdict.UNKNOWN, N, 200),
    ("302", http.redirect(), Verdict.UNKNOWN, N, 302),
    ("reset", http.reset(), Verdict.UNKNOWN, N, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "verdict", "blame", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_every_answer_has_its_verdict(
    service: HttpService, reply: Reply, verdict: Verdict, blame: Blame, code: int
) -> None:
    service.usual = reply
    (outcome,) = outcomes_of(service.url, letter())
    assert (outcome.verdict, outcome.blame, outcome.code) == (verdict, blame, code)
    assert outcome.wait == (17 if code == 429 else 0)
    assert TOKEN not in repr(outcome)
    assert len(service.requests) == 1


def test_who_has_stopped_the_bot_is_gone_and_who_is_not_found_is_not(service: HttpService) -> None:
    service.script.extend([no(403, "chat.denied"), no(404, "user.not.found")])
    first, second = outcomes_of(service.url, letter(1), letter(2))
    assert (first.gone, second.gone) == (True, False)


def test_an_api_that_is_gone_costs_nobody_an_attempt() -> None:
    (outcome,) = outcomes_of(nobody_there(), letter())
    assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, N)


def test_a_bot_that_nobody_may_hear_stops_after_twenty(service: HttpService) -> None:
    """A bot that MAX has not passed yet is refused in every chat."""
    service.usual = no(403, "chat.denied", SUSPENDED)
    outcomes = outcomes_of(service.url, *(letter(n) for n in range(1, 31)))
    assert [one.verdict for one in outcomes].count(Verdict.FAILED) == 20


@pytest.mark.parametrize("person", ["", "-5", "@anna", "1&chat_id=2"])
def test_what_is_no_person_is_not_asked_for(service: HttpService, person: str) -> None:
    (outcome,) = outcomes_of(service.url, letter(person=person))
    assert (outcome.verdict, service.requests) == (Verdict.FAILED, [])


def test_the_check_asks_who_the_bot_is(service: HttpService) -> None:
    account = declaration("one", AccountSettings(kind="max", token=TOKEN, url=service.url))
    service.script.extend(
        [
            http.json_reply({"user_id": 5, "is_bot": True}),
            http.json_reply({"code": "verify.token", "message": f"Invalid {TOKEN}"}, 401),
        ]
    )
    assert check(account) == NOTHING
    assert check(account) == "401 Invalid ***"
    assert [one.line for one in service.requests] == ["GET /me HTTP/1.1"] * 2


def test_certificates_of_the_account_are_trusted_instead_of_the_systems(tmp_path: Path) -> None:
    """MAX has a certificate under the Russian national root."""
    path, _key = certificate_files(tmp_path)
    assert len(tls(str(path)).get_ca_certs()) <= 1
    assert tls(str(path)).cert_store_stats()["x509"] == 1
