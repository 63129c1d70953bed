"""Every fault of a service over HTTP, through the whole engine, for every channel that speaks it.

One letter meets the fault; the others must not be stopped by it. Then everybody meets it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from apps.delivery.channels.http.channel import FailureStreak
from apps.delivery.models import AccountState
from apps.mailings.models import Attempt, Delivery, Mailing, Recipient, Run
from tests import http_service as http
from tests.delivery.engine.channels import go_on
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import MailingFactory, RecipientFactory
from tests.http_service import HttpService, Reply, Request

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

PEOPLE, HIT = 12, 5
LINES = 2
TIMEOUT = 0.3


@dataclass(frozen=True)
class Kind:
    """One channel: how it is declared, whom it writes to, and its server's own words."""

    name: str
    channel: str
    yes: dict[str, Any]
    no: dict[str, Any]  # about this recipient, inside an HTTP 200 or with ``no_status``
    no_state: str
    no_status: int = 200
    rules: Mapping[str, Any] = field(default_factory=dict)

    def address(self, number: int) -> dict[str, Any]:
        phone, email = f"79{number:09d}", f"anna{number}@example.org"
        fields: dict[str, dict[str, Any]] = {
            "phone": {"email": None, "phone": phone},
            "telegram": {"email": None, "telegram_chat_id": number},
            "max": {"email": None, "max_user_id": number},
            "email": {"email": email},
        }
        return fields[self.channel]

    def recipient_of(self, request: Request) -> int:
        """The number of the recipient that a request is about."""
        if self.channel == "max":
            return int(request.path.rpartition("=")[2])
        asked = request.json
        if self.name == "sms":
            return int(asked["destination"]) - 79_000_000_000
        if self.channel == "email":
            return int(asked["email"].removeprefix("anna").partition("@")[0])
        if self.channel == "phone":
            return int(asked["phone"]) - 79_000_000_000
        return int(asked["chat_id"])


