"""The channel that docs/channels.md shows is taken from the page, and works."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path
from typing import Any

import pytest

from apps.core.contracts import Channel, Letter, Verdict
from apps.delivery.accounts import SERVES
from tests import http_service as http
from tests.channels.guards import BookGuard, send_all
from tests.http_service import HttpService, Reply

PAGE = Path(__file__).parents[2] / "docs" / "channels.md"


def example() -> str:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return str(code)


def channel(url: str, guard: BookGuard) -> Channel:
    names: dict[str, Any] = {"__name__": "webhook"}
    exec(compile(example(), str(PAGE), "exec"), names)  # our own page
    made: Channel = names["WebhookChannel"](url, "s3cret", guard)
    return made


def test_the_example_is_as_short_as_it_says() -> None:
    assert len([line for line in example().splitlines() if line.strip()]) <= 40


def test_the_example_sends() -> None:
    with HttpService(http.json_reply({"taken": True})) as service:
        guard = BookGuard()
        letters = [Letter(n, "", f"user{n}", b"Hello") for n in range(1, 11)]
        outcomes = send_all(channel(service.url, guard), letters)
        assert {one.verdict for one in outcomes} == {Verdict.SENT}
        assert sorted(guard.asked) == list(range(1, 11))
        request = next(one for one in service.requests if one.json["id"] == 3)
        assert request.json == {"id": 3, "to": "user3", "text": "Hello"}
        sign = hmac.new(b"s3cret", request.body, hashlib.sha256).hexdigest()
        assert request.path == f"/messages/3/{sign}"


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (http.html(), Verdict.UNKNOWN),
        (http.close(), Verdict.UNKNOWN),
        (http.empty(500), Verdict.UNKNOWN),
        (http.empty(400), Verdict.FAILED),
        (http.empty(429), Verdict.RETRY),
        (http.empty(401), Verdict.UNSENT),
    ],
)
def test_the_example_tells_the_truth(reply: Reply, verdict: Verdict) -> None:
    with HttpService(reply) as service:
        outcome = send_all(channel(service.url, BookGuard()), [Letter(1, "", "anna", b"Hi")])[0]
        assert outcome.verdict is verdict


def test_the_page_names_every_kind() -> None:
    named = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.M)
    assert sorted(named) == sorted(SERVES)
