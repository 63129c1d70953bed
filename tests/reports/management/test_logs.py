"""``manage.py logs``: everything about one id, from the log's files and from the ledger."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver, resolve, reverse
from django.utils import timezone

from apps.core.logs.files import LogFiles, log_lines
from apps.core.logs.requests import subjects_of
from apps.delivery.service import DispatchService
from apps.mailings.models import Attempt, Delivery, Recipient, Run
from tests.api.conftest import voice_of
from tests.delivery.engine.conftest import Declare, declare
from tests.delivery.engine.workers import send
from tests.factories import (
    PASSWORD,
    AttemptFactory,
    DeliveryFactory,
    RecipientFactory,
    RunFactory,
    SuppressionFactory,
    confirmed,
    mailing_to,
)
from tests.smtp_server import SmtpServer, say

__all__ = ["declare"]
pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def log_dir(settings: LazySettings, tmp_path: Path) -> Iterator[Path]:
    """A log of this test's own, written by the handler and the formatter of the installation."""
    root = logging.getLogger()
    real = next(handler for handler in root.handlers if isinstance(handler, LogFiles))
    own = LogFiles(str(tmp_path / "log"))
    own.setFormatter(real.formatter)
    root.addHandler(own)
    settings.LOG_DIR = tmp_path / "log"
    yield settings.LOG_DIR
    root.removeHandler(own)
    own.close()


def logs(*args: object) -> tuple[int, list[dict[str, Any]]]:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("logs", *map(str, args), "--json", stdout=out, stderr=err)
    except SystemExit as left:
        assert isinstance(left.code, int)
        return left.code, []
    return 0, [json.loads(line) for line in out.getvalue().splitlines()]


def events(*args: object) -> list[str]:
    return [line["event"] for line in logs(*args)[1]]


def in_order(lines: list[dict[str, Any]]) -> bool:
    moments = [datetime.fromisoformat(line["timestamp"]) for line in lines]
    return moments == sorted(moments)


def test_a_mailings_life_is_reported_from_launch_to_end_with_every_letter() -> None:
    mailing = mailing_to(3)
    run = send(mailing)
    code, lines = logs("--mailing", mailing.pk)
    assert code == 0
    assert in_order(lines)
    events_logged = [line["event"] for line in lines]
    assert events_logged[0] == "run_launched"
    assert {"audience_frozen", "worker_started", "run_done", "worker_left"} <= set(events_logged)
    assert events_logged.count("delivery_sent") == 3
    (done,) = [line for line in lines if line["event"] == "run_done"]
    assert (done["run"], done["outcome"], done["sent"]) == (1, "success", 3)
    assert (done["account"], done["trigger"]) == ("email", "manual")
    assert run.sent == 3


def test_what_went_well_costs_the_log_no_line(log_dir: Path) -> None:
    send(mailing_to(5))
    assert not [line for line in log_lines(log_dir) if "delivery_id" in line]


def test_a_refused_letter_has_its_line_once_with_the_servers_words(
    declare: Declare, log_dir: Path
) -> None:
    with SmtpServer() as server:
        no = say("550 5.1.1 <anna.bad@example.org>: no such user")
        server.on("RCPT", no, to="anna.bad@example.org")
        declare(kind="smtp", host="127.0.0.1", port=server.port, security="none")
        mailing = mailing_to(1)
        bad = RecipientFactory.create(owner=mailing.owner, email="anna.bad@example.org")
        send(mailing)
    delivery = Delivery.objects.get(recipient=bad)
    (line,) = [one for one in logs("--delivery", delivery.pk)[1]]
    assert (line["event"], line["code"]) == ("delivery_failed", 550)
    wanted = {"mailing_id": mailing.pk, "recipient_id": bad.pk, "run": 1, "account": "email"}
    assert wanted.items() <= line.items()
    assert "from" not in line
    assert "anna.bad" not in "".join(map(repr, log_lines(log_dir)))
    # When the log's files are gone, the ledger still shows it.
    for path in log_dir.iterdir():
        path.write_text("", encoding="utf-8")
    (line,) = logs("--delivery", delivery.pk)[1]
    assert (line["event"], line["from"]) == ("delivery_failed", "ledger")
    assert "anna.bad" not in repr(line)