GATEWAY = Kind("gateway", "phone", {"code": 0, "message": "OK"}, {"code": 7}, "pending")
#: A service that would take a second call for a second message.
FORGETFUL = replace(GATEWAY, rules={"idempotent": False})
TELEGRAM = Kind(
    "telegram",
    "telegram",
    {"ok": True, "result": {"message_id": 5}},
    {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"},
    "failed",
    400,
)
MAX = Kind(
    "max",
    "max",
    {"message": {"body": {"mid": "mid.1"}}},
    {"code": "user.not.found", "message": "no"},
    "failed",
    404,
)
SENDSAY = Kind(
    "sendsay", "email", {"track.id": "4711"}, {"errors": [{"id": "wrong_email"}]}, "failed"
)
#: Text messages by the record of MTS Exolve.
SMS = Kind(
    "sms",
    "phone",
    {"message_id": "439166538239448536"},
    {"error": {"code": 3, "message": "Number does not exist"}},
    "failed",
    400,
    {"provider": "exolve", "sender": "Shop"},
)
EVERY_KIND = pytest.mark.parametrize(
    "kind", [FORGETFUL, TELEGRAM, MAX, SENDSAY, SMS], ids=lambda kind: kind.name
)

#: What leaves it open whether the letter was taken. When everybody meets it, the service is down.
IN_DOUBT: dict[str, Reply | None] = {
    "slow beyond the time": http.silence(),
    "a drip": http.drip({"code": 0}, every=TIMEOUT / 6),
    "html": http.html(),
    "empty": http.empty(),
    "huge": http.huge(),
    "endless": http.endless(),
    "endless headers": http.endless_headers(),
    "a gzip bomb": http.gzip_bomb(),
    "truncated": None,
    "shorter than it says": http.too_short({}),
    "not HTTP": http.not_http(),
    "redirected": http.redirect(),
    "500": http.html(500),
    "reset": http.reset(),
    "closed": http.close(),
}


class Place:
    """A service of one kind, its account, and a mailing to everybody over it."""

    def __init__(self, kind: Kind, service: HttpService, declare: Declare) -> None:
        self.kind, self.service = kind, service
        self.mailing: Mailing = MailingFactory.create(channel=kind.channel, account="way")
        for number in range(1, PEOPLE + 1):
            RecipientFactory.create(owner=self.mailing.owner, **kind.address(number))
        path = "/general/api/v100/json/acc" if kind.name == "sendsay" else ""
        declare(
            "way",
            kind=kind.name,
            url=f"{service.url}{path}",
            token="1:a",
            timeout=TIMEOUT,
            max_connections=LINES,
            **kind.rules,
        )

    def answers(self, fault: Reply, *, to: int | None = HIT) -> None:
        """The fault for one recipient, or with None for everybody; a yes for the others."""
        yes = http.json_reply(self.kind.yes)

        def usual(request: Request) -> Any:
            return (fault if to in (None, self.kind.recipient_of(request)) else yes)(request)

        self.service.usual = usual

    def asked(self) -> Counter[int]:
        """How often each recipient was asked for."""
        return Counter(self.kind.recipient_of(request) for request in self.service.requests)

    def hit(self) -> Delivery:
        return Delivery.objects.get(recipient=Recipient.objects.order_by("pk")[HIT - 1])


@pytest.fixture
def place(kind: Kind, declare: Declare) -> Iterator[Place]:
    with HttpService(http.json_reply(kind.yes)) as service:
        yield Place(kind, service, declare)


def fault_of(name: str, kind: Kind) -> Reply:
    return IN_DOUBT[name] or http.truncated(kind.yes, 2)


@EVERY_KIND
@pytest.mark.parametrize("name", IN_DOUBT)
def test_one_doubtful_answer_is_one_unknown_delivery(place: Place, name: str) -> None:
    place.answers(fault_of(name, place.kind))

    run = send(place.mailing)

    assert (run.state, run.sent, run.unknown) == ("done", PEOPLE - 1, 1)
    assert (place.hit().state, place.hit().attempts.get().status) == ("unknown", "unknown")
    assert set(place.asked().values()) == {1}
    assert_equation(run)


@EVERY_KIND
@pytest.mark.parametrize("name", IN_DOUBT)
def test_doubtful_answers_to_everybody_do_not_cost_the_audience(place: Place, name: str) -> None:
    place.answers(fault_of(name, place.kind), to=None)

    run = send(place.mailing)

    assert (run.state, run.reason) == ("deferred", "channel_down")
    assert 5 <= run.unknown <= 5 + LINES
    assert run.pending == PEOPLE - run.unknown
    assert set(place.asked().values()) == {1}
    assert_equation(run)


@pytest.mark.parametrize("kind", [GATEWAY], ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", IN_DOUBT)
def test_a_service_that_knows_the_id_is_asked_again_under_the_same(
    place: Place, name: str, clock: ShiftedClock
) -> None:
    place.answers(fault_of(name, place.kind))

    run = send(place.mailing)

    assert (run.state, run.reason, run.unknown) == ("deferred", "transient_error", 0)
    place.answers(http.json_reply(place.kind.yes))
    clock.forward(minutes=7)
    run = go_on(run)
    assert (run.state, run.outcome, run.sent) == ("done", "success", PEOPLE)
    ids = [request.json["id"] for request in place.service.requests]
    assert Counter(ids) == Counter({place.hit().pk: 2}) + Counter(set(ids) - {place.hit().pk})


@pytest.mark.parametrize("kind", [GATEWAY, FORGETFUL, TELEGRAM, SENDSAY, SMS])
def test_503_is_later_and_never_unknown(place: Place, clock: ShiftedClock) -> None:
    place.answers(http.empty(503), to=None)

    run = send(place.mailing)

    assert (run.state, run.reason) == ("deferred", "channel_down")
    assert (run.unknown, run.pending) == (0, PEOPLE)
    place.answers(http.json_reply(place.kind.yes))
    clock.forward(minutes=11)
    run = go_on(run)
    assert (run.state, run.outcome, run.sent) == ("done", "success", PEOPLE)


@pytest.mark.parametrize("kind", [GATEWAY, FORGETFUL, TELEGRAM, SENDSAY, SMS])
def test_a_503_that_names_a_pause_is_obeyed(place: Place, clock: ShiftedClock) -> None:
    place.answers(http.answer(b"", 503, retry_after="1800"))

    run = go_on(send(place.mailing))

    assert (run.state, run.reason, run.unknown) == ("deferred", "rate_limit", 0)
    assert timedelta(minutes=29) < run.deferred_until - clock.now() <= timedelta(minutes=30)


@pytest.mark.parametrize("kind", [GATEWAY, FORGETFUL, TELEGRAM, SENDSAY, SMS])
@pytest.mark.parametrize("wrong", [http.html(), http.empty(), http.json_reply({})])
def test_wrong_answers_end_in_a_pause_that_grows_and_one_trial_message(
    place: Place, wrong: Reply, clock: ShiftedClock
) -> None:
    """D1: the account never waits for a person, and comes back on its own."""
    place.answers(wrong, to=None)
    run = send(place.mailing)
    assert (run.state, run.reason) == ("deferred", "channel_down")
    assert AccountState.objects.get(name="way").state == "ready"
    waits = [run.deferred_until - clock.now()]

    for _ in range(2):
        asked = place.asked().total()
        clock.go_to(run.deferred_until + timedelta(seconds=1))
        run = go_on(run)
        assert place.asked().total() == asked + 1, "one message tries it out"
        assert (run.state, run.reason) == ("deferred", "channel_down")
        waits.append(run.deferred_until - clock.now())

    assert waits[0] < waits[1] < waits[2]
    place.answers(http.json_reply(place.kind.yes))
    clock.forward(hours=2)
    run = go_on(run)
    assert (run.state, run.pending) == ("done", 0)
    assert AccountState.objects.get(name="way").failures == 0


@pytest.mark.parametrize("kind", [GATEWAY, TELEGRAM, SENDSAY, SMS])
def test_who_refuses_everybody_is_tried_again_with_one_message(
    place: Place, clock: ShiftedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FailureStreak, "REFUSALS", 4)
    no = {"ok": False, "error_code": 400, "description": "no", "errors": [{"id": "wrong"}]}
    place.answers(http.json_reply(no, 400), to=None)
    run = send(place.mailing)
    assert (run.state, run.reason) == ("deferred", "channel_down")
    assert 4 <= run.failed <= 4 + LINES

    clock.go_to(run.deferred_until + timedelta(seconds=1))
    failed, run = run.failed, go_on(run)
    assert (run.reason, run.failed) == ("channel_down", failed + 1)

    place.answers(http.json_reply(place.kind.yes))
    clock.forward(hours=1)
    run = go_on(run)
    assert (run.state, run.sent) == ("done", PEOPLE - run.failed)


@EVERY_KIND
def test_a_slow_yes_is_a_yes(place: Place) -> None:
    place.answers(http.slow(http.json_reply(place.kind.yes), TIMEOUT / 2))
    run = send(place.mailing)
    assert (run.state, run.outcome, run.sent) == ("done", "success", PEOPLE)


@EVERY_KIND
def test_a_no_about_one_recipient_is_that_ones(place: Place, clock: ShiftedClock) -> None:
    place.answers(http.json_reply(place.kind.no, place.kind.no_status))

    run = send(place.mailing)

    assert run.sent == PEOPLE - 1
    assert (place.hit().state, place.hit().attempts.get().status) == (
        place.kind.no_state,
        "failure",
    )
    if place.kind.no_state == "pending":  # the service's own "not now"
        assert (run.state, run.reason) == ("deferred", "transient_error")
        place.answers(http.json_reply(place.kind.yes))
        clock.forward(minutes=7)
        run = go_on(run)
        assert (run.outcome, place.asked()[HIT]) == ("success", 2)
    assert run.state == "done"


@EVERY_KIND
def test_too_many_requests_rest_the_account_for_as_long_as_was_asked(
    place: Place, clock: ShiftedClock
) -> None:
    place.answers(http.answer(b"", 429, retry_after="1800"))

    run = go_on(send(place.mailing))

    assert (run.state, run.reason) == ("deferred", "rate_limit")
    assert re.search("@limit_asked (1800|1799)$", run.reason_detail)
    assert timedelta(minutes=29) < run.deferred_until - clock.now() <= timedelta(minutes=30)
    assert place.hit().state == "pending"
    asked = place.asked().total()
    clock.forward(minutes=29)
    assert go_on(run).state == "deferred"
    assert place.asked().total() == asked
    place.answers(http.json_reply(place.kind.yes))
    clock.forward(minutes=2)
    run = go_on(run)

    assert (run.state, run.outcome, run.sent) == ("done", "success", PEOPLE)
    assert place.asked() == {number: 2 if number == HIT else 1 for number in range(1, PEOPLE + 1)}
    assert AccountState.objects.get(name="way").failures == 0


@EVERY_KIND
def test_a_refused_log_in_waits_for_a_person_and_burns_nobody(place: Place) -> None:
    place.answers(http.json_reply({"ok": False, "error_code": 401, "description": "no"}, 401))

    run = send(place.mailing)

    assert (run.state, run.reason) == ("paused", "account_disabled")
    assert place.hit().state == "pending"
    assert run.sent + run.pending == PEOPLE
    assert not Attempt.objects.exclude(status="success").exists()
    assert AccountState.objects.get(name="way").state == "down"
    assert_equation(run)

    place.answers(http.json_reply(place.kind.yes))
    AccountState.objects.filter(name="way").update(state="ready")
    run = go_on(run)
    assert (run.outcome, run.sent) == ("success", PEOPLE)


@EVERY_KIND
def test_a_service_that_is_gone_burns_nobody_and_is_asked_again(
    place: Place, declare: Declare, clock: ShiftedClock
) -> None:
    run: Run
    here = place.service.url
    with HttpService(http.empty()) as other:
        gone = other.url
    declare(
        "way",
        kind=place.kind.name,
        url=gone,
        token="1:a",
        timeout=TIMEOUT,
        **place.kind.rules,
    )

    run = send(place.mailing)

    assert (run.state, run.reason, run.pending) == ("deferred", "channel_down", PEOPLE)
    assert not Attempt.objects.exists()

    declare("way", kind=place.kind.name, url=here, token="1:a", timeout=5, **place.kind.rules)
    clock.forward(minutes=6)
    run = go_on(run)
    assert (run.outcome, run.sent) == ("success", PEOPLE)
    assert set(place.asked().values()) == {1}
