"""The Bot API, right and wrong: each answer, and what is said of the delivery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from apps.core.contracts import Blame, Letter, Outcome, Verdict
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import Timeouts
from apps.delivery.channels.telegram.channel import TelegramChannel
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, nobody_there, send_all
from tests.http_service import PATIENT, HttpService, Reply, timeouts_for

TOKEN = "123456:AAsecret_bot-token"
R, N, A = Blame.RECIPIENT, Blame.NETWORK, Blame.ACCOUNT
YES = http.json_reply({"ok": True, "result": {"message_id": 55, "chat": {"id": 100}}})
PICTURE = ("cat.png", "image/png", b"\x89PNG" + b"\0" * 40_000)
PAPER = ('price "list".pdf', "application/pdf", b"%PDF" + b"1" * 40_000)


def no(code: int, description: str, **parameters: int) -> Reply:
    body = {"ok": False, "error_code": code, "description": description, "parameters": parameters}
    return http.json_reply(body, code)


@pytest.fixture
def service() -> Iterator[HttpService]:
    with HttpService(YES) as service:
        yield service


def bot(url: str, guard: BookGuard | None = None, timeouts: Timeouts = PATIENT) -> TelegramChannel:
    behavior = HttpOptions(connections=1, secrets=(TOKEN,))
    return TelegramChannel(url, TOKEN, guard or BookGuard(), timeouts, behavior)


def letter(number: int = 7, chat: str = "100", *files: tuple[str, str, bytes]) -> Letter:
    return Letter(number, "", chat, "<b>Привет</b> &amp; здравствуй".encode(), files)


def outcome_of(url: str, guard: BookGuard | None = None, **given: Any) -> Outcome:
    return send_all(bot(url, guard), [letter(**given)])[0]


def test_the_request_is_what_the_bot_api_expects(service: HttpService) -> None:
    guard = BookGuard()
    outcome = outcome_of(service.url, guard)
    assert (outcome.verdict, outcome.response) == (Verdict.SENT, "message_id=55")
    (request,) = service.requests
    assert request.line == f"POST /bot{TOKEN}/sendMessage HTTP/1.1"
    assert request.json == {
        "chat_id": "100",
        "parse_mode": "HTML",
        "text": "<b>Привет</b> &amp; здравствуй",
    }
    assert (guard.asked, guard.answers) == ([7], [(7, True)])


TABLE: list[tuple[str, Reply, Verdict, Blame, int]] = [
    ("chat not found", no(400, "Bad Request: chat not found"), Verdict.FAILED, R, 400),
    ("bad markup", no(400, "Bad Request: can't parse entities"), Verdict.FAILED, R, 400),
    ("blocked", no(403, "Forbidden: bot was blocked by the user"), Verdict.FAILED, R, 403),
    ("too large", no(413, "Request Entity Too Large"), Verdict.FAILED, R, 413),
    ("bad token", no(401, "Unauthorized"), Verdict.UNSENT, A, 401),
    ("no such bot", no(404, "Not Found"), Verdict.UNSENT, A, 404),
    ("conflict", no(409, "Conflict"), Verdict.RETRY, R, 409),
    ("flood", no(429, "Too Many Requests: retry after 17", retry_after=17), Verdict.RETRY, R, 429),
    ("flood page", http.answer(b"", 429, retry_after="17"), Verdict.RETRY, R, 429),
    ("500", no(500, "Internal Server Error"), Verdict.UNKNOWN, N, 500),
    ("bad gateway", http.html(502), Verdict.UNKNOWN, N, 502),
    ("no, inside a 200", http.json_reply({"ok": False, "error_code": 403}),
     Verdict.FAILED, R, 403),
    ("no without a reason", http.json_reply({"ok": False}), Verdict.UNKNOWN, N, 200),
    ("a proxy's 403", http.html(403), Verdict.UNSENT, A, 403),
    ("a wrong address", http.html(404), Verdict.UNSENT, N, 404),
    ("html", http.html(), Verdict.UNKNOWN, N, 200),
    ("empty", http.empty(), Verdict.UNKNOWN, N, 200),
    ("ok is a word", http.json_reply({"ok": "true"}), Verdict.UNKNOWN, N, 200),
    ("no message id", http.json_reply({"ok": True, "result": True}), Verdict.UNKNOWN, N, 200),
    ("truncated", http.truncated({"ok": True, "result": {"message_id": 5}}, 2),
     Verdict.UNKNOWN, N, 200),
    ("gzip bomb", http.gzip_bomb(), Verdict.UNKNOWN, N, 0),
    ("endless", http.endless(), Verdict.UNKNOWN, N, 0),
    ("302", http.redirect(), Verdict.UNKNOWN, N, 302),
    ("silence", http.silence(), Verdict.UNKNOWN, N, 0),
    ("drip", http.drip({"ok": True, "result": {"message_id": 5}}), Verdict.UNKNOWN, N, 0),
    ("reset", http.reset(), Verdict.UNKNOWN, N, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "verdict", "blame", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_every_answer_has_its_verdict(
    service: HttpService, reply: Reply, verdict: Verdict, blame: Blame, code: int
) -> None:
    service.usual = reply
    (outcome,) = send_all(bot(service.url, timeouts=timeouts_for(reply)), [letter()])
    assert (outcome.verdict, outcome.blame, outcome.code) == (verdict, blame, code)
    assert outcome.wait == (17 if code == 429 else 0)
    assert TOKEN not in repr(outcome)
    assert len(service.requests) == 1


def test_a_bot_api_that_is_gone_costs_nobody_an_attempt() -> None:
    outcome = outcome_of(nobody_there())
    assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, N)
    assert TOKEN not in outcome.response


def test_a_pause_holds_for_the_whole_bot(service: HttpService) -> None:
    service.script.append(no(429, "Too Many Requests", retry_after=30))
    first, *others = send_all(bot(service.url), [letter(n) for n in range(1, 6)])
    assert (first.verdict, first.wait) == (Verdict.RETRY, 30)
    assert {one.verdict for one in others} == {Verdict.UNSENT}
    assert len(service.requests) == 1


def test_a_group_that_has_moved_is_followed_once(service: HttpService) -> None:
    moved = no(400, "group upgraded to a supergroup", migrate_to_chat_id=-1001)
    service.script.append(moved)
    guard = BookGuard()
    assert outcome_of(service.url, guard, chat="-5").verdict is Verdict.SENT
    assert [request.json["chat_id"] for request in service.requests] == ["-5", "-1001"]
    assert guard.asked == [7, 7]
    service.script.extend([moved, moved])
    assert outcome_of(service.url, chat="-5").verdict is Verdict.FAILED
    assert len(service.requests) == 4


@pytest.mark.parametrize("chat", ["", "anna", "1.5", "@a b", "１００"])
def test_what_is_no_chat_is_not_asked_for(service: HttpService, chat: str) -> None:
    assert outcome_of(service.url, chat=chat).verdict is Verdict.FAILED
    assert service.requests == []


def test_many_who_blocked_the_bot_do_not_stop_it(service: HttpService) -> None:
    service.usual = no(403, "Forbidden: bot was blocked by the user")
    outcomes = send_all(bot(service.url), [letter(n) for n in range(1, 41)])
    assert {one.verdict for one in outcomes} == {Verdict.FAILED}


def test_a_message_that_telegram_cannot_read_stops_after_twenty(service: HttpService) -> None:
    service.usual = no(400, "Bad Request: can't parse entities")
    outcomes = send_all(bot(service.url), [letter(n) for n in range(1, 41)])
    assert [one.verdict for one in outcomes].count(Verdict.FAILED) == 20
    assert {one.blame for one in outcomes[20:]} == {N}


# --- files ---


@pytest.mark.parametrize(
    ("file", "method", "result"),
    [
        (PICTURE, "Photo", {"photo": [{"file_id": "small"}, {"file_id": "F1"}]}),
        (PAPER, "Document", {"document": {"file_id": "F1"}}),
    ],
    ids=["photo", "document"],
)
def test_a_file_travels_once(
    service: HttpService, file: tuple[str, str, bytes], method: str, result: dict[str, Any]
) -> None:
    service.usual = http.json_reply({"ok": True, "result": {"message_id": 1, **result}})
    outcomes = send_all(bot(service.url), [letter(n, "100", file) for n in (1, 2)])
    assert [one.verdict for one in outcomes] == [Verdict.SENT] * 2
    first, second = service.requests
    assert first.path == second.path == f"/bot{TOKEN}/send{method}"
    assert first.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert file[2] in first.body
    assert "<b>Привет</b> &amp; здравствуй".encode() in first.body
    assert second.json == {
        "chat_id": "100",
        "parse_mode": "HTML",
        "caption": "<b>Привет</b> &amp; здравствуй",
        method.lower(): "F1",
    }


def test_a_picture_that_is_no_photo_goes_as_a_file(service: HttpService) -> None:
    service.script.append(no(400, "Bad Request: PHOTO_INVALID_DIMENSIONS"))
    send_all(bot(service.url), [letter(n, "100", PICTURE) for n in (1, 2)])
    methods = [request.path.rpartition("/")[2] for request in service.requests]
    assert methods == ["sendPhoto", "sendDocument", "sendDocument"]


def test_a_large_request_is_not_finished_when_the_guard_says_no(service: HttpService) -> None:
    outcome = outcome_of(service.url, BookGuard(is_shut=True, over=True))
    large = send_all(
        bot(service.url, BookGuard(is_shut=True, over=True)), [letter(1, "100", PAPER)]
    )
    assert (outcome.verdict, large[0].verdict) == (Verdict.EXPIRED, Verdict.EXPIRED)
    assert service.requests == []
