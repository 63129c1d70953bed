"""VK answers 200 whatever it says: each error, and what is said of the delivery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from apps.core.contracts import Blame, Letter, Outcome, Verdict
from apps.core.responses.stored import NOTHING
from apps.delivery.accounts import declaration
from apps.delivery.channels.http.channel import HttpOptions
from apps.delivery.channels.http.client import Client
from apps.delivery.channels.vk.channel import VkChannel
from apps.delivery.channels.vk.community import check
from apps.delivery.channels.vk.errors import MEANINGS, WAITS, Meaning, meaning_of
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, nobody_there, send_all
from tests.http_service import PATIENT, HttpService, Reply

TOKEN = "vk1.a.secret-of_the-community"
R, N, A = Blame.RECIPIENT, Blame.NETWORK, Blame.ACCOUNT
ROOT = Path(__file__).parents[4]


def no(code: object, text: str = "no") -> Reply:
    return http.json_reply({"error": {"error_code": code, "error_msg": text}})


@pytest.fixture
def service() -> Iterator[HttpService]:
    with HttpService(http.json_reply({"response": 42})) as service:
        yield service


def outcomes_of(url: str, *letters: Letter) -> list[Outcome]:
    options = HttpOptions(connections=1, idempotent=True, secrets=(TOKEN,))
    channel = VkChannel(Client(url, PATIENT, {}), TOKEN, BookGuard(), options)
    return send_all(channel, list(letters))


def letter(number: int = 7, person: str = "100") -> Letter:
    return Letter(number, "", person, "Привет & здравствуй".encode())


def test_the_request_is_what_vk_expects(service: HttpService) -> None:
    (outcome,) = outcomes_of(service.url, letter())
    assert (outcome.verdict, outcome.response) == (Verdict.SENT, "message_id=42")
    (request,) = service.requests
    assert request.line == "POST /method/messages.send HTTP/1.1"
    assert parse_qs(request.body.decode()) == {
        "user_id": ["100"],
        "random_id": ["8"],
        "message": ["Привет & здравствуй"],
        "access_token": [TOKEN],
        "v": ["5.199"],
    }


def test_a_second_try_has_the_same_random_id_and_every_id_is_a_positive_int32(
    service: HttpService,
) -> None:
    for number in (7, 7, 2**31 - 1, 2**31 - 2):
        outcomes_of(service.url, letter(number))
    ids = [parse_qs(one.body.decode())["random_id"] for one in service.requests]
    assert ids == [["8"], ["8"], ["1"], [str(2**31 - 1)]]


TABLE: list[tuple[str, Reply, Verdict, Blame, int]] = [
    ("blacklist", no(900), Verdict.FAILED, R, 900),
    ("not allowed", no(901), Verdict.FAILED, R, 901),
    ("privacy", no(902), Verdict.FAILED, R, 902),
    ("deleted", no(18), Verdict.FAILED, R, 18),
    ("no such person", no(113), Verdict.FAILED, R, 113),
    ("too long", no(914), Verdict.FAILED, R, 914),
    ("never met", no(12345), Verdict.FAILED, R, 12345),
    ("bad token", no(5, f"invalid {TOKEN}"), Verdict.UNSENT, A, 5),
    ("no right", no(7), Verdict.UNSENT, A, 7),
    ("captcha", no(14), Verdict.UNSENT, A, 14),
    ("too fast", no(6), Verdict.RETRY, R, 6),
    ("flood", no(9), Verdict.RETRY, R, 9),
    ("internal", no(10), Verdict.RETRY, N, 10),
    ("no code", no("x"), Verdict.RETRY, N, 200),
    ("no id", http.json_reply({"response": "x"}), Verdict.RETRY, N, 200),
    ("html", http.html(), Verdict.RETRY, N, 200),
    ("401", http.html(401), Verdict.UNSENT, A, 401),
    ("502", http.html(502), Verdict.RETRY, N, 502),
    ("reset", http.reset(), Verdict.RETRY, N, 0),
]


@pytest.mark.parametrize(
    ("reply", "verdict", "blame", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_every_answer_has_its_verdict(
    service: HttpService, reply: Reply, verdict: Verdict, blame: Blame, code: int
) -> None:
    service.usual = reply
    (outcome,) = outcomes_of(service.url, letter())
    assert (outcome.verdict, outcome.blame, outcome.code) == (verdict, blame, code)
    assert outcome.wait == WAITS.get(code, 0)
    assert outcome.gone is (meaning_of(code) is Meaning.GONE)
    assert TOKEN not in repr(outcome)


def test_many_who_do_not_allow_messages_do_not_stop_it(service: HttpService) -> None:
    service.usual = no(901)
    outcomes = outcomes_of(service.url, *(letter(n) for n in range(1, 31)))
    assert {one.verdict for one in outcomes} == {Verdict.FAILED}


def test_a_message_that_vk_does_not_take_stops_after_twenty(service: HttpService) -> None:
    service.usual = no(914)
    outcomes = outcomes_of(service.url, *(letter(n) for n in range(1, 31)))
    assert [one.verdict for one in outcomes].count(Verdict.FAILED) == 20


@pytest.mark.parametrize("person", ["", "-5", "@anna", "id5"])
def test_what_is_no_person_is_not_asked_for(service: HttpService, person: str) -> None:
    (outcome,) = outcomes_of(service.url, letter(person=person))
    assert (outcome.verdict, service.requests) == (Verdict.FAILED, [])


def test_every_error_that_is_waited_for_says_how_long() -> None:
    later = {code for code, meaning in MEANINGS.items() if meaning is Meaning.LATER}
    assert later == WAITS.keys()


@pytest.mark.parametrize("folder", ["docs", "docs/ru"])
def test_the_page_has_the_same_table(folder: str) -> None:
    page = (ROOT / folder / "channels" / "vk.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d, ]+) \| `(\w+)` \|", page, re.MULTILINE)
    written = {int(code): name for codes, name in rows for code in codes.split(",")}
    assert written == {code: meaning.name.lower() for code, meaning in MEANINGS.items()}


def test_the_check_asks_whose_token_it_is(service: HttpService) -> None:
    account = declaration("one", AccountSettings(kind="vk", token=TOKEN, url=service.url))
    service.script.extend(
        [http.json_reply({"response": {}}), no(5, f"bad {TOKEN}"), http.html(502)]
    )
    assert check(account) == NOTHING
    assert check(account) == "5 bad ***"
    assert "502" in check(account)
    assert service.requests[0].path == "/method/groups.getById"


def test_a_service_that_is_gone_is_reported() -> None:
    account = declaration("one", AccountSettings(kind="vk", token=TOKEN, url=nobody_there()))
    assert check(account) != NOTHING