def test_a_manual_decision_is_among_the_lines_of_the_delivery() -> None:
    mailing = mailing_to(1)
    run = send(mailing)
    delivery = Delivery.objects.get()
    Delivery.objects.update(state="unknown")
    Run.objects.filter(pk=run.pk).update(sent=0, unknown=1)
    DispatchService().resolve_unknown(
        run_id=run.pk, delivery_ids=None, verdict="failed", actor="anna@example.org"
    )
    assert events("--delivery", delivery.pk) == ["delivery_sent", "delivery_noted"]
    assert "unknown_resolved" in events("--mailing", mailing.pk)


def test_a_wait_is_reported_with_its_reason() -> None:
    mailing = mailing_to(1)
    service = DispatchService()
    service.launch(mailing_id=mailing.pk, trigger="manual")
    service.pause(mailing_id=mailing.pk)
    lines = logs("--mailing", mailing.pk)[1]
    (waits,) = [line for line in lines if line["event"] == "run_waits"]
    assert (waits["reason"], waits["run"]) == ("paused_by_user", 1)


def test_a_recipients_whole_story_is_found_by_its_id(client: Client) -> None:
    mailing = mailing_to(1)
    user, recipient = confirmed(mailing.owner), Recipient.objects.get()
    client.force_login(user)
    other = {"email": "new@example.org", "full_name": "Новая"}
    client.post(reverse("recipients:create"), other)
    made = Recipient.objects.get(email="new@example.org")
    client.post(reverse("recipients:edit", args=[recipient.pk]), {**other, "email": "b@c.org"})
    client.post(reverse("recipients:bulk"), {"act": "tag", "tag_name": "vip", "scope": "all"})
    send(mailing)
    SuppressionFactory.create(owner=user, address=recipient.email)
    events_logged = events("--recipient", recipient.pk)
    assert events_logged[0] == "recipient_added"
    assert {"acted", "recipients_tagged", "delivery_sent", "request_finished"} <= set(events_logged)
    events_logged = events("--recipient", made.pk)
    assert {"recipient_added", "acted"} <= set(events_logged)
    lines = logs("--recipient", recipient.pk)[1]
    assert in_order(lines)
    acted = [line for line in lines if line["event"] == "acted"]
    assert acted[0]["view"] == "recipients:edit"
    assert acted[0]["user_id"] == user.pk
    assert len(acted[0]["request_id"]) == 36


