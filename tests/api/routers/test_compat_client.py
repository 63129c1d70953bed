"""A client that knows the phone notification service's table of endpoints and nothing else.

It talks to the real program, which is a process of its own, over HTTP; that sends through a send
service of the tests.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from config.environment import BASE_DIR
from tests import http_service as http
from tests.faults.browser import OWNER, PASSWORD, free_port
from tests.faults.installation import Installation
from tests.http_service import HttpService, Request

pytestmark = pytest.mark.engine
YES = http.json_reply({"code": 0, "message": "OK"})
HOUR = timedelta(hours=1)


class SendService(HttpService):
    """Says yes, and notes when it was asked. ``delay``: seconds for each answer."""

    def __init__(self) -> None:
        super().__init__(self._reply)
        self.delay = 0.0
        self.asked: list[tuple[datetime, Request]] = []

    def _reply(self, request: Request) -> list[http.Step]:
        self.asked.append((datetime.now(UTC), request))
        return [self.delay, *YES(request)]

    def phones(self, text: str) -> set[int]:
        """Who has been sent this text."""
        return {
            request.json["phone"] for _at, request in self.asked if request.json["text"] == text
        }

    def times(self, text: str) -> list[datetime]:
        return [at for at, request in self.asked if request.json["text"] == text]


class Notifications:
    """The endpoints, one method each. Every answer must be a success."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._http = httpx.Client(base_url=site, timeout=60)
        token = self._called("POST", "/auth/token", {"email": OWNER, "password": PASSWORD})
        self._http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def _called(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def close(self) -> None:
        self._http.close()

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and code of an answer that is no success."""
        answer = self._http.request(method, path, json=body)
        return answer.status_code, answer.json()["code"]

    def add_customer(self, **customer: Any) -> Any:
        return self._called("POST", "/api/customers/", customer)

    def customers(self) -> Any:
        return self._called("GET", "/api/customers/")

    def customer(self, pk: int) -> Any:
        return self._called("GET", f"/api/customers/{pk}")

    def change_customer(self, pk: int, **customer: Any) -> Any:
        return self._called("PUT", f"/api/customers/{pk}", customer)

    def delete_customer(self, pk: int) -> Any:
        return self._called("DELETE", f"/api/customers/{pk}")

    def add_mailout(self, **mailout: Any) -> Any:
        return self._called("POST", "/api/mailouts/", mailout)

    def mailouts(self) -> Any:
        return self._called("GET", "/api/mailouts/")

    def mailout(self, pk: int) -> Any:
        return self._called("GET", f"/api/mailouts/{pk}")

    def change_mailout(self, pk: int, **mailout: Any) -> Any:
        return self._called("PUT", f"/api/mailouts/{pk}", mailout)

    def delete_mailout(self, pk: int) -> Any:
        return self._called("DELETE", f"/api/mailouts/{pk}")

    def add_message(self, pk: int, customer_id: int) -> Any:
        return self._called("POST", f"/api/mailouts/{pk}/messages", {"customer_id": customer_id})

    def stats(self) -> Any:
        return self._called("GET", "/api/mailouts/status/stats")

    def messages(self, pk: int) -> Any:
        return self._called("GET", f"/api/mailouts/{pk}/messages/stats")

    def search(self, query: str) -> Any:
        return self._called("POST", "/search", {"query": query})

    def home(self) -> httpx.Response:
        return self._http.get("/")


@pytest.fixture(scope="module")
def send_service() -> Iterator[SendService]:
    with SendService() as service:
        yield service


@pytest.fixture(scope="module")
def client(
    send_service: HttpService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Notifications]:
    """Somebody who is signed in at a fresh installation that is being served."""
    place = Installation(
        tmp_path_factory.mktemp("place"),
        engine="sqlite",
        API_RATE_PER_MINUTE="100000",
        ACCOUNTS__SMS__KIND="gateway",
        ACCOUNTS__SMS__URL=send_service.url,
        ACCOUNTS__SMS__TOKEN="t0ken",
        ACCOUNTS__SMS__MAX_CONNECTIONS="2",
        ACCOUNTS__SMS__WINDOW="2",
    )
    try:
        place.start()
        place.seed(0, ends_in=1)
        manage = [sys.executable, "manage.py", "serve", "--port", str(port := free_port())]
        server = place.spawn(manage, stdout=subprocess.PIPE)
        assert server.stdout is not None
        assert server.stdout.readline().startswith("Serving")
        with closing(Notifications(f"http://127.0.0.1:{port}")) as client:
            yield client
    finally:
        place.close()


def window(start: timedelta = -HOUR, finish: timedelta = HOUR) -> dict[str, str]:
    now = datetime.now(UTC)
    return {"start_at": (now + start).isoformat(), "finish_at": (now + finish).isoformat()}


def eventually(happened: Callable[[], object], seconds: float = 300.0) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def completed(client: Notifications, mailout: Any) -> Callable[[], bool]:
    return lambda: bool(client.mailout(mailout["id"])["status"] == "completed")


@pytest.fixture(scope="module")
def people(client: Notifications) -> dict[str, int]:
    """Customers of two operators with two tags, by ``operator-tag``."""
    return {
        f"{code}-{tag}": client.add_customer(
            phone=f"7{code}00000{number:02d}", tag=tag, time_zone="UTC"
        )["id"]
        for number, (code, tag) in enumerate(
            [("916", "vip"), ("916", "new"), ("925", "vip"), ("925", "new"), ("926", "vip")]
        )
    }


def phones(client: Notifications, *ids: int) -> set[int]:
    return {int(client.customer(pk)["phone"]) for pk in ids}


def test_customers_come_change_and_go(client: Notifications) -> None:
    made = client.add_customer(phone="79031112233", tag="guest", time_zone="Asia/Omsk")
    assert made == {
        "id": made["id"],
        "phone": "79031112233",
        "operator_code": "903",
        "tag": "guest",
        "time_zone": "Asia/Omsk",
    }
    assert made in client.customers()["items"]
    assert client.search("79031")["customers"] == [made]
    changed = client.change_customer(made["id"], phone="79031112234", tag="friend")
    assert changed == {**made, "phone": "79031112234", "tag": "friend", "time_zone": ""}
    assert client.customer(made["id"]) == changed
    client.delete_customer(made["id"])
    assert client.search("79031")["customers"] == []


def test_a_mailout_inside_its_window_starts_at_once(
    client: Notifications, people: dict[str, int], send_service: SendService
) -> None:
    made = client.add_mailout(text="Now", filter={"operator_codes": ["916"]}, **window())
    assert made["status"] == "running"
    eventually(completed(client, made))
    assert send_service.phones("Now") == phones(client, people["916-vip"], people["916-new"])
    body = client.messages(made["id"])
    asked = {request.json["id"]: request for _at, request in send_service.asked}
    for message in body["items"]:
        request = asked[message["id"]]
        assert request.path == f"/send/{message['id']}"
        assert request.headers["authorization"] == "Bearer t0ken"
        assert request.json == {
            "id": message["id"],
            "phone": int(message["phone"]),
            "text": "Now",
        }
        assert (message["status"], message["mailout_id"]) == ("sent", made["id"])


@pytest.mark.parametrize(
    ("chosen", "recipients"),
    [
        ({"tags": ["vip"]}, ["916-vip", "925-vip", "926-vip"]),
        ({"operator_codes": ["916", "925"]}, ["916-vip", "916-new", "925-vip", "925-new"]),
        ({"operator_codes": ["916", "925"], "tags": ["vip"]}, ["916-vip", "925-vip"]),
        ({"operator_codes": ["916"], "tags": ["vip", "new"]}, ["916-vip", "916-new"]),
    ],
)
def test_the_filter_is_or_within_a_field_and_and_between_fields(
    client: Notifications,
    people: dict[str, int],
    send_service: SendService,
    chosen: dict[str, list[str]],
    recipients: list[str],
) -> None:
    text = f"Filter {chosen}".translate(str.maketrans("{}", "()"))
    made = client.add_mailout(text=text, filter=chosen, **window())
    eventually(completed(client, made))
    assert send_service.phones(text) == phones(client, *(people[name] for name in recipients))


def test_an_empty_filter_matches_nobody_until_a_message_is_added(
    client: Notifications, people: dict[str, int], send_service: SendService
) -> None:
    made = client.add_mailout(text="Empty", filter={}, **window())
    assert (made["status"], made["reason"]) == ("created", "audience_empty")
    waiting = client.add_message(made["id"], people["926-vip"])
    assert (waiting["id"], waiting["customer_id"]) == (None, people["926-vip"])
    eventually(completed(client, made))
    late = client.add_message(made["id"], people["925-new"])
    assert late["id"] is not None
    eventually(completed(client, made))
    assert send_service.phones("Empty") == phones(client, people["926-vip"], people["925-new"])
    assert client.messages(made["id"])["counts"]["sent"] == 2


@pytest.mark.parametrize("seconds", [1, 8])
def test_one_in_the_future_starts_on_its_own_and_in_time(
    client: Notifications, people: dict[str, int], send_service: SendService, seconds: int
) -> None:
    text = f"Later {seconds}"
    times = window(timedelta(seconds=seconds))
    made = client.add_mailout(text=text, filter={"operator_codes": ["926"]}, **times)
    assert made["status"] == "created"
    eventually(completed(client, made))
    (at,) = send_service.times(text)
    assert at >= datetime.fromisoformat(times["start_at"])


def test_hours_are_those_of_the_customers_own_day(
    client: Notifications, send_service: SendService
) -> None:
    here, there = (
        client.add_customer(phone=f"7977000000{number}", tag="hours", time_zone=zone)["id"]
        for number, zone in enumerate(["UTC", "Asia/Tokyo"])
    )
    now = datetime.now(UTC)
    hours = {
        "local_from": f"{now - HOUR:%H:%M}",
        "local_to": f"{now + HOUR:%H:%M}",
    }
    day = window(finish=timedelta(days=2))
    made = client.add_mailout(text="Hours", filter={"tags": ["hours"]}, **hours, **day)

    def waits() -> bool:
        return bool(client.mailout(made["id"])["reason"] == "outside_local_hours")

    eventually(waits)
    assert send_service.phones("Hours") == phones(client, here)
    states = {item["customer_id"]: item["status"] for item in client.messages(made["id"])["items"]}
    assert states == {here: "sent", there: "pending"}
    assert client.delete_mailout(made["id"]) == {"deleted": 0, "archived": 1}

    short = window(finish=timedelta(minutes=30))
    made = client.add_mailout(text="Short", filter={"tags": ["hours"]}, **hours, **short)
    eventually(completed(client, made))
    counts = client.messages(made["id"])["counts"]
    assert (counts["sent"], counts["expired"]) == (1, 1)


def test_nothing_leaves_after_the_end_and_the_rest_is_reported_to_be_expired(
    client: Notifications, send_service: SendService
) -> None:
    for number in range(30):
        client.add_customer(phone=f"7988{number:07d}", tag="crowd")
    send_service.delay = 1.0  # two at a time: not all of them before the end
    times = window(finish=timedelta(seconds=10))
    made = client.add_mailout(text="End", filter={"tags": ["crowd"]}, **times)
    eventually(completed(client, made))
    send_service.delay = 0.0
    finish = datetime.fromisoformat(times["finish_at"])
    assert all(at <= finish for at in send_service.times("End"))
    body = client.messages(made["id"])
    counts = body["counts"]
    assert counts["expired"] > 0 < counts["sent"]
    assert counts["sent"] + counts["expired"] + counts["unknown"] == body["total"] == 30
    assert len(send_service.phones("End")) == counts["sent"] + counts["unknown"]


def test_while_it_is_being_sent_it_is_not_changed_and_deleting_stops_it(
    client: Notifications, send_service: SendService
) -> None:
    for number in range(30):
        client.add_customer(phone=f"7989{number:07d}", tag="stopped")
    send_service.delay = 0.2
    made = client.add_mailout(text="Stop", filter={"tags": ["stopped"]}, **window())
    eventually(lambda: send_service.phones("Stop"))
    one = f"/api/mailouts/{made['id']}"
    other = {"text": "Other", "filter": {"tags": ["stopped"]}, **window()}
    assert client.refused("PUT", one, other) == (409, "mailing_open")
    assert client.delete_mailout(made["id"]) == {"deleted": 0, "archived": 1}
    send_service.delay = 0.0
    assert made["id"] not in [item["id"] for item in client.mailouts()["items"]]
    assert client.refused("GET", one) == (404, "not_found")
    eventually(lambda: not client.stats()["counts"]["sending"])
    assert 0 < len(send_service.phones("Stop")) < 30


def test_statistics_add_up(client: Notifications, people: dict[str, int]) -> None:
    made = client.add_mailout(text="Sums", filter={"tags": ["vip"]}, **window())
    eventually(completed(client, made))
    gone = client.add_mailout(text="Gone", filter={"tags": ["vip"]}, **window())
    eventually(completed(client, gone))
    before = client.stats()
    client.delete_mailout(gone["id"])
    assert client.stats() == before
    living = client.mailouts()["items"]
    single = [client.messages(mailout["id"]) for mailout in living]
    for body in single:
        assert sum(body["counts"].values()) == body["total"] == body["count"]
        assert len(body["items"]) == body["total"]
    assert sum(before["counts"].values()) == before["total"]
    assert before["total"] >= sum(body["total"] for body in single)
    by_status = before["mailouts"]
    assert by_status["total"] == sum(
        by_status[name] for name in ("created", "running", "completed")
    )
    assert client.search("Sums")["mailouts"][0]["id"] == made["id"]


def test_the_session_in_the_documentation_works(
    client: Notifications, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (BASE_DIR / "docs" / "api-compatibility.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"```python\n(.*?)```", page, re.S)
    for there, here in (
        ("http://127.0.0.1:8000", client.site),
        ("anna@example.org", OWNER),
        ("correct horse battery staple", PASSWORD),
    ):
        assert there in script
        script = script.replace(there, here)
    exec(script, {})
    assert capsys.readouterr().out.startswith("{'pending': 0")


def test_the_root_is_the_home_page(client: Notifications) -> None:
    assert client.home().headers["content-type"].startswith("text/html")
