"""The channel that docs/channels.md shows is taken from the page, and works."""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import LazySettings
from pydantic import ValidationError

from apps.core.contracts import Channel, Letter, Verdict
from apps.delivery.accounts import declaration
from apps.delivery.channels import KINDS
from apps.delivery.channels.kinds import ChannelKind
from apps.delivery.service import DispatchService
from apps.mailings.models import Run
from config.account_settings import AccountSettings
from tests import http_service as http
from tests.delivery.channels.guards import BookGuard, send_all
from tests.factories import MailingFactory, RecipientFactory
from tests.http_service import HttpService, Reply

PAGE = Path(__file__).parents[3] / "docs" / "channels.md"


PACKAGE = "apps.delivery.channels.webhook"


def example(file: str) -> str:
    """The code that the page shows for this file of the folder."""
    page = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n# \S+/webhook/(\S+)\n(.*?)^```", page, re.M | re.S)
    return str(dict(blocks)[file])


def module(name: str, file: str) -> ModuleType:
    """The file as a module."""
    made = ModuleType(name)
    exec(compile(example(file), str(PAGE), "exec"), made.__dict__)  # our own page
    return made


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> ChannelKind:
    """The kind of the page, made known by its one line."""
    package = module(PACKAGE, "__init__.py")
    monkeypatch.setitem(sys.modules, PACKAGE, package)
    monkeypatch.setitem(sys.modules, f"{PACKAGE}.channel", module("webhook", "channel.py"))
    found: ChannelKind = package.KIND
    monkeypatch.setitem(KINDS, found.name, found)
    return found


def channel(kind: ChannelKind, url: str, guard: BookGuard) -> Channel:
    return kind.opened(declaration("hook", hook(url)), guard)


def hook(url: str) -> AccountSettings:
    return AccountSettings(kind="webhook", url=url, token="s3cret", max_connections=4)


def test_the_example_is_as_short_as_it_says() -> None:
    assert len([line for line in example("channel.py").splitlines() if line.strip()]) <= 45


def test_the_example_sends(kind: ChannelKind) -> None:
    with HttpService(http.json_reply({"taken": True})) as service:
        guard = BookGuard()
        letters = [Letter(n, "", f"user{n}", b"Hello") for n in range(1, 11)]
        outcomes = send_all(channel(kind, service.url, guard), letters)
        assert {one.verdict for one in outcomes} == {Verdict.SENT}
        assert sorted(guard.asked) == list(range(1, 11))
        request = next(one for one in service.requests if one.json["id"] == 3)
        assert request.json == {"id": 3, "to": "user3", "text": "Hello"}
        sign = hmac.new(b"s3cret", request.body, hashlib.sha256).hexdigest()
        assert request.path == f"/messages/3/{sign}"


@pytest.mark.django_db(transaction=True)
def test_with_the_record_of_the_page_a_mailing_goes_out_over_it(
    kind: ChannelKind, settings: LazySettings
) -> None:
    mailing = MailingFactory.create(channel="phone", account="hook")
    for number in range(20):
        RecipientFactory.create(owner=mailing.owner, email=None, phone=f"79{number:09d}")
    with HttpService(http.json_reply({"taken": True})) as service:
        settings.ACCOUNTS = {**settings.ACCOUNTS, "hook": hook(service.url)}
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
def test_the_example_shows_the_truth(kind: ChannelKind, reply: Reply, verdict: Verdict) -> None:
    with HttpService(reply) as service:
        webhook = channel(kind, service.url, BookGuard())
        outcome = send_all(webhook, [Letter(1, "", "anna", b"Hi")])[0]
        assert outcome.verdict is verdict


def test_an_account_of_the_example_must_have_what_its_record_demands(kind: ChannelKind) -> None:
    for name in kind.required:
        given = {"url": "https://hook.example.org", "token": "s3cret"} | {name: ""}
        with pytest.raises(ValidationError, match=f"{name}\n.*is needed when the kind is webhook"):
            AccountSettings.model_validate({"kind": "webhook", **given})


def test_the_page_names_every_kind() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("\n## ")[0]
    named = re.findall(r"^\| `(\w+)` \|", table, re.M)
    assert sorted(named) == sorted(KINDS)