def test_neither_password_nor_session_reach_the_log(client: Client, log_dir: Path) -> None:
    user = confirmed(mailing_to(1).owner)
    answer = client.post(
        reverse("account_login"),
        {"login": user.email, "password": PASSWORD},
        headers={"Authorization": "Bearer planted-secret-0123456789"},
    )
    assert answer.status_code == 302
    client.get(f"/mailings/?q={user.email}")
    client.get("/u/planted0secret0planted0secret0aa/")
    text = "".join(path.read_text(encoding="utf-8") for path in log_dir.iterdir())
    session = client.cookies["sessionid"].value
    planted = [PASSWORD, session, "planted-secret", "planted0secret", user.email]
    assert [word for word in planted if word in text] == []
    assert "request_finished" in text


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/mailings/5/", {"mailing_id": 5}),
        ("/mailings/5/pause/", {"mailing_id": 5}),
        ("/mailings/5/runs/2/", {"mailing_id": 5, "run": 2}),
        ("/mailings/5/runs/2/deliveries/9/", {"mailing_id": 5, "run": 2, "delivery_id": 9}),
        ("/recipients/7/edit/", {"recipient_id": 7}),
        ("/recipients/tags/7/", {"tag_id": 7}),
        ("/admin/mailings/recipient/7/change/", {"recipient_id": 7}),
        ("/profile/", {}),
        ("/api/recipients/7/", {"recipient_id": 7}),
        ("/api/customers/7", {"recipient_id": 7}),
        ("/api/recipients/import/7/rejects/", {"import_id": 7}),
        ("/api/tags/7/merge/", {"tag_id": 7}),
        ("/api/messages/7/", {"message_id": 7}),
        ("/api/messages/7/attachments/9/", {"message_id": 7}),
        ("/api/mailings/7/start/", {"mailing_id": 7}),
        ("/api/mailouts/7", {"mailing_id": 7}),
        ("/api/mailouts/7/messages/stats", {"mailing_id": 7}),
        ("/api/runs/7/deliveries/", {"run_id": 7}),
        ("/api/deliveries/7/", {"delivery_id": 7}),
        ("/api/webhooks/7/calls/9/again/", {"webhook_id": 7}),
        ("/api/saved-blocks/7/", {"saved_block_id": 7}),
        ("/api/templates/7/messages/", {"template_id": 7}),
        ("/messages/7/template/", {"message_id": 7}),
        ("/recipients/7/data/2/", {"recipient_id": 7}),
        ("/profile/webhooks/calls/7/again/", {"call_id": 7}),
        ("/api/stats/", {}),
    ],
)
def test_a_requests_address_shows_what_it_is_about(path: str, found: dict[str, int]) -> None:
    assert subjects_of(resolve(path)) == found


def routes(patterns: Iterable[Any], before: str = "") -> Iterator[str]:
    """The routes below these, whole."""
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def test_every_route_with_an_id_says_whose() -> None:
    """But for those about a user and what is only a user's: the log's user is who asks."""
    own = ("management/users/", "profile/tokens/", "profile/avatar/")
    found = {route for route in routes(get_resolver().url_patterns) if "<int:pk>" in route}
    paths = ["/" + re.sub(r"<[^>]*>", "7", route) for route in found if not route.startswith(own)]
    assert len(paths) > 100
    assert [path for path in sorted(paths) if not subjects_of(resolve(path))] == []


def test_a_programs_calls_are_found_by_what_they_made_and_changed() -> None:
    """Creation, change and reading, with the owner of the token: seed 004's wish."""
    caller = voice_of(confirmed(mailing_to(0).owner))
    customer = caller.post("/api/customers/", {"phone": "79161234567"}).json()["id"]
    caller.put(f"/api/customers/{customer}", {"phone": "79161234568"})
    caller.get(f"/api/customers/{customer}")
    now = timezone.now()
    mailout = {
        "start_at": (now + timedelta(hours=1)).isoformat(),
        "finish_at": (now + timedelta(hours=2)).isoformat(),
        "text": "Hello",
        "filter": {"operator_codes": ["916"], "tags": []},
    }
    made = caller.post("/api/mailouts/", mailout).json()["id"]
    caller.put(f"/api/mailouts/{made}", mailout)
    caller.get(f"/api/mailouts/{made}")
    assert caller.user is not None
    for text, root in (
        (("--recipient", customer), "customers"),
        (("--mailing", made), "mailouts"),
    ):
        lines = [line for line in logs(*text)[1] if "request_id" in line]
        acted = [(line["method"], line["path"]) for line in lines if line["event"] == "acted"]
        number = text[1]
        assert acted == [("POST", f"/api/{root}/"), ("PUT", f"/api/{root}/{number}")]
        events_logged = [line["event"] for line in lines]
        assert events_logged.count("request_finished") == 3
        assert events_logged.count("request_started") == 2  # the first could not know the id
        whose = {line["user_id"] for line in lines if line["event"] == "request_finished"}
        assert whose == {caller.user.pk}


