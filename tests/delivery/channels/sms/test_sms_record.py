"""Records: those that come with the program, and a user's own."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from apps.core.contracts import Blame, Letter, Verdict
from apps.delivery.accounts import declaration
from apps.delivery.channels.sms.channel import open_channel
from apps.delivery.channels.sms.record import Meaning, RecordWrong, preset, presets, read
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, send_all
from tests.http_service import HttpService

OWN = """
title = "Own"
url = "https://sms.example.org"
needs = ["token"]
idempotent = true

[send]
method = "GET"
format = "query"
path = "/send/{id}"
headers = { X-Key = "{token}", Idempotency-Key = "{id}" }
fields = { to = "{phone}", text = "{text}", from = "{sender}" }

[answer]
code = "result.code"
ok = [0]

[errors]
person = [3]
service = [9]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    file = tmp_path / "own.toml"
    file.write_text(OWN, encoding="utf-8")
    return file


@pytest.mark.parametrize("name", presets())
def test_each_known_provider_has_a_whole_record(name: str) -> None:
    record = preset(name)
    assert record.url.startswith("https://") and record.title
    assert record.needs
    assert set(record.waits) <= record.errors.get(Meaning.LATER, frozenset())


def test_the_known_providers_are_these() -> None:
    assert presets() == ["exolve", "sigmasms", "smsaero", "smsc", "smsru", "twilio", "vonage"]


def test_a_record_of_ones_own_sends(own: Path) -> None:
    with HttpService(http.json_reply({"result": {"code": 0}})) as service:
        given = {"kind": "sms", "record": str(own), "token": "k3y", "url": service.url}
        account = declaration("own", AccountSettings.model_validate(given))
        assert account.idempotent
        (outcome,) = send_all(
            open_channel(account, BookGuard()), [Letter(7, "", "79161234567", "Да & нет".encode())]
        )
        (request,) = service.requests
    assert outcome.verdict is Verdict.SENT
    text = "text=%D0%94%D0%B0+%26+%D0%BD%D0%B5%D1%82"
    assert request.line == f"GET /send/7?to=79161234567&{text} HTTP/1.1"
    assert (request.headers["x-key"], request.headers["idempotency-key"]) == ("k3y", "7")
    assert request.body == b""


def test_a_record_that_is_gone_since_stops_the_account_and_burns_nobody(own: Path) -> None:
    given = {"kind": "sms", "record": str(own), "token": "k3y", "url": "http://127.0.0.1:1"}
    account = declaration("own", AccountSettings.model_validate(given))
    own.unlink()
    letters = [Letter(number, "", "79161234567", b"Hi") for number in (1, 2)]
    outcomes = send_all(open_channel(account, BookGuard()), letters)
    assert {(one.verdict, one.blame) for one in outcomes} == {(Verdict.UNSENT, Blame.ACCOUNT)}
    assert outcomes[0].response.startswith("@record_wrong cannot be read")


def test_a_guard_that_says_no_keeps_a_get_from_leaving(own: Path) -> None:
    with HttpService(http.json_reply({"result": {"code": 0}})) as service:
        given = {"kind": "sms", "record": str(own), "token": "k3y", "url": service.url}
        account = declaration("own", AccountSettings.model_validate(given))
        channel = open_channel(account, BookGuard(is_shut=True))
        (outcome,) = send_all(channel, [Letter(7, "", "79161234567", b"Hi")])
        assert (outcome.verdict, service.requests) == (Verdict.UNSENT, [])


def test_json_does_as_well(tmp_path: Path) -> None:
    file = tmp_path / "own.json"
    found = {
        "title": "Own",
        "url": "https://sms.example.org",
        "send": {"path": "/send", "format": "json", "fields": {"to": ["{phone:int}"]}},
        "answer": {"id": ["id", "items.0.id"]},
    }
    file.write_text(json.dumps(found), encoding="utf-8")
    assert read(file).title == "Own"


WRONG: dict[str, tuple[str, str]] = {
    "no TOML": ("title =", "is no record: TOMLDecodeError"),
    "no address": (OWN.replace("https://", ""), "url: .*must begin with http"),
    "an unknown key": (OWN + "\n[extra]\na = 1\n", "extra: "),
    "an unknown placeholder": (OWN.replace("{phone}", "{fone}"), "no such placeholder: fone"),
    "a text in a header": (OWN.replace('"{token}", Idem', '"{text}", Idem'), "a header holds"),
    "a GET with a body": (OWN.replace('"query"', '"form"'), "a GET has the format query"),
    "no yes": (OWN.replace("ok = [0]", ""), "neither ok nor id"),
    "two meanings": (OWN.replace("service = [9]", "service = [3]"), "two meanings"),
    "a meaning that is none": (OWN.replace("service =", "servise ="), "errors"),
    "a pattern that is none": (OWN + '\n[words]\nperson = ["("]\n', "is no pattern"),
    "a form with a list": (
        OWN.replace('"query"', '"form"').replace('"GET"', '"POST"').replace('"{text}"', "[1]"),
        "fields of a form",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_record_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    text, reason = WRONG[name]
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecordWrong, match=reason):
        read(file)


def test_files_that_are_not_there_or_too_large_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordWrong, match="cannot be read"):
        read(tmp_path / "none.toml")
    large = tmp_path / "large.toml"
    large.write_text("#" * 200_000, encoding="utf-8")
    with pytest.raises(RecordWrong, match="is larger"):
        read(large)
    with pytest.raises(RecordWrong, match="is none of exolve"):
        preset("../../secrets")


def test_a_changed_file_is_read_again(own: Path) -> None:
    assert read(own).title == "Own"
    own.write_text(OWN.replace('"Own"', '"Other one"'), encoding="utf-8")
    assert read(own).title == "Other one"


def test_many_threads_read_the_same(own: Path) -> None:
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(read(own))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and {one.title for one in found} == {"Own"}
