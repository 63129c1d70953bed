"""The channel that docs/channels.md shows is taken from the page, and works."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from apps.core.contracts import Channel, Letter, Verdict
from apps.delivery import accounts
from apps.delivery.channels.gateway.compile import compile_text
from apps.delivery.engine import render
from apps.delivery.service import DispatchService
from apps.mailings.models import Run
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, send_all
from tests.factories import MailingFactory, RecipientFactory
from tests.http_service import HttpService, Reply

PAGE = Path(__file__).parents[3] / "docs" / "channels.md"


def example() -> str:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return str(code)


def names() -> dict[str, Any]:
    """What the example defines."""
    found: dict[str, Any] = {"__name__": "webhook", "compile_text": compile_text}
    exec(compile(example(), str(PAGE), "exec"), found)  # our own page
    return found


def channel(url: str, guard: BookGuard) -> Channel:
    made: Channel = names()["WebhookChannel"](url, "s3cret", guard)
    return made


def make_known(patch: pytest.MonkeyPatch) -> None:
    """Write the page's lines into the tables that they name."""
    (block,) = re.findall(r"^```py\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    tables = {"SERVES": accounts, "_OPENERS": accounts, "_COMPILERS": render}
    lines = re.findall(r"^(\w+): +(.*?),$(?=\n\w|\n\Z)", block, re.M | re.S)
    assert [table for table, _line in lines] == list(tables)
    for table, line in lines:
        for kind, value in eval(f"{{{line}}}", names()).items():  # our own page
            patch.setitem(getattr(tables[table], table), kind, value)


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


@pytest.mark.django_db(transaction=True)
def test_with_the_lines_of_the_page_a_mailing_goes_out_over_it(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    make_known(monkeypatch)
    mailing = MailingFactory.create(channel="phone", account="hook")
    for number in range(20):
        RecipientFactory.create(owner=mailing.owner, email=None, phone=f"79{number:09d}")
    with HttpService(http.json_reply({"taken": True})) as service:
        hook = AccountSettings.model_construct(
            kind="webhook",  # type: ignore[arg-type]  # step 4 of the page
            url=service.url,
            token="s3cret",
            max_connections=4,
        )
        settings.ACCOUNTS = {**settings.ACCOUNTS, "hook": hook}
        launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
        DispatchService().work_until(launched.run_id, threading.Event())
        sent_to = {request.json["to"] for request in service.requests}
    run = Run.objects.get(pk=launched.run_id)
    assert (run.state, run.outcome, run.sent) == ("done", "success", 20)
    assert len(sent_to) == len(service.requests) == 20


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
def test_the_example_shows_the_truth(reply: Reply, verdict: Verdict) -> None:
    with HttpService(reply) as service:
        outcome = send_all(channel(service.url, BookGuard()), [Letter(1, "", "anna", b"Hi")])[0]
        assert outcome.verdict is verdict


def test_the_page_names_every_kind() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.M)
    assert sorted(named) == sorted(accounts.SERVES)
