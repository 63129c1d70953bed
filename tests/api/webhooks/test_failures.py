"""Receivers that are slow, wrong, away or hostile: nothing is lost, nobody waits for long."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone, translation

from apps.api.webhooks import client
from apps.api.webhooks.client import OutwardClient, check_url
from apps.api.webhooks.dispatcher import BACKOFF
from apps.api.webhooks.models import Webhook, WebhookCall
from apps.api.webhooks.services import send_again
from apps.core.http.outbound import AddressRefused
from apps.delivery.channels.http.client import Connection, NotSent, Timeouts
from apps.reports.notifications import render
from apps.users.models import Notification
from tests import http_service as http
from tests.api.webhooks.conftest import Dispatch, events, ids, webhook_to
from tests.api.webhooks.test_events import attempts_of
from tests.http_service import HttpService

pytestmark = pytest.mark.django_db
TIMEOUT = Timeouts(connect=1, read=1, total=1)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (http.json_reply({"no": "не сейчас"}, 500), 500),
        (http.empty(404), 404),
        (http.redirect(), 302),
        (http.slow(http.empty(204), 30), 0),
        (http.drip({"ok": True}, every=0.3), 0),
        (http.huge(), 0),
        (http.endless(), 0),
        (http.endless_headers(), 0),
        (http.gzip_bomb(), 0),
        (http.not_http(), 0),
        (http.close(), 0),
        (http.reset(), 0),
    ],
)
def test_whatever_is_no_good_answer_is_tried_again_and_reported_then(
    dispatch: Dispatch, receiver: HttpService, reply: http.Reply, code: int
) -> None:
    webhook = webhook_to(receiver, runs=False)
    first = attempts_of(webhook.owner, 2)
    receiver.script.append(reply)
    dispatch.run_rounds()
    call = WebhookCall.objects.get()
    assert (call.tries, call.code, call.delivered_at) == (1, code, None)
    assert call.next_try - call.tried_at >= timedelta(seconds=8)
    assert code or call.response
    # What comes later waits for it.
    second = attempts_of(webhook.owner, 1)
    dispatch.run_rounds()
    assert WebhookCall.objects.count() == len(receiver.requests) == 1
    dispatch.run_rounds_when_due()
    assert receiver.requests[0].body == receiver.requests[1].body
    assert receiver.requests[0].headers["webhook-id"] == receiver.requests[1].headers["webhook-id"]
    assert ids(receiver)[2:] == first + second
    call.refresh_from_db()
    assert (call.tries, call.code) == (2, 204)
    assert call.delivered_at is not None


def test_nobody_listens(dispatch: Dispatch, receiver: HttpService) -> None:
    webhook = webhook_to(receiver)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Webhook.objects.update(url=f"http://127.0.0.1:{port}/")
    attempts_of(webhook.owner, 1)
    dispatch.run_rounds()
    call = WebhookCall.objects.get()
    assert (call.tries, call.code) == (1, 0)
    assert call.response


def test_after_so_many_tries_it_is_paused_and_its_owner_notified_and_nothing_is_lost(
    dispatch: Dispatch, receiver: HttpService, settings: LazySettings
) -> None:
    settings.WEBHOOK_MAX_TRIES = 3
    webhook = webhook_to(receiver, runs=False)
    first = attempts_of(webhook.owner, 1)
    receiver.usual = http.empty(503)
    for _try in range(5):
        dispatch.run_rounds_when_due()
    assert len(receiver.requests) == 3
    webhook.refresh_from_db()
    assert webhook.paused_at is not None
    notification = Notification.objects.get()
    assert notification.owner == webhook.owner
    with translation.override("en"):
        sentence = render(notification)
    assert sentence.text.startswith("Your webhook to 127.0.0.1:")
    assert "503" in sentence.text and "from=vestnik" not in sentence.text
    assert sentence.url == f"/profile/webhooks/{webhook.pk}/"

    second = attempts_of(webhook.owner, 2)
    dispatch.run_rounds_when_due()
    assert len(receiver.requests) == 3
    receiver.usual = http.empty(200)
    send_again(call=WebhookCall.objects.get(), now=timezone.now())
    dispatch.run_rounds()
    assert ids(receiver)[3:] == first + second
    assert Notification.objects.count() == 1


def test_a_receiver_that_is_gone_is_not_asked_again(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver)
    attempts_of(webhook.owner, 1)
    receiver.usual = http.empty(410)
    for _try in range(3):
        dispatch.run_rounds_when_due()
    assert len(receiver.requests) == 1
    webhook.refresh_from_db()
    assert webhook.paused_at is not None


def test_a_delivered_call_can_be_sent_again_as_it_was(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver, runs=False)
    attempts_of(webhook.owner, 1)
    dispatch.run_rounds()
    send_again(call=WebhookCall.objects.get(), now=timezone.now())
    dispatch.run_rounds()
    first, again = receiver.requests
    assert first.body == again.body
    assert first.headers["webhook-id"] == again.headers["webhook-id"]


class Death(BaseException):
    """Of the process, at a statement."""


@contextmanager
def dying_at(statement: str) -> Iterator[None]:
    """Within the block the process dies as soon as it begins such a statement."""

    def execute(run: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(statement):
            raise Death
        return run(sql, *rest)

    with connection.execute_wrapper(execute), pytest.raises(Death):
        yield


def test_a_death_between_cursor_and_call_leaves_both_undone(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver)
    attempts = attempts_of(webhook.owner, 2)
    with dying_at('INSERT INTO "webhooks_webhookcall"'):
        dispatch.run_rounds()
    assert Webhook.objects.get().attempt_cursor == webhook.attempt_cursor
    dispatch.run_rounds()
    assert [event["type"] for event in events(receiver)] == ["run.launched"] + [
        "delivery.attempt"
    ] * 2
    assert ids(receiver)[1:] == attempts


def test_a_death_after_the_answer_repeats_the_call_as_it_was(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver)
    attempts_of(webhook.owner, 2)
    with dying_at('UPDATE "webhooks_webhookcall"'):
        dispatch.run_rounds()
    attempts_of(webhook.owner, 1)
    dispatch.run_rounds()
    first, again, _later = receiver.requests
    assert first.body == again.body
    assert first.headers["webhook-id"] == again.headers["webhook-id"]


def test_a_leased_webhook_is_left_to_its_process_until_the_lease_is_over(
    dispatch: Dispatch, receiver: HttpService
) -> None:
    webhook = webhook_to(receiver)
    attempts_of(webhook.owner, 1)
    soon = timezone.now() + timedelta(minutes=1)
    Webhook.objects.update(lease="somebody", leased_until=soon)
    dispatch.run_rounds()
    assert receiver.requests == []
    with time_machine.travel(soon + timedelta(seconds=1)):
        dispatch.run_rounds()
    assert len(receiver.requests) == 1


def test_the_waits_grow_to_six_hours_and_are_spread() -> None:
    waits = [BACKOFF.after(tries, chance=0.5).total_seconds() for tries in range(1, 13)]
    assert waits[:5] == [10, 40, 160, 640, 2560]
    assert waits[-1] == 6 * 3600
    assert timedelta(days=1) < timedelta(seconds=sum(waits[:11])) < timedelta(days=2)
    assert BACKOFF.after(1, chance=0.0) == timedelta(seconds=8)
    assert BACKOFF.after(1, chance=1.0) == timedelta(seconds=12)
    assert BACKOFF.after(5000, chance=0.5) == timedelta(hours=6)


# --- not into the house ---


@pytest.mark.parametrize(
    "url",
    """
    http://crm.example.org/ ftp://crm.example.org/ file:///etc/passwd https:// crm.example.org
    https://user:word@crm.example.org/ https://crm.example.org/#here https://crm.example.org:x/
    https://crm.example.org:25/ https://127.0.0.1/ https://10.0.0.5/ https://192.168.1.1/
    https://169.254.169.254/latest/meta-data/ https://[::1]/ https://[::ffff:127.0.0.1]/
    https://[64:ff9b::7f00:1]/ https://[fe80::1]/ https://localhost/ https://my.localhost/
    https://intranet/ https://2130706433/ https://0/ https://почта.рф/ https://0x7f000001/
    """.split()
    + [
        "https://crm.example.org/a b",
        "https://crm.example.org/" + "x" * 500,
        "https://a.b/\r\nX: y",
    ],
)
def test_an_address_that_may_not_be_called_is_refused_when_it_is_written(url: str) -> None:
    with pytest.raises(AddressRefused):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    ["https://crm.example.org", "https://crm.example.org:8443/a?b=c", "https://93.184.215.14/"],
)
def test_a_public_address_may_be_called(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize("answer", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1"])
def test_a_name_that_leads_into_the_house_is_not_called(
    receiver: HttpService, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    def resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        family = socket.AF_INET6 if ":" in answer else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (answer, port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    line = Connection(
        OutwardClient(receiver.url.replace("127.0.0.1", "crm.example.org"), TIMEOUT, {})
    )
    with pytest.raises(NotSent, match="@private_address"):
        line.post("/", b"{}", "application/json")
    assert receiver.requests == []


def test_one_bad_address_among_good_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
        for address in ("93.184.215.14", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(NotSent, match="@private_address"):
        OutwardClient("https://crm.example.org", TIMEOUT, {}).places()


def test_a_name_that_changes_its_mind_is_called_where_it_was_judged(
    receiver: HttpService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the first answer is fine, every later one leads into the house."""
    answers = iter(["127.0.0.2"])
    port = int(receiver.url.rsplit(":", 1)[1])

    def resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        address = next(answers, "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    # 127.0.0.2 stands for a public address: there is none on this machine.
    monkeypatch.setattr(client, "is_public", lambda address: address == "127.0.0.2")
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with socket.create_server(("127.0.0.2", port)) as outside:
        outside.settimeout(5)
        line = Connection(OutwardClient(f"http://crm.example.org:{port}", TIMEOUT, {}))
        with pytest.raises(Exception, match="@no_answer_in_time"):
            line.post("/", b"{}", "application/json")
        peer, _address = outside.accept()
        peer.close()
        with pytest.raises(NotSent, match="@private_address"):
            line.post("/", b"{}", "application/json")
    assert receiver.requests == []


def test_what_was_allowed_once_and_is_not_any_more_is_not_called(
    dispatch: Dispatch, receiver: HttpService, settings: LazySettings
) -> None:
    webhook = webhook_to(receiver)
    attempts_of(webhook.owner, 1)
    settings.WEBHOOK_ALLOW_LOCAL = False
    dispatch.run_rounds()
    assert receiver.requests == []
    assert WebhookCall.objects.get().response == "@address_refused"


def test_a_redirect_is_not_followed(dispatch: Dispatch, receiver: HttpService) -> None:
    webhook = webhook_to(receiver)
    attempts_of(webhook.owner, 1)
    with HttpService(http.empty()) as elsewhere:
        receiver.script.append(http.redirect(elsewhere.url, 307))
        dispatch.run_rounds()
        assert elsewhere.requests == []
    assert WebhookCall.objects.get().code == 307
