"""Mailouts: mailings to phones, seen through the words of another service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.mailings.models import Mailing, Message, Run, Tag
from apps.mailings.services.reach import audience_of
from config.account_settings import AccountSettings
from tests.api.conftest import Voice
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
)
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = pytest.mark.django_db
LIST = "/api/mailouts/"


def mailout(start: int = -1, finish: int = 1, **fields: Any) -> dict[str, Any]:
    """The body of a mailout whose window is given in hours from now."""
    now = timezone.now()
    return {
        "start_at": (now + timedelta(hours=start)).isoformat(),
        "finish_at": (now + timedelta(hours=finish)).isoformat(),
        "text": "Ваш заказ готов",
        "filter": {"operator_codes": ["916"], "tags": []},
        **fields,
    }


def customer(voice: Voice, phone: str = "79161234567") -> Any:
    return RecipientFactory.create(owner=voice.user, email=None, phone=phone)


class Noting(RecordingDispatcher):
    """Notes as well that a start was set."""

    def planned(self) -> None:
        self._note("planned")


@pytest.fixture
def dispatched() -> Iterator[RecordingDispatcher]:
    """Nothing is moved, and what was asked for is noted."""
    fake = Noting()
    with dispatching(fake):
        yield fake


def test_what_is_made_here_is_a_mailing_with_a_message(anna: Voice) -> None:
    TagFactory.create(owner=anna.user, name="vip")
    body = mailout(
        1,
        2,
        text="Здравствуйте, {{ full_name }}! Ваш заказ готов",
        filter={"operator_codes": ["916"], "tags": ["vip", "new", "vip"]},
        local_from="09:00",
        local_to="21:00",
    )
    made = anna.post(LIST, body)
    assert made.status_code == 201, made.json()
    shown = made.json()
    assert shown["filter"] == {"operator_codes": ["916"], "tags": ["new", "vip"]}
    assert (shown["local_from"], shown["local_to"]) == ("09:00:00", "21:00:00")
    assert (shown["text"], shown["status"]) == (body["text"], "created")
    mailing = Mailing.objects.get(pk=shown["id"])
    assert (mailing.name, mailing.channel, mailing.account) == (
        "Здравствуйте,",
        "phone",
        "email",
    )
    assert mailing.message.versions.count() == 1
    assert anna.get(f"{LIST}{mailing.pk}").json() == shown
    assert anna.get(LIST).json()["items"] == [shown]
    assert anna.get(f"/api/mailings/{mailing.pk}/").json()["channel"] == "phone"


def test_what_was_made_elsewhere_is_served_here_and_survives_the_way_there_and_back(
    anna: Voice,
) -> None:
    message = MessageFactory.create(owner=anna.user, text="", html="<p>Hello &amp; goodbye</p>")
    mailing = MailingFactory.create(
        owner=anna.user,
        channel="phone",
        message=message,
        starts_at=timezone.now() + timedelta(hours=1),
    )
    MailingFactory.create(owner=anna.user)  # to e-mail addresses: none of ours
    (shown,) = anna.get(LIST).json()["items"]
    assert shown["text"].strip() == "Hello & goodbye"
    keep = ("start_at", "finish_at", "text", "filter", "local_from", "local_to")
    again = anna.put(f"{LIST}{mailing.pk}", {key: shown[key] for key in keep}).json()
    assert (again["filter"], again["start_at"]) == (shown["filter"], shown["start_at"])
    mailing.refresh_from_db()
    assert mailing.everyone is True
    assert mailing.message == message
    anna.put(f"{LIST}{mailing.pk}", mailout(1, 2, text="Short"))
    mailing.refresh_from_db()
    message.refresh_from_db()
    assert (mailing.everyone, mailing.message.text, message.text) == (False, "Short", "")


def test_what_its_emails_measure_is_given_and_stays_where_it_is_not(anna: Voice) -> None:
    made = anna.post(LIST, mailout(1, 2, tracking="totals")).json()
    one = f"{LIST}{made['id']}"
    assert made["tracking"] == "totals"
    assert anna.put(one, mailout(1, 2)).json()["tracking"] == "totals"
    assert anna.put(one, mailout(1, 2, tracking="")).json()["tracking"] == ""
    assert anna.put(one, mailout(1, 2, tracking="all")).status_code == 422


def test_a_text_of_its_own_is_edited_and_its_versions_are_kept(anna: Voice) -> None:
    made = anna.post(LIST, mailout(1, 2)).json()
    anna.put(f"{LIST}{made['id']}", mailout(1, 2, text="Another"))
    mailing = Mailing.objects.get()
    assert (mailing.name, mailing.message.subject, mailing.message.revision) == (
        "Another",
        "Another",
        2,
    )
    MailingFactory.create(owner=anna.user, message=mailing.message)
    anna.put(f"{LIST}{made['id']}", mailout(1, 2, text="Third"))
    assert Message.objects.filter(text="Another").exists()
    assert Mailing.objects.get(pk=made["id"]).message.text == "Third"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": ""}, ""),
        ({"text": "{{ name"}, ""),
        ({"text": "a\x00"}, "text"),
        ({"start_at": "tomorrow"}, "start_at"),
        ({"start_at": "2030-01-01T10:00:00"}, "start_at"),
        ({"finish_at": None}, "finish_at"),
        ({"filter": {"operator_codes": ["91"]}}, "filter.operator_codes.0"),
        ({"filter": {"phones": []}}, "filter.phones"),
        ({"local_from": "09:00"}, ""),
        ({"local_from": "25:00", "local_to": "26:00"}, "local_from"),
        ({"account": "email"}, "account"),
    ],
)
def test_what_is_wrong_is_reported_and_nothing_is_left_behind(
    anna: Voice, wrong: dict[str, Any], field: str
) -> None:
    answer = anna.post(LIST, mailout(1, 2) | wrong)
    assert answer.status_code == 422, answer.json()
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert not Mailing.objects.exists() and not Message.objects.exists()


def test_a_window_that_is_over_or_upside_down_is_refused(anna: Voice) -> None:
    over = anna.post(LIST, mailout(-2, -1)).json()
    assert (over["errors"][0]["field"], over["errors"][0]["code"]) == ("finish_at", "past")
    assert anna.post(LIST, mailout(2, 1, filter={"tags": ["fresh"]})).status_code == 422
    assert not Message.objects.exists() and not Tag.objects.exists()


def test_inside_its_window_it_is_launched_for_the_api(
    anna: Voice, dispatched: RecordingDispatcher
) -> None:
    made = anna.post(LIST, mailout()).json()
    asked = {"mailing_id": made["id"], "trigger": "api", "early": False}
    assert dispatched.calls == [("launch", asked)]


def test_before_it_only_the_clock_is_called(anna: Voice, dispatched: RecordingDispatcher) -> None:
    anna.post(LIST, mailout(1, 2))
    assert dispatched.calls == [("planned", {})]


def test_what_stands_in_the_way_is_reported_and_the_mailout_stays(anna: Voice) -> None:
    made = anna.post(LIST, mailout())
    assert (made.status_code, made.json()["status"]) == (201, "created")
    assert made.json()["reason"] == "audience_empty"
    customer(anna)
    again = anna.put(f"{LIST}{made.json()['id']}", mailout()).json()
    assert (again["status"], again["reason"]) == ("running", "")
    assert Run.objects.get().trigger == "api"


def test_the_same_call_with_the_same_key_makes_one_mailout(anna: Voice) -> None:
    body = mailout(1, 2)
    first, second = (anna.post(LIST, body, Idempotency_Key="k") for _try in range(2))
    assert first.json() == second.json()
    assert Mailing.objects.count() == 1


def gateway(**rules: Any) -> AccountSettings:
    return AccountSettings(kind="gateway", url="http://127.0.0.1:9", token="t", **rules)


def test_a_gateway_goes_before_an_outbox(anna: Voice, settings: LazySettings) -> None:
    settings.ACCOUNTS = {**settings.ACCOUNTS, "sms": gateway()}
    anna.post(LIST, mailout(1, 2))
    assert Mailing.objects.get().account == "sms"


def test_without_a_way_to_phones_it_is_a_conflict(anna: Voice, settings: LazySettings) -> None:
    settings.ACCOUNTS = {"email": AccountSettings(kind="smtp", host="mail.example.org")}
    answer = anna.post(LIST, mailout(1, 2))
    assert (answer.status_code, answer.json()["code"]) == (409, "phone_account_unclear")
    assert not Mailing.objects.exists() and not Message.objects.exists()


def test_of_several_ways_to_phones_one_must_be_named(anna: Voice, settings: LazySettings) -> None:
    settings.ACCOUNTS = {"one": gateway(), "two": gateway()}
    answer = anna.post(LIST, mailout(1, 2))
    assert (answer.status_code, answer.json()["code"]) == (409, "phone_account_unclear")
    settings.PHONE_ACCOUNT = "two"
    anna.post(LIST, mailout(1, 2))
    assert Mailing.objects.get().account == "two"


def being_sent(voice: Voice, state: str, **counts: int) -> Mailing:
    """A mailout of this owner's with a run in this state."""
    message = MessageFactory.create(owner=voice.user, text="Old", html="")
    mailing: Mailing = MailingFactory.create(
        owner=voice.user, channel="phone", message=message, everyone=False, status="running"
    )
    RunFactory.create(mailing=mailing, state=state, frozen_at=timezone.now(), **counts)
    return mailing


