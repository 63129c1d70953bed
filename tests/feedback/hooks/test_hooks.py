"""Providers' calls: only genuine ones are believed, each event once, hostile words stay words."""

from __future__ import annotations

import hmac
import json
import time
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.feedback.hooks import esp
from apps.feedback.models import Event
from apps.mailings.models import Delivery, Run, Suppression
from tests.factories import DeliveryFactory
from tests.feedback.conftest import KEY, SECRET, message_id, post, sent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hooks")]


# --- generic ---


def signed(body: bytes, at: float | None = None, key: str = KEY) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    text = timestamp.encode() + b"." + body
    return {
        "X-Timestamp": timestamp,
        "X-Signature": hmac.new(key.encode(), text, "sha256").hexdigest(),
    }


def generic(value: object) -> int:
    body = json.dumps(value).encode()
    return post("generic", body, signed(body))


def event(delivery: Delivery, **fields: Any) -> dict[str, Any]:
    return {"event_id": "e1", "event": "delivered", "delivery": delivery.pk, **fields}


def state_of(delivery: Delivery) -> str:
    delivery.refresh_from_db()
    return delivery.state


def test_a_signed_event_is_applied_once(delivery: Delivery) -> None:
    assert [generic(event(delivery)), generic(event(delivery))] == [200, 200]
    assert state_of(delivery) == "delivered"
    assert Event.objects.count() == 1


def test_several_events_come_in_one_call(delivery: Delivery) -> None:
    first = event(delivery)
    bounce = {
        "event_id": "e2",
        "event": "bounced",
        "message_id": message_id(delivery),
        "status": "5.1.1",
    }
    assert generic({"events": [first, bounce, first]}) == 200
    assert state_of(delivery) == "delivered"  # a final state stands
    assert Suppression.objects.get().reason == "bounced"
    assert Event.objects.count() == 2


@pytest.mark.parametrize(
    ("fields", "most"),
    [({"event": "delivered"}, 5), ({"event": "bounced", "status": "5.1.1"}, 13)],
    ids=["delivered", "no such address"],
)
def test_an_event_costs_a_few_statements(
    delivery: Delivery, fields: dict[str, str], most: int
) -> None:
    """Providers report every letter: the letter, the event, the run, what moves, what counts.

    A bounce stops more letters: the suppression list, its history, the person's activity and the
    account by which it left take one statement each, as do the terms of what readers did; the entry
    in the audit log takes two.
    """
    DeliveryFactory.create(run=delivery.run, state="sent")
    outcome = "success" if fields["event"] == "delivered" else "partial"
    Run.objects.filter(pk=delivery.run_id).update(sent=2, audience=2, outcome=outcome)
    generic(event(sent()))  # prepared statements
    with CaptureQueriesContext(connection) as queries:
        assert generic(event(delivery, event_id="e2", **fields)) == 200
    found_events = [one["sql"] for one in queries if "SAVEPOINT" not in one["sql"]]
    assert len(found_events) <= most, found_events
    assert state_of(delivery) == ("delivered" if fields["event"] == "delivered" else "bounced")


def _forged(delivery: Delivery) -> dict[str, tuple[bytes, dict[str, str]]]:
    body = json.dumps(event(delivery)).encode()
    good = signed(body)
    return {
        "nothing": (body, {}),
        "no time": (body, {"X-Signature": good["X-Signature"]}),
        "another key": (body, signed(body, key="x" * 20)),
        "another body": (body.replace(b"delivered", b"bounced"), good),
        "another time": (body, {**good, "X-Timestamp": str(int(time.time()) + 1)}),
        "old": (body, signed(body, at=time.time() - 301)),
        "from the future": (body, signed(body, at=time.time() + 330)),
        "empty signature": (body, {**good, "X-Signature": ""}),
        "not ASCII": (body, {**good, "X-Signature": "é" * 64}),
    }


@pytest.mark.parametrize("how", list(_forged(Delivery(pk=1))))
def test_a_forged_or_old_call_changes_nothing(delivery: Delivery, how: str) -> None:
    assert post("generic", *_forged(delivery)[how]) == 403
    assert state_of(delivery) == "sent"
    assert not Event.objects.exists()


@pytest.mark.parametrize("bad", ["nan", "inf", "1e400", "-1e20", "9" * 400])
def test_a_time_that_is_none_is_refused(delivery: Delivery, bad: str) -> None:
    body = json.dumps(event(delivery)).encode()
    mac = hmac.new(KEY.encode(), bad.encode() + b"." + body, "sha256").hexdigest()
    assert post("generic", body, {"X-Timestamp": bad, "X-Signature": mac}) == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1]",
        b"7",
        b'{"events": 7}',
        b"[" * 5000,
        b'{"event": "exploded"}',
        b'{"event": ["bounced"]}',
        json.dumps([{"event": "opened"}] * 201).encode(),
    ],
)
def test_nonsense_is_a_bad_request(body: bytes) -> None:
    assert post("generic", body, signed(body)) == 400
    assert not Event.objects.exists()


def test_a_call_too_large_is_not_read() -> None:
    body = b'"' + b"x" * 1_000_001 + b'"'
    assert post("generic", body, signed(body)) == 413


@pytest.mark.parametrize("number", [0, -1, 10**30, "7", 1.5, True, None])
def test_a_delivery_that_is_none_is_a_stray(delivery: Delivery, number: object) -> None:
    assert generic({"event_id": "e", "event": "bounced", "delivery": number}) == 200
    assert Event.objects.get().delivery is None
    assert state_of(delivery) == "sent"


@pytest.mark.parametrize(
    ("provider", "secret"),
    [("generic", "x" * 32), ("generic", SECRET[:-1]), ("unheard-of", SECRET), ("telegram", SECRET)],
)
def test_another_address_is_not_found(delivery: Delivery, provider: str, secret: str) -> None:
    body = json.dumps(event(delivery)).encode()
    assert post(provider, body, signed(body), secret) == 404


@pytest.mark.parametrize("key", ["HOOK_SECRET", "HOOK_GENERIC_KEY"])
def test_without_its_key_there_is_no_hook(
    settings: LazySettings, delivery: Delivery, key: str
) -> None:
    setattr(settings, key, "")
    body = json.dumps(event(delivery)).encode()
    assert post("generic", body, signed(body, key="")) == 404


def test_a_providers_words_are_cleaned_before_they_are_kept(delivery: Delivery) -> None:
    text = "<script>alert(1)</script>\r\n\x00\x1b[2J\ud800" + "x" * 9000
    assert generic(event(delivery, event="bounced", status="5.7.1", description=text)) == 200
    state_of(delivery)
    assert delivery.response.startswith("5.7.1 <script>alert(1)</script> [2J?xxx")
    assert len(delivery.response) == 500
    page = Client()
    page.force_login(delivery.run.mailing.owner)
    shown = page.get(f"/recipients/{delivery.recipient_id}/").content
    assert b"<script>alert" not in shown
    assert b"&lt;script&gt;alert" in shown


# --- without anymail ---


def test_without_anymail_providers_are_not_found_and_the_check_says_what_to_install(
    delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [found for found in run_checks() if found.id == "feedback.W001"] == []
    monkeypatch.setattr(esp, "INSTALLED", False)
    assert post("mailgun", b"{}", {}) == 404
    assert generic(event(delivery)) == 200
    (found,) = [found for found in run_checks() if found.id == "feedback.W001"]
    assert "HOOK_MAILGUN_KEY" in found.msg
    assert "--extras esp" in str(found.hint)
