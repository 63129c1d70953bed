"""`POST /api/send`: one message to one recipient, and where it is looked up."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from apps.delivery.service import service
from apps.mailings.models import Attempt, Delivery, Mailing, Message, Recipient, Run
from apps.users.models import ApiToken
from tests.api.conftest import Voice, voice_of
from tests.delivery.engine.conftest import Declare, declare
from tests.factories import (
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    SuppressionFactory,
    UserFactory,
)

__all__ = ["declare"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def receipt(anna: Voice) -> Message:
    return MessageFactory.create(
        owner=anna.user,
        subject="Order {{ order }}",
        text="Total: {{ total }}",
        html="<p>Total: {{ total }}</p>",
    )


def send(voice: Voice, message: Message, status: int = 202, **body: Any) -> Any:
    key = {"Idempotency_Key": body.pop("key")} if "key" in body else {}
    answer = voice.post("/api/send", {"message": message.pk, **body}, **key)
    assert answer.status_code == status, answer.json()
    return answer.json()


def work(answer_body: dict[str, Any]) -> None:
    service.work_until(answer_body["run"], threading.Event())


@pytest.mark.django_db(transaction=True)
def test_it_is_accepted_sent_and_looked_up(anna: Voice, receipt: Message) -> None:
    answer_body = send(
        anna, receipt, email="Anna@Example.org", fields={"order": "A-1", "total": "<9>"}
    )
    delivery = Delivery.objects.select_related("run__mailing").get()
    assert answer_body == {
        "delivery": delivery.pk,
        "run": delivery.run_id,
        "mailing": delivery.run.mailing_id,
        "state": "pending",
        "url": f"/api/deliveries/{delivery.pk}/",
    }
    assert delivery.run.content["fields"] == {"order": "A-1", "total": "<9>"}
    before = anna.get(answer_body["url"]).json()
    assert (before["state"], before["attempts"], before["address"]) == (
        "pending",
        0,
        "anna@example.org",
    )
    work(answer_body)
    after = anna.get(answer_body["url"]).json()
    assert (after["state"], after["attempts"], after["run_state"]) == ("sent", 1, "done")
    assert (after["mailing_id"], after["run_id"]) == (answer_body["mailing"], answer_body["run"])
    assert [one["trigger"] for one in anna.get("/api/attempts/").json()["items"]] == ["api"]
    assert anna.get(f"/api/runs/{answer_body['run']}/").json()["counts"]["sent"] == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_call_twice_sends_once(anna: Voice, receipt: Message) -> None:
    first = send(anna, receipt, email="anna@example.org", key="receipt-1042")
    work(first)
    again = anna.post(
        "/api/send",
        {"message": receipt.pk, "email": "anna@example.org"},
        Idempotency_Key="receipt-1042",
    )
    assert (again.status_code, again["Idempotent-Replay"], again.json()) == (202, "true", first)
    assert (Delivery.objects.count(), Attempt.objects.count()) == (1, 1)
    other = send(anna, receipt, 422, email="bob@example.org", key="receipt-1042")
    assert other["code"] == "idempotency_key_reused"


def test_a_refusal_leaves_the_key_free(anna: Voice, receipt: Message) -> None:
    SuppressionFactory.create(owner=anna.user, address="anna@example.org")
    refused = send(anna, receipt, 409, email="anna@example.org", key="k")
    assert refused["code"] == "suppressed"
    assert not Recipient.objects.exists() and not Mailing.objects.exists()
    assert anna.user is not None
    anna.user.suppressions.all().delete()
    send(anna, receipt, email="anna@example.org", key="k")


def test_an_address_that_is_known_makes_no_second_recipient(
    anna: Voice, bob: Voice, receipt: Message
) -> None:
    RecipientFactory.create(owner=bob.user, email="anna@example.org")
    mine = RecipientFactory.create(owner=anna.user, email="anna@example.org")
    send(anna, receipt, email="anna@example.org")
    send(anna, receipt, recipient=mine.pk)
    assert set(Delivery.objects.values_list("recipient_id", flat=True)) == {mine.pk}
    assert Recipient.objects.filter(owner=anna.user).count() == 1


def test_the_address_the_account_or_nothing_chooses_the_channel(
    anna: Voice, receipt: Message, declare: Declare
) -> None:
    declare("email")
    declare("sms", kind="gateway", url="http://127.0.0.1:1", token="t")
    person = RecipientFactory.create(owner=anna.user, phone="79161234567")
    for body, route in (
        ({"recipient": person.pk}, ("email", "email")),
        ({"recipient": person.pk, "account": "sms"}, ("phone", "sms")),
        ({"recipient": person.pk, "channel": "phone"}, ("phone", "sms")),
        ({"phone": "79161234567"}, ("phone", "sms")),
        ({"telegram_chat_id": 5}, ("telegram", "email")),
        ({"phone": "79161234567", "account": "email"}, ("phone", "email")),
    ):
        answer_body = send(anna, receipt, **body)
        run = Run.objects.get(pk=answer_body["run"])
        assert (run.channel, run.account) == route, body


@pytest.mark.parametrize(
    ("status", "code", "body"),
    [
        (404, "not_found", {"message": 999_999, "email": "anna@example.org"}),
        (404, "not_found", {"recipient": 999_999}),
        (404, "not_found", {"email": "anna@example.org", "account": "nowhere"}),
        (409, "no_address", {"email": "anna@example.org", "channel": "phone", "account": "email"}),
        (422, "invalid", {}),
        (422, "invalid", {"email": "anna@example.org", "phone": "79161234567"}),
        (422, "invalid", {"email": "nobody"}),
        (422, "invalid", {"phone": "12"}),
        (422, "invalid", {"email": "anna@example.org", "fields": {"order": 7}}),
        (422, "invalid", {"email": "anna@example.org", "fields": {"1 2": "x"}}),
        (422, "invalid", {"email": "anna@example.org", "expires_in": 59}),
        (422, "invalid", {"email": "anna@example.org", "expires_in": 604_801}),
    ],
)
def test_what_cannot_be_sent_is_refused(
    anna: Voice, receipt: Message, status: int, code: str, body: dict[str, Any]
) -> None:
    answer = anna.post("/api/send", {"message": receipt.pk, **body})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    assert not Mailing.objects.exists() and not Recipient.objects.exists()


def test_a_message_that_cannot_be_sent_says_why(anna: Voice) -> None:
    broken = MessageFactory.create(owner=anna.user, text="{% if %}", html="")
    assert send(anna, broken, 422, email="anna@example.org")["code"] == "template_syntax"


def test_what_is_not_ones_own_is_neither_sent_nor_written_to(
    anna: Voice, bob: Voice, mary: Voice, receipt: Message
) -> None:
    theirs = RecipientFactory.create(owner=bob.user)
    send(anna, receipt, 404, recipient=theirs.pk)
    send(bob, receipt, 404, recipient=theirs.pk)
    send(mary, receipt, 403, recipient=theirs.pk)
    own = MessageFactory.create(owner=mary.user)
    send(mary, own, 403, recipient=theirs.pk)
    assert anna.user is not None
    send(voice_of(anna.user, ApiToken.Scope.READ), receipt, 403, email="anna@example.org")
    assert not Mailing.objects.exists()


def test_it_is_hidden_among_the_mailings_and_found_when_asked_for(
    anna: Voice, receipt: Message
) -> None:
    plain = MailingFactory.create(owner=anna.user)
    answer_body = send(anna, receipt, email="anna@example.org")
    listed = anna.get("/api/mailings/").json()
    assert [one["id"] for one in listed["items"]] == [plain.pk]
    listed = anna.get("/api/mailings/?kind=transactional").json()
    assert [(one["id"], one["kind"]) for one in listed["items"]] == [
        (answer_body["mailing"], "transactional")
    ]
    assert anna.get(f"/api/mailings/{answer_body['mailing']}/").json()["audience"] == 1
    stats = anna.get("/api/stats/").json()
    assert (stats["mailings"], stats["audience"]) == (1, 1)


def test_it_is_moved_as_any_other_and_never_changed(anna: Voice, receipt: Message) -> None:
    answer_body = send(anna, receipt, email="anna@example.org")
    one = f"/api/mailings/{answer_body['mailing']}/"
    assert anna.post(f"{one}pause/").json()["state"] == "paused"
    assert anna.post(f"{one}stop/").json()["outcome"] == "cancelled"
    changed = anna.patch(one, {"everyone": True})
    assert (changed.status_code, changed.json()["code"]) == (409, "single_fixed")
    assert anna.delete(one).json() == {"deleted": 0, "archived": 1}
    assert anna.get(answer_body["url"]).status_code == 404


def test_the_phone_clients_do_not_see_it(anna: Voice) -> None:
    message = MessageFactory.create(owner=anna.user, text="Your code: {{ code }}", html="")
    answer_body = send(anna, message, phone="79161234567", account="email", fields={"code": "1"})
    assert anna.get("/api/mailouts/").json()["count"] == 0
    assert anna.get(f"/api/mailouts/{answer_body['mailing']}").status_code == 404
    sums = anna.get("/api/mailouts/status/stats").json()
    assert (sums["mailouts"]["total"], sums["total"]) == (0, 0)


def test_a_delivery_says_what_it_waits_for(anna: Voice, bob: Voice, receipt: Message) -> None:
    answer_body = send(anna, receipt, email="anna@example.org")
    anna.post(f"/api/mailings/{answer_body['mailing']}/pause/")
    seen = anna.get(answer_body["url"]).json()
    assert (seen["run_state"], seen["reason"], seen["deferred_until"]) == (
        "paused",
        "paused_by_user",
        None,
    )
    assert seen["reason_text"] == "paused"
    assert bob.get(answer_body["url"]).status_code == 404


def test_a_blocked_owner_sends_nothing(receipt: Message, anna: Voice) -> None:
    RunFactory.create(mailing__owner=UserFactory.create())
    assert anna.user is not None
    anna.user.is_active = False
    anna.user.save()
    answer = anna.post("/api/send", {"message": receipt.pk, "email": "anna@example.org"})
    assert answer.status_code == 401


@pytest.mark.django_db(transaction=True)
def test_a_field_may_be_a_list_of_objects(anna: Voice, declare: Declare, tmp_path: Path) -> None:
    message = MessageFactory.create(owner=anna.user, text="{{ items }} items", html="")
    items = [{"name": "Tea", "price": 120, "new": True}, {"name": "Jam", "price": None}]
    work(send(anna, message, email="anna@example.org", fields={"items": items}))
    assert Mailing.objects.get().fields == {"items": items}
    (file,) = (tmp_path / "outbox").glob("*.eml")
    assert b"\r\n2=\r\n items" in file.read_bytes()


@pytest.mark.parametrize(
    "items",
    [
        ["Tea"],
        [[{"name": "Tea"}]],
        [{"name": {"short": "Tea"}}],
        [{"not a name": "Tea"}],
        [{}],
        [{"name": "Tea"}] * 51,
        [{f"name{number}": 1 for number in range(21)}],
        [{"name": "x" * 999}] * 20,
    ],
)
def test_a_list_is_small_and_flat(anna: Voice, receipt: Message, items: Any) -> None:
    answer_body = send(anna, receipt, 422, email="anna@example.org", fields={"items": items})
    assert answer_body["errors"]
    assert not Mailing.objects.exists()