def as_it_is(voice: Voice, mailing: Mailing, **fields: Any) -> dict[str, Any]:
    shown = voice.get(f"{LIST}{mailing.pk}").json()
    keep = ("start_at", "finish_at", "text", "filter", "local_from", "local_to")
    return {key: shown[key] for key in keep} | fields


@pytest.mark.parametrize("state", ["preparing", "queued", "processing"])
def test_while_it_is_being_sent_it_is_not_changed(anna: Voice, state: str) -> None:
    mailing = being_sent(anna, state, pending=1)
    answer = anna.put(f"{LIST}{mailing.pk}", as_it_is(anna, mailing, text="New"))
    assert (answer.status_code, answer.json()["code"]) == (409, "mailing_open")
    assert Message.objects.get().text == "Old"


def test_paused_its_text_changes_for_those_who_are_left(anna: Voice) -> None:
    mailing = being_sent(anna, "paused", pending=1)
    one = f"{LIST}{mailing.pk}"
    assert anna.put(one, as_it_is(anna, mailing, text="New")).status_code == 200
    run = Run.objects.get()
    assert (run.content["text"], run.content_version) == ("New", 2)
    other = anna.put(one, as_it_is(anna, mailing, filter={"operator_codes": ["916"]}))
    assert (other.status_code, other.json()["code"]) == (409, "mailing_open")


