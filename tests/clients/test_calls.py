"""The client against the real server: what comes back, and what is raised."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from apps.delivery.service import service
from apps.mailings.models import Mailing, Message, Recipient, Run
from apps.users.models import User
from tests.delivery.engine.conftest import Declare, declare
from tests.factories import RecipientFactory

__all__ = ["declare"]


def test_from_a_message_to_a_run(
    client_package: Any, live_server: Any, token: str, declare: Declare
) -> None:
    declare()
    with client_package.Vestnik(live_server.url + "/", token) as vestnik:
        rows = [{"email": f"{n}@example.org", "tags": ["news"]} for n in "abc"]
        done = vestnik.bulk({"items": rows})
        assert done["created"] == 3, done
        message = vestnik.add_message({"subject": "News", "text": "Hello, {{ full_name }}!"})
        file = vestnik.attach_file(message["id"], ("price.txt", b"10", "text/plain"))
        assert (file["name"], file["size"]) == ("price.txt", 2)
        mailing = vestnik.add_mailing(
            {
                "name": "News",
                "message_id": message["id"],
                "tags": ["news"],
                "scheduled": False,
                "ends_at": "2035-01-31T18:00:00+03:00",
            }
        )
        run = vestnik.start(mailing["id"])
        service.work_until(run["run_id"], threading.Event())
        assert vestnik.get_run(run["run_id"])["counts"]["sent"] == 3
        found = [one["address"] for one in vestnik.iter_deliveries(run["run_id"], limit=2)]
        assert sorted(found) == ["a@example.org", "b@example.org", "c@example.org"]
        assert vestnik.detach_file(message["id"], file["id"]) is None
    assert Run.objects.get().trigger == "api"


def test_the_same_key_is_the_same_call(client_package: Any, live_server: Any, token: str) -> None:
    with client_package.Vestnik(live_server.url, token) as vestnik:
        body = {"subject": "News", "text": "a"}
        first = vestnik.add_message(body, idempotency_key="one")
        assert vestnik.add_message(body, idempotency_key="one") == first
        assert vestnik.add_message(body) != first
    assert Message.objects.count() == 2


def test_a_refusal_has_its_code_and_its_fields(
    client_package: Any, live_server: Any, token: str, anna: User
) -> None:
    with client_package.Vestnik(live_server.url, token) as vestnik:
        with pytest.raises(client_package.ApiError, match="ends_at") as unfit:
            vestnik.add_mailing({"name": "News", "message_id": 1})
        assert (unfit.value.status, unfit.value.code) == (422, "invalid")
        assert unfit.value.errors[0]["field"] == "ends_at"
        with pytest.raises(client_package.ApiError) as missing:
            vestnik.get_mailing(1)
        assert (missing.value.code, missing.value.retry_after) == ("not_found", None)
    assert not Mailing.objects.exists()


class Breaking(httpx.BaseTransport):
    """Loses the first answers, and takes notes."""

    def __init__(self, lost: int, answer: httpx.Response) -> None:
        self.lost = lost
        self.answer = answer
        self.keys: list[str | None] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.keys.append(request.headers.get("Idempotency-Key"))
        if len(self.keys) <= self.lost:
            raise httpx.ReadTimeout("lost", request=request)
        return self.answer


def broken(client_package: Any, lost: int, answer: httpx.Response) -> tuple[Any, Breaking]:
    transport = Breaking(lost, answer)
    return client_package.Vestnik("http://vestnik", "t", transport=transport), transport


def test_a_lost_answer_is_asked_for_once_more_with_the_same_key(client_package: Any) -> None:
    vestnik, line = broken(client_package, 1, httpx.Response(201, json={"id": 5}))
    assert vestnik.add_message({"subject": "a"})["id"] == 5
    assert len(line.keys) == 2 and len(set(line.keys)) == 1 and line.keys[0]
    vestnik, line = broken(client_package, 2, httpx.Response(201, json={}))
    with pytest.raises(client_package.NoAnswer, match="lost"):
        vestnik.add_message({"subject": "a"})
    vestnik, line = broken(client_package, 1, httpx.Response(200, json={}))
    with pytest.raises(client_package.NoAnswer):
        vestnik.change_message(1, {"subject": "a"})
    assert line.keys == [None]


def test_what_is_no_answer_of_the_api_is_an_error_as_well(client_package: Any) -> None:
    busy = httpx.Response(503, text="<html>", headers={"Retry-After": "7"})
    vestnik, _ = broken(client_package, 0, busy)
    with pytest.raises(client_package.ApiError, match="Service Unavailable") as error:
        vestnik.get_message(1)
    assert (error.value.status, error.value.retry_after) == (503, 7.0)
    vestnik, _ = broken(client_package, 0, httpx.Response(502, json=["odd"]))
    with pytest.raises(client_package.ApiError, match="Bad Gateway"):
        vestnik.get_message(1)


def test_a_file_comes_as_bytes(client_package: Any) -> None:
    vestnik, _ = broken(client_package, 0, httpx.Response(200, content=b"PK"))
    assert vestnik.get_copy_file(1) == b"PK"


def test_a_list_is_gone_through(
    client_package: Any, live_server: Any, anna: User, token: str
) -> None:
    RecipientFactory.create_batch(5, owner=anna)
    with client_package.Vestnik(live_server.url, token) as vestnik:
        assert len(list(vestnik.iter_recipients(limit=2))) == Recipient.objects.count() == 5
