"""Sendsay, right and wrong: each answer, and what is said of the delivery."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from apps.core.content.program import from_html, from_text
from apps.core.contracts import Blame, Claimed, Letter, Outcome, Verdict
from apps.delivery.channels.content import Content
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import NotSent, Timeouts
from apps.delivery.channels.sendsay.api import Credentials, SendsayApi
from apps.delivery.channels.sendsay.channel import SendsayChannel
from apps.delivery.channels.sendsay.compile import compile_sendsay
from apps.delivery.channels.sendsay.tracking import STATUSES, track
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, nobody_there, send_all
from tests.http_service import PATIENT, HttpService, Reply, Request, timeouts_for

KEY, PASSWORD = "19secretkey", "pa55word"
R, N, A = Blame.RECIPIENT, Blame.NETWORK, Blame.ACCOUNT
YES = http.json_reply({"track.id": "4711", "duration": 0.01})
BY_KEY = Credentials(apikey=KEY)
BY_SESSION = Credentials(login="anna/sub", password=PASSWORD)


def no(name: str, explain: str = "") -> Reply:
    return http.json_reply({"errors": [{"id": name, "explain": explain}]})


@pytest.fixture
def service() -> Iterator[HttpService]:
    with HttpService(YES) as service:
        yield service


def sendsay(
    url: str,
    guard: BookGuard | None = None,
    credentials: Credentials = BY_KEY,
    connections: int = 1,
    timeouts: Timeouts = PATIENT,
) -> SendsayChannel:
    api = SendsayApi(f"{url}/general/api/v100/json/acc", credentials, timeouts)
    return SendsayChannel(
        api, guard or BookGuard(), HttpOptions(connections, secrets=(KEY, PASSWORD))
    )


def letter(number: int = 7, *files: tuple[str, str, bytes]) -> Letter:
    content = Content(
        subject="Новости,\r\n{{ full_name }}",
        text=from_text(""),
        html=from_html("<p>Привет, {{ full_name }}</p><a href='{{ unsubscribe_url }}'>x</a>"),
        links=lambda number: (f"https://e.org/u/{number}", "", ""),
        now=datetime.now(UTC),
        from_email="news@example.org",
        from_name="News",
        attachments=files,
    )
    claimed = Claimed(number, 1, "anna@example.org", 1, {"full_name": 'Анна "&<'})
    return compile_sendsay(content).fill(claimed)


def outcome_of(
    url: str,
    guard: BookGuard | None = None,
    credentials: Credentials = BY_KEY,
    timeouts: Timeouts = PATIENT,
) -> Outcome:
    return send_all(sendsay(url, guard, credentials, timeouts=timeouts), [letter()])[0]


def test_the_request_is_what_sendsay_expects(service: HttpService) -> None:
    channel = sendsay(service.url)
    outcome = send_all(channel, [letter(7, ("a.pdf", "application/pdf", b"%PDF"))])[0]
    assert (outcome.verdict, outcome.response) == (Verdict.SENT, "track.id=4711")
    (request,) = service.requests
    assert request.line == "POST /general/api/v100/json/acc HTTP/1.1"
    assert request.headers["authorization"] == f"sendsay apikey={KEY}"
    assert request.json == {
        "action": "issue.send",
        "group": "personal",
        "email": "anna@example.org",
        "sendwhen": "now",
        "letter": {
            "subject": 'Новости, Анна "&<',
            "from.email": "news@example.org",
            "from.name": "News",
            "message": {
                "html": "<p>Привет, Анна &quot;&amp;&lt;</p><a href='https://e.org/u/7'>x</a>",
                "text": 'Привет, Анна "&<\n\nx (https://e.org/u/7)',
            },
            "attaches": [{"name": "a.pdf", "content": "JVBERg==", "encoding": "base64"}],
        },
    }


TABLE: list[tuple[str, Reply, Verdict, Blame, int]] = [
    ("bad address", no("wrong_email", "no such member"), Verdict.FAILED, R, 200),
    ("error, not errors", http.json_reply({"error": {"id": "wrong_email"}}),
     Verdict.FAILED, R, 200),
    ("error as a word", http.json_reply({"error": "wrong_email"}), Verdict.FAILED, R, 200),
    ("errors beside a track.id", http.json_reply({"track.id": 1, "errors": [{"id": "x"}]}),
     Verdict.FAILED, R, 200),
    ("bad key", no("error/auth/failed", "wrong"), Verdict.UNSENT, A, 200),
    ("no rights", no("access_denied"), Verdict.UNSENT, A, 200),
    ("too many calls", no("limit/calls"), Verdict.RETRY, R, 200),
    ("nothing said", http.json_reply({}), Verdict.UNKNOWN, N, 200),
    ("html", http.html(), Verdict.UNKNOWN, N, 200),
    ("empty", http.empty(), Verdict.UNKNOWN, N, 200),
    ("truncated", http.truncated({"track.id": 5}), Verdict.UNKNOWN, N, 200),
    ("huge", http.huge(), Verdict.UNKNOWN, N, 0),
    ("gzip bomb", http.gzip_bomb(), Verdict.UNKNOWN, N, 0),
    ("too short", http.too_short({"track.id": 5}), Verdict.UNKNOWN, N, 0),
    ("401", http.json_reply({}, 401), Verdict.UNSENT, A, 401),
    ("404", http.html(404), Verdict.FAILED, R, 404),
    ("429", http.answer(b"", 429, retry_after="9"), Verdict.RETRY, R, 429),
    ("500", http.html(500), Verdict.UNKNOWN, N, 500),
    ("302", http.redirect(), Verdict.UNKNOWN, N, 302),
    ("redirected away", http.json_reply({"REDIRECT": "http://169.254.169.254/"}),
     Verdict.UNSENT, A, 0),
    ("redirected away, short", http.json_reply({"REDIRECT": "//evil.example/"}),
     Verdict.UNSENT, A, 0),
    ("silence", http.silence(), Verdict.UNKNOWN, N, 0),
    ("drip", http.drip({"track.id": 5}), Verdict.UNKNOWN, N, 0),
    ("reset", http.reset(), Verdict.UNKNOWN, N, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "verdict", "blame", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_every_answer_has_its_verdict(
    service: HttpService, reply: Reply, verdict: Verdict, blame: Blame, code: int
) -> None:
    service.usual = reply
    outcome = outcome_of(service.url, timeouts=timeouts_for(reply))
    assert (outcome.verdict, outcome.blame, outcome.code) == (verdict, blame, code)
    assert outcome.response
    assert len(service.requests) == 1


def test_a_service_that_is_gone_costs_nobody_an_attempt() -> None:
    for credentials in (BY_KEY, BY_SESSION):
        outcome = outcome_of(nobody_there(), credentials=credentials)
        assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, N)


def test_no_secret_is_reported(service: HttpService) -> None:
    service.usual = no("error/auth/failed", f"{KEY} {PASSWORD} are wrong")
    for credentials in (BY_KEY, BY_SESSION):
        outcome = outcome_of(service.url, credentials=credentials)
        assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, A)
        assert not {KEY, PASSWORD} & set(repr((outcome, credentials)).replace("'", " ").split())


def test_redirects_on_the_same_host_are_followed_ten_times(service: HttpService) -> None:
    hop = http.json_reply({"REDIRECT": "/general/api/v100/json/acc2"})
    service.script.extend([hop] * 10)
    guard = BookGuard()
    assert outcome_of(service.url, guard).verdict is Verdict.SENT
    assert service.requests[-1].path == "/general/api/v100/json/acc2"
    assert len(guard.asked) == 11
    service.script.extend([hop] * 11)
    outcome = outcome_of(service.url)
    assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, N)


def test_a_full_redirect_to_the_same_host_is_followed(service: HttpService) -> None:
    service.script.append(http.json_reply({"REDIRECT": f"{service.url}/there"}))
    assert outcome_of(service.url).verdict is Verdict.SENT
    assert service.requests[-1].path == "/there"


# --- sessions ---


def with_sessions(expired: set[str]) -> Reply:
    """Gives out s1, s2, …; refuses those in ``expired``."""
    given = iter(f"s{number}" for number in range(1, 100))

    def reply(request: Request) -> list[http.Step]:
        asked = request.json
        if asked["action"] == "login":
            return list(http.json_reply({"session": next(given)})(request))
        if asked["session"] in expired:
            return list(no("error/auth/failed", "expired")(request))
        return list(YES(request))

    return reply


def test_one_log_in_serves_all_letters_and_all_lines(service: HttpService) -> None:
    service.usual = with_sessions(set())
    channel = sendsay(service.url, credentials=BY_SESSION, connections=4)
    outcomes = send_all(channel, [letter(n) for n in range(1, 13)])
    assert {one.verdict for one in outcomes} == {Verdict.SENT}
    logins = [r.json for r in service.requests if r.json["action"] == "login"]
    assert logins == [{"action": "login", "login": "anna", "sublogin": "sub", "passwd": PASSWORD}]
    assert len(service.requests) == 13


def test_an_expired_session_is_renewed_once(service: HttpService) -> None:
    service.usual = with_sessions({"s1"})
    guard = BookGuard()
    assert outcome_of(service.url, guard, BY_SESSION).verdict is Verdict.SENT
    actions = [request.json["action"] for request in service.requests]
    assert actions == ["login", "issue.send", "login", "issue.send"]
    assert guard.asked == [7, 7]  # a log-in carries no letter


def test_a_session_that_expires_at_once_is_the_accounts_fault(service: HttpService) -> None:
    service.usual = with_sessions({"s1", "s2"})
    outcome = outcome_of(service.url, credentials=BY_SESSION)
    assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, A)
    assert len(service.requests) == 4


@pytest.mark.parametrize(
    ("reply", "blame"),
    [(http.silence(), N), (http.html(), N), (http.empty(503), N), (http.close(), N)],
)
def test_a_log_in_that_goes_wrong_leaves_nothing_in_doubt(
    service: HttpService, reply: Reply, blame: Blame
) -> None:
    service.usual = reply
    outcome = outcome_of(service.url, credentials=BY_SESSION, timeouts=timeouts_for(reply))
    assert (outcome.verdict, outcome.blame) == (Verdict.UNSENT, blame)


# --- what became of it ---


def test_every_status_is_reported(service: HttpService) -> None:
    def reply(request: Request) -> list[http.Step]:
        found = {"obj": {"status": json.loads(request.json["id"])}}
        return list(http.json_reply(found)(request))

    service.usual = reply
    api = SendsayApi(service.url, BY_KEY, PATIENT)
    statuses = track(api, [str(status) for status in [*STATUSES, 99]])
    verdicts = {status: one.verdict for status, one in statuses.items()}
    waiting = dict.fromkeys("0 1 2 3 4 5 6 -4 -5 99".split())
    failed = dict.fromkeys(("-2", "-3", "-6"), Verdict.FAILED)
    assert verdicts == {"-1": Verdict.SENT, **failed, **waiting}
    assert service.requests[0].json == {"action": "track.get", "id": "0"}
    assert len({request.peer for request in service.requests}) == 1


@pytest.mark.parametrize("reply", [http.html(), http.json_reply({}), no("x"), http.empty(500)])
def test_an_id_of_which_nothing_sensible_is_said_is_left_out(
    service: HttpService, reply: Reply
) -> None:
    service.usual = reply
    assert track(SendsayApi(service.url, BY_KEY, PATIENT), ["1"]) == {}


def test_tracking_says_when_nobody_answers() -> None:
    with pytest.raises(NotSent):
        track(SendsayApi(nobody_there(), BY_KEY, PATIENT), ["1"])