def test_paused_with_something_in_flight_nothing_is_changed_at_all(anna: Voice) -> None:
    mailing = being_sent(anna, "paused", pending=1, sending=1)
    answer = anna.put(f"{LIST}{mailing.pk}", as_it_is(anna, mailing, text="New"))
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    assert Message.objects.get().text == "Old"


def test_deleting_stops_and_archives_or_deletes_what_was_never_sent(anna: Voice) -> None:
    customer(anna)
    sent = anna.post(LIST, mailout()).json()
    assert anna.delete(f"{LIST}{sent['id']}").json() == {"deleted": 0, "archived": 1}
    run = Run.objects.get()
    assert (run.state, run.outcome, run.stopping) == ("done", "cancelled", True)
    planned = anna.post(LIST, mailout(1, 2)).json()
    assert anna.delete(f"{LIST}{planned['id']}").json() == {"deleted": 1, "archived": 0}
    for gone in (sent, planned):
        assert anna.delete(f"{LIST}{gone['id']}").status_code == 404
    assert anna.get(LIST).json()["items"] == []


def test_a_message_is_for_a_customer_of_ones_own(anna: Voice, bob: Voice) -> None:
    made = anna.post(LIST, mailout(1, 2)).json()
    messages = f"{LIST}{made['id']}/messages"
    for stranger in (customer(bob).pk, RecipientFactory.create(owner=anna.user).pk, 10**9):
        answer = anna.post(messages, {"customer_id": stranger})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "customer_id")
    known = customer(anna, "79250000000")
    answer = anna.post(messages, {"customer_id": known.pk})
    assert answer.status_code == 201
    assert answer.json()["phone"] == known.phone
    assert audience_of(Mailing.objects.get()).people().get() == known


def test_one_more_message_joins_the_run_and_is_refused_twice(anna: Voice) -> None:
    mailing = being_sent(anna, "processing", pending=0, sent=1)
    messages = f"{LIST}{mailing.pk}/messages"
    known = customer(anna)
    made = anna.post(messages, {"customer_id": known.pk}).json()
    assert (made["status"], made["customer_id"]) == ("pending", known.pk)
    again = anna.post(messages, {"customer_id": known.pk})
    assert (again.status_code, again.json()["code"]) == (409, "already_in_run")
    assert Run.objects.get().audience == 2


def test_statistics_are_those_of_ones_own_mailouts(anna: Voice, bob: Voice, mary: Voice) -> None:
    mailing = being_sent(anna, "processing", pending=1, sent=1)
    run = Run.objects.get()
    for number, state in enumerate(("pending", "sent")):
        known = customer(anna, f"7916000000{number}")
        DeliveryFactory.create(run=run, recipient=known, address=known.phone, state=state)
    MailingFactory.create(owner=anna.user)  # to e-mail addresses: none of ours
    stats = f"{LIST}status/stats"
    body = anna.get(stats).json()
    assert body["mailouts"] == {"total": 1, "created": 0, "running": 1, "completed": 0}
    assert (body["total"], body["counts"]["sent"]) == (2, 1)
    assert mary.get(stats).json() == body
    assert bob.get(stats).json()["mailouts"]["total"] == 0
    one = f"{LIST}{mailing.pk}/messages/stats"
    page = anna.get(f"{one}?limit=1").json()
    assert (page["total"], page["count"], len(page["items"])) == (2, 2, 1)
    (second,) = anna.get(f"{one}?limit=1&cursor={page['next']}").json()["items"]
    assert second["status"] == "sent"
    only = anna.get(f"{one}?status=sent").json()
    assert (only["total"], only["count"], only["items"]) == (2, 1, [second])


def test_a_list_costs_the_same_for_one_mailout_and_for_many(
    anna: Voice, django_assert_num_queries: Any
) -> None:
    for _number in range(5):
        being_sent(anna, "processing", pending=1)
    anna.get(LIST)
    with django_assert_num_queries(6):  # token, the right to see all, rows, tags, count, runs
        assert len(anna.get(LIST).json()["items"]) == 5
