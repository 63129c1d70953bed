"""The gateway, right and wrong: each answer, and what is said of the delivery."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from apps.core.contracts import Blame, Letter, Outcome, Verdict
from apps.delivery.channels.gateway.channel import GatewayChannel
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import Timeouts
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, nobody_there, send_all
from tests.http_service import PATIENT, HttpService, Reply, Request, Step, timeouts_for

YES = {"code": 0, "message": "OK"}
TOKEN = "eyJhbGciOiJIUzI1NiJ9.secret.part"
R, N, A = Blame.RECIPIENT, Blame.NETWORK, Blame.ACCOUNT


@pytest.fixture
def service() -> Iterator[HttpService]:
    with HttpService(http.json_reply(YES)) as service:
        yield service


def gateway(
    url: str, guard: BookGuard, timeouts: Timeouts = PATIENT, **options: object
) -> GatewayChannel:
    given: dict[str, Any] = {"connections": 1, "secrets": (TOKEN,), **options}
    return GatewayChannel(url, TOKEN, guard, timeouts, HttpOptions(**given))


def letter(number: int = 7, phone: str = "79161234567") -> Letter:
    return Letter(number, "", phone, "Привет".encode())


def outcome_of(
    url: str,
    guard: BookGuard | None = None,
    timeouts: Timeouts = PATIENT,
    **behavior: object,
) -> Outcome:
    return send_all(gateway(url, guard or BookGuard(), timeouts, **behavior), [letter()])[0]


def test_the_request_is_what_the_service_expects(service: HttpService) -> None:
    guard = BookGuard()
    outcome = outcome_of(f"{service.url}/v1/", guard)
    assert (outcome.verdict, outcome.code) == (Verdict.SENT, 200)
    (request,) = service.requests
    assert request.line == "POST /v1/send/7 HTTP/1.1"
    assert request.json == {"id": 7, "phone": 79161234567, "text": "Привет"}
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "identity"
    assert (guard.asked, guard.answers) == ([7], [(7, True)])


#: name, reply, verdict, blame, code
TABLE: list[tuple[str, Reply, Verdict, Blame, int]] = [
    ("code 1", http.json_reply({"code": 1, "message": "no"}), Verdict.RETRY, R, 200),
    ("code true", http.json_reply({"code": False}), Verdict.UNKNOWN, N, 200),
    ("code in quotes", http.json_reply({"code": "0"}), Verdict.UNKNOWN, N, 200),
    ("no code", http.json_reply({"message": "OK"}), Verdict.UNKNOWN, N, 200),
    ("a list", http.json_reply([YES]), Verdict.UNKNOWN, N, 200),
    ("html", http.html(), Verdict.UNKNOWN, N, 200),
    ("empty", http.empty(), Verdict.UNKNOWN, N, 200),
    ("truncated", http.truncated(YES), Verdict.UNKNOWN, N, 200),
    ("deep", http.answer(b"[" * 60_000), Verdict.UNKNOWN, N, 200),
    ("huge", http.huge(), Verdict.UNKNOWN, N, 0),
    ("endless", http.endless(), Verdict.UNKNOWN, N, 0),
    ("endless headers", http.endless_headers(), Verdict.UNKNOWN, N, 0),
    ("gzip bomb", http.gzip_bomb(), Verdict.UNKNOWN, N, 0),
    ("too short", http.too_short(YES), Verdict.UNKNOWN, N, 0),
    ("not HTTP", http.not_http(), Verdict.UNKNOWN, N, 0),
    ("bad chunk", http.steps(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
     Verdict.UNKNOWN, N, 0),
    ("silence", http.silence(), Verdict.UNKNOWN, N, 0),
    ("drip", http.drip(YES), Verdict.UNKNOWN, N, 0),
    ("closed", http.close(), Verdict.UNKNOWN, N, 0),
    ("reset", http.reset(), Verdict.UNKNOWN, N, 0),
    ("201", http.json_reply(YES, 201), Verdict.UNKNOWN, N, 201),
    ("302", http.redirect(), Verdict.UNKNOWN, N, 302),
    ("308", http.redirect(status=308), Verdict.UNSENT, A, 308),
    ("400", http.json_reply({"message": "bad id"}, 400), Verdict.FAILED, R, 400),
    ("404", http.empty(404), Verdict.FAILED, R, 404),
    ("422", http.html(422), Verdict.FAILED, R, 422),
    ("401", http.json_reply({}, 401), Verdict.UNSENT, A, 401),
    ("403", http.json_reply({}, 403), Verdict.UNSENT, A, 403),
    ("408", http.empty(408), Verdict.RETRY, R, 408),
    ("409", http.empty(409), Verdict.RETRY, R, 409),
    ("425", http.empty(425), Verdict.RETRY, R, 425),
    ("429", http.answer(b"", 429, retry_after="30"), Verdict.RETRY, R, 429),
    ("500", http.html(500), Verdict.UNKNOWN, N, 500),
    ("503", http.empty(503), Verdict.RETRY, N, 503),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "verdict", "blame", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_every_answer_has_its_verdict(
    service: HttpService, reply: Reply, verdict: Verdict, blame: Blame, code: int
) -> None:
    service.usual = reply
    guard = BookGuard()
    outcome = outcome_of(service.url, guard, timeouts_for(reply))
    assert (outcome.verdict, outcome.blame, outcome.code) == (verdict, blame, code)
    assert outcome.response
    assert len(outcome.response) <= 500
    assert len(service.requests) == 1
    # What may have been accepted stays open in the crash journal; everything else is closed.
    assert guard.answers == ([] if verdict is Verdict.UNKNOWN else [(7, False)])


def test_a_slow_yes_is_a_yes(service: HttpService) -> None:
    service.usual = http.slow(http.json_reply(YES), 0.3)
    outcome = outcome_of(service.url)
    assert outcome.verdict is Verdict.SENT
    assert outcome.seconds >= 0.3


def test_a_service_that_is_gone_costs_nobody_an_attempt() -> None:
    guard = BookGuard()
    outcome = outcome_of(nobody_there(), guard)
    assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, N)
    assert guard.asked == []


def test_an_unknown_host_is_the_networks_affair() -> None:
    outcome = outcome_of("http://nobody.invalid")
    assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, N)


@pytest.mark.parametrize("name", ["silence", "closed", "500", "html", "truncated"])
def test_a_service_that_knows_its_ids_again_is_asked_again(service: HttpService, name: str) -> None:
    reply = service.usual = next(row[1] for row in TABLE if row[0] == name)
    guard = BookGuard()
    found = outcome_of(service.url, guard, timeouts_for(reply), idempotent=True)
    assert found.verdict is Verdict.RETRY
    assert guard.answers == [(7, False)]


@pytest.mark.parametrize(("over", "verdict"), [(False, Verdict.UNSENT), (True, Verdict.EXPIRED)])
def test_what_the_guard_holds_does_not_leave(
    service: HttpService, over: bool, verdict: Verdict
) -> None:
    guard = BookGuard(is_shut=True, over=over)
    assert outcome_of(service.url, guard).verdict is verdict
    assert service.requests == []


@pytest.mark.parametrize(
    "phone", ["anna@example.org", "", "+79161234567", "７９１６１２３４５６７"]
)
def test_what_is_no_phone_number_is_not_asked_for(service: HttpService, phone: str) -> None:
    outcome = send_all(gateway(service.url, BookGuard()), [letter(phone=phone)])[0]
    assert outcome.verdict is Verdict.FAILED
    assert service.requests == []


def test_no_secret_is_reported_even_when_the_service_says_it_back(service: HttpService) -> None:
    for status in (200, 400, 401, 500):
        service.usual = http.answer(f"your token {TOKEN}\x00\x1b[31m is bad".encode(), status)
        outcome = outcome_of(service.url)
        assert "secret" not in repr(outcome)
        assert "\x1b" not in outcome.response
    assert TOKEN not in repr(gateway(service.url, BookGuard()).__dict__)


# --- connections ---


def test_a_connection_is_used_again(service: HttpService) -> None:
    outcomes = send_all(gateway(service.url, BookGuard()), [letter(n) for n in range(1, 21)])
    assert {outcome.verdict for outcome in outcomes} == {Verdict.SENT}
    assert len({request.peer for request in service.requests}) == 1


def test_calls_are_made_at_the_same_time(service: HttpService) -> None:
    """Nobody is answered before eight have asked."""
    eight = threading.Barrier(8)

    def reply(request: Request) -> Iterable[Step]:
        eight.wait(30)
        return http.json_reply(YES)(request)

    service.usual = reply
    channel = GatewayChannel(service.url, TOKEN, BookGuard(), PATIENT, HttpOptions(connections=8))
    outcomes = send_all(channel, [letter(n) for n in range(1, 17)])
    assert {outcome.verdict for outcome in outcomes} == {Verdict.SENT}
    assert len({request.peer for request in service.requests}) == 8


@pytest.mark.parametrize(
    "reply",
    [
        http.surplus(YES),
        http.answer(b'{"code": 0}', connection="close"),
        http.steps(http.written(b'{"code": 0}'), http.End.CLOSE),
    ],
    ids=["surplus", "asked to close", "closed"],
)
def test_a_connection_that_is_not_clean_is_not_used_again(
    service: HttpService, reply: Reply
) -> None:
    service.script.append(reply)
    service.usual = http.json_reply({"code": 5})
    channel = gateway(service.url, BookGuard())
    channel.hand_over([letter(1)])
    first = channel.outcomes(30.0)
    time.sleep(0.05)  # the server's good-bye is under way
    second = send_all(channel, [letter(2)])
    assert [one.verdict for one in first + second] == [Verdict.SENT, Verdict.RETRY]
    assert len({request.peer for request in service.requests}) == 2


def test_closing_wakes_who_waits_and_shows_the_truth(service: HttpService) -> None:
    service.usual = http.silence()
    channel = gateway(service.url, BookGuard(), connections=2)
    channel.hand_over([letter(n) for n in range(1, 6)])
    until = time.monotonic() + 30
    while len(service.requests) < 2 and time.monotonic() < until:
        time.sleep(0.005)
    outcomes = channel.close()
    verdicts = sorted(outcome.verdict for outcome in outcomes)
    assert verdicts == [Verdict.UNKNOWN] * 2 + [Verdict.UNSENT] * 3
    assert len(service.requests) == 2


# --- a server that is wrong to everybody ---


def letters_sent(service: HttpService, count: int = 60) -> list[Outcome]:
    return send_all(gateway(service.url, BookGuard()), [letter(n) for n in range(1, count + 1)])


@pytest.mark.parametrize(("reply", "blame"), [(http.html(), N), (http.empty(500), N)])
def test_five_doubts_in_a_row_spare_the_others(
    service: HttpService, reply: Reply, blame: Blame
) -> None:
    service.usual = reply
    outcomes = letters_sent(service, 20)
    assert [one.verdict for one in outcomes] == [Verdict.UNKNOWN] * 5 + [Verdict.UNSENT] * 15
    assert {one.blame for one in outcomes[5:]} == {blame}
    assert len(service.requests) == 5


def test_twenty_refusals_in_a_row_spare_the_others(service: HttpService) -> None:
    service.usual = http.html(404)  # a wrong address in .env looks like this
    outcomes = letters_sent(service)
    assert [one.verdict for one in outcomes] == [Verdict.FAILED] * 20 + [Verdict.UNSENT] * 40
    assert {one.blame for one in outcomes[20:]} == {N}


def test_one_good_answer_ends_the_suspicion(service: HttpService) -> None:
    service.script.extend([http.empty(500)] * 4 + [http.json_reply(YES)] + [http.empty(500)] * 4)
    outcomes = letters_sent(service, 12)
    assert Verdict.UNSENT not in {one.verdict for one in outcomes}


def test_too_many_requests_put_the_whole_account_to_rest(service: HttpService) -> None:
    service.script.append(http.answer(b"slow down", 429, retry_after="30"))
    first, *others = letters_sent(service, 5)
    assert (first.verdict, first.wait) == (Verdict.RETRY, 30)
    assert {(one.verdict, one.blame) for one in others} == {(Verdict.UNSENT, N)}
    assert all(29 < one.wait <= 30 for one in others)
    assert len(service.requests) == 1