def test_messages_to_one_and_lists_of_a_program_are_found_too() -> None:
    caller = voice_of(confirmed(mailing_to(0).owner))
    rows = {"items": [{"email": "one@example.org"}, {"email": "two@example.org"}]}
    done = caller.post("/api/recipients/bulk/", rows)
    assert done.status_code == 200, done.content
    for recipient in Recipient.objects.all():
        assert "recipients_placed" in events("--recipient", recipient.pk)
    message = caller.post("/api/messages/", {"subject": "Hi", "text": "Hello"}).json()["id"]
    sent = caller.post("/api/send", {"email": "one@example.org", "message": message})
    assert sent.status_code == 202, sent.content
    delivery = Delivery.objects.get()
    assert "acted" in events("--delivery", delivery.pk)
    assert "acted" in events("--mailing", delivery.run.mailing_id)
    caller.get(f"/api/deliveries/{delivery.pk}/")
    caller.get(f"/api/runs/{delivery.run_id}/")
    for path in (f"/api/deliveries/{delivery.pk}/", f"/api/runs/{delivery.run_id}/"):
        events_logged = logs("--mailing", delivery.run.mailing_id)[1]
        assert [line for line in events_logged if path in line.get("request", "")], path


@pytest.mark.parametrize("state", ["suppressed", "expired", "cancelled"])
def test_a_delivery_that_ended_without_a_try_has_its_line(state: str) -> None:
    run = RunFactory.create(**{state: 1})
    delivery = DeliveryFactory.create(run=run, state=state)
    kinds = {
        "--delivery": delivery.pk,
        "--mailing": run.mailing_id,
        "--recipient": delivery.recipient_id,
    }
    for option, number in kinds.items():
        code, lines = logs(option, number)
        assert code == 0
        (line,) = [one for one in lines if one["event"].startswith("delivery_")]
        assert (line["event"], line["from"]) == (f"delivery_{state}", "ledger")
        assert (line["delivery_id"], line["run"]) == (delivery.pk, run.number)
    assert logs("--delivery", delivery.pk, "--since", "2099-01-01") == (1, [])


@pytest.mark.parametrize(
    ("account", "request_words"),
    [
        (
            {"kind": "gateway", "url": "https://sms.example.org/v1", "token": "s3cret"},
            "POST https://sms.example.org/v1/send/{id}",
        ),
        ({"kind": "telegram", "token": "1:s3cret"}, "POST https://api.telegram.org/sendMessage"),
        ({"kind": "smtp", "host": "mail.example.org", "port": 25}, "SMTP mail.example.org:25"),
        ({"kind": "outbox"}, None),
    ],
)
def test_a_try_says_what_was_asked_of_whom_and_no_secret(
    declare: Declare, account: dict[str, Any], request_words: str | None
) -> None:
    declare(**account)
    attempt = AttemptFactory.create(account="email")
    (line,) = logs("--delivery", attempt.delivery_id)[1]
    wanted = request_words and request_words.format(id=attempt.delivery_id)
    assert line.get("request") == wanted
    assert "s3cret" not in repr(line)


def test_since_leaves_out_what_is_older_and_nothing_is_exit_code_one() -> None:
    mailing = mailing_to(1)
    send(mailing)
    Attempt.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert "delivery_sent" in events("--mailing", mailing.pk)
    assert "delivery_sent" not in events("--mailing", mailing.pk, "--since", "1h")
    assert "run_done" in events("--mailing", mailing.pk, "--since", "1h")
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    assert logs("--mailing", mailing.pk, "--since", tomorrow) == (1, [])
    assert logs("--mailing", 999_999)[0] == 1


def test_people_get_readable_lines() -> None:
    mailing = mailing_to(1)
    send(mailing)
    out = io.StringIO()
    call_command("logs", "--mailing", str(mailing.pk), stdout=out)
    first = out.getvalue().splitlines()[0]
    assert " info    run_launched " in first
    assert f"mailing_id={mailing.pk}" in first
