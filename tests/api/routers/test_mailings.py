"""A mailing over the API, from its message to the last delivery."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.delivery.service import service
from apps.mailings.models import Mailing, Recipient, Run, Trigger
from tests.api.conftest import Voice
from tests.factories import (
    DeliveryFactory,
    MailingFactory,
    ManagerFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    TagFactory,
)
from tests.recording_dispatcher import RecordingDispatcher, dispatching

pytestmark = pytest.mark.django_db


@pytest.fixture
def dispatched() -> Iterator[RecordingDispatcher]:
    fake = RecordingDispatcher()
    with dispatching(fake):
        yield fake


def soon(**ahead: float) -> str:
    return (timezone.now() + timedelta(**ahead)).isoformat()


def given(anna: Voice, **fields: Any) -> dict[str, Any]:
    message = MessageFactory.create(owner=anna.user)
    return {"name": "Spring", "message_id": message.pk, "ends_at": soon(days=1), **fields}


def test_a_message_is_written_changed_and_kept_from_overwriting(anna: Voice) -> None:
    content = {"subject": "For {{ full_name }}", "text": "Hello\n"}
    made = anna.post("/api/messages/", content).json()
    one = f"/api/messages/{made['id']}/"
    assert made["text"] == "Hello\n" and made["revision"] == 1
    changed = anna.patch(one, {"subject": "Other", "revision": 1})
    assert (changed.json()["revision"], changed.json()["text"]) == (2, "Hello\n")
    late = anna.put(one, {"subject": "Late", "text": "x", "revision": 1})
    assert (late.status_code, late.json()["code"]) == (409, "message_changed")
    bad = anna.patch(one, {"text": "{% include 'x' %}"})
    assert bad.status_code == 422
    assert bad.json()["errors"][0]["code"] == "template_not_allowed"


def test_a_mailing_says_all_of_itself(anna: Voice) -> None:
    TagFactory.create(owner=anna.user, name="vip")
    person = RecipientFactory.create(owner=anna.user)
    body = given(
        anna,
        tags=["vip"],
        operator_codes=["916"],
        recipient_ids=[person.pk],
        starts_at=soon(hours=1),
        ends_at=soon(hours=2),
        local_from="09:00",
        local_to="21:30",
        repeat="FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10",
        priority=105,
    )
    made = anna.post("/api/mailings/", body)
    assert made.status_code == 201, made.json()
    answer_body = made.json()
    assert (answer_body["local_from"], answer_body["local_to"]) == ("09:00:00", "21:30:00")
    assert answer_body["repeat"] == "FREQ=WEEKLY;BYDAY=MO,TH;COUNT=10"
    assert (answer_body["recipient_ids"], answer_body["audience"]) == ([person.pk], 1)
    assert (answer_body["tags"], answer_body["operator_codes"]) == (["vip"], ["916"])
    assert (answer_body["status"], answer_body["run"]) == ("created", None)
    assert answer_body["next_step"].startswith("Scheduled for")
    changed = anna.patch(
        f"/api/mailings/{answer_body['id']}/", {"local_from": None, "local_to": None}
    )
    assert (changed.json()["local_from"], changed.json()["tags"]) == (None, ["vip"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"account": "nothing"}, "account"),
        ({"message_id": 999_999}, "message_id"),
        ({"tags": ["unknown"]}, "tags"),
        ({"recipient_ids": [999_999]}, "recipient_ids"),
        ({"repeat": "FREQ=SECONDLY"}, "repeat"),
        ({"repeat": "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"}, "repeat"),
        ({"repeat": "FREQ=DAILY", "ends_at": "2999-01-01T00:00:00Z"}, "repeat"),
        ({"starts_at": "2030-01-02T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}, ""),
        ({"ends_at": "2030-01-01T00:00:00"}, "ends_at"),
        ({"ends_at": 1893456000}, "ends_at"),
        ({"local_from": "09:00"}, ""),
        ({"local_from": "25:00", "local_to": "09:00"}, "local_from"),
        ({"operator_codes": ["9"]}, "operator_codes.0"),
        ({"status": "running"}, "status"),
        ({"is_active": False}, "is_active"),
        ({"current_run": 7}, "current_run"),
    ],
)
def test_a_mailing_that_could_not_be_sent_is_refused(
    anna: Voice, fields: dict[str, Any], field: str
) -> None:
    answer = anna.post("/api/mailings/", given(anna) | fields)
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]], answer.json()
    assert not Mailing.objects.exists()


@pytest.mark.parametrize(("oversees", "status"), [(False, 422), (True, 201)])
def test_only_who_oversees_sends_before_the_others(
    anna: Voice, oversees: bool, status: int
) -> None:
    """S5: users take turns; who comes first is not anybody's to say."""
    assert anna.user is not None
    anna.user.is_superuser = oversees
    anna.user.save()
    assert anna.post("/api/mailings/", given(anna, priority=99)).status_code == status


def test_while_it_is_being_sent_only_name_end_and_priority_change(anna: Voice) -> None:
    run = RunFactory.create(mailing__owner=anna.user)
    one = f"/api/mailings/{run.mailing_id}/"
    answer = anna.patch(one, {"name": "New", "priority": 101, "ends_at": soon(days=2)})
    assert answer.status_code == 200
    for name, value in (("everyone", False), ("tags", []), ("local_from", "09:00")):
        refused = anna.patch(one, {name: value})
        assert (refused.status_code, refused.json()["code"]) == (409, "mailing_open")
    assert anna.delete(one).json()["code"] == "mailing_open"


@pytest.mark.parametrize(
    ("verb", "call"),
    [
        ("start", "launch"),
        ("pause", "pause"),
        ("resume", "resume"),
        ("stop", "stop"),
        ("reset", "reset"),
        ("retry-failed", "retry_failed"),
        ("send-remaining", "send_remaining"),
        ("replace-content", "replace_content"),
        ("skip", "skip"),
    ],
)
def test_a_verb_moves_it_through_the_dispatcher(
    anna: Voice, dispatched: RecordingDispatcher, verb: str, call: str
) -> None:
    run = RunFactory.create(mailing__owner=anna.user)
    answer = anna.post(f"/api/mailings/{run.mailing_id}/{verb}/")
    assert answer.status_code in (200, 204)
    ((name, asked),) = dispatched.calls
    assert (name, asked["mailing_id"]) == (call, run.mailing_id)
    if verb == "start":
        assert asked["trigger"] == Trigger.API and asked["early"] is False


def test_what_the_dispatcher_refuses_is_a_conflict_with_its_code(anna: Voice) -> None:
    ended = MailingFactory.create(owner=anna.user, ends_at=timezone.now())
    answer = anna.post(f"/api/mailings/{ended.pk}/start/")
    assert (answer.status_code, answer.json()["code"]) == (409, "window_ended")
    ahead = MailingFactory.create(owner=anna.user, starts_at=timezone.now() + timedelta(hours=1))
    RecipientFactory.create(owner=anna.user)
    one = f"/api/mailings/{ahead.pk}/start/"
    assert anna.post(one).json()["code"] == "before_start"
    assert anna.post(f"{one}?early=true").json() == {
        "run_id": Run.objects.get().pk,
        "number": 1,
        "created": True,
    }
    assert Run.objects.get().trigger == Trigger.API


def test_twenty_starts_with_and_without_a_key_make_one_run(anna: Voice) -> None:
    mailing = MailingFactory.create(owner=anna.user)
    RecipientFactory.create(owner=anna.user)
    one = f"/api/mailings/{mailing.pk}/start/"
    answers = [anna.post(one, Idempotency_Key="k") for _number in range(10)]
    answers += [anna.post(one) for _number in range(10)]
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json()["created"] for answer in answers].count(True) == 10  # one, and replays
    assert Run.objects.count() == 1


def test_a_run_shows_its_equation_and_its_deliveries(anna: Voice) -> None:
    run = RunFactory.create(mailing__owner=anna.user, sent=3, failed=2, reason="rate_limit")
    for number in range(5):
        state = "sent" if number < 3 else "failed"
        DeliveryFactory.create(run=run, state=state, address=f"p{number}@example.org")
    answer_body = anna.get(f"/api/runs/{run.pk}/").json()
    assert answer_body["audience"] == sum(answer_body["counts"].values()) == 5
    assert (answer_body["reason"], answer_body["reason_text"]) == (
        "rate_limit",
        "sending limit reached",
    )
    rows = anna.get(f"/api/runs/{run.pk}/deliveries/?state=failed&limit=1").json()
    assert (rows["count"], len(rows["items"])) == (2, 1)
    rest = anna.get(f"/api/runs/{run.pk}/deliveries/?state=failed&cursor={rows['next']}").json()
    assert rest["items"][0]["id"] > rows["items"][0]["id"] and rest["next"] is None
    found = anna.get(f"/api/runs/{run.pk}/deliveries/?address=p1").json()
    assert [item["address"] for item in found["items"]] == ["p1@example.org"]
    listed = anna.get(f"/api/mailings/{run.mailing_id}/runs/").json()["items"]
    assert [item["id"] for item in listed] == [run.pk]
    stats = anna.get("/api/stats/").json()
    assert (stats["served"], stats["lost"], stats["share"], stats["audience"]) == (3, 2, 60, 5)


def test_sums_of_days_count_what_was_tried_on_them(anna: Voice) -> None:
    sent_at = timezone.now() - timedelta(days=2)
    run = RunFactory.create(mailing__owner=anna.user, state="done", outcome="success", sent=3)
    type(run).objects.filter(pk=run.pk).update(started_at=sent_at, finished_at=sent_at)
    before = quote((sent_at - timedelta(hours=1)).isoformat())
    after = quote((sent_at + timedelta(hours=1)).isoformat())
    answer_body = anna.get(f"/api/stats/?since={before}&until={after}").json()
    assert (answer_body["mailings"], answer_body["served"], answer_body["audience"]) == (1, 3, 3)
    answer_body = anna.get(f"/api/stats/?since={after}").json()
    assert (answer_body["mailings"], answer_body["served"], answer_body["audience"]) == (0, 0, 0)


def test_a_person_decides_about_the_unknown(anna: Voice) -> None:
    run = RunFactory.create(mailing__owner=anna.user, state="done", unknown=2, outcome="partial")
    rows = [DeliveryFactory.create(run=run, state="unknown") for _number in range(2)]
    one = f"/api/runs/{run.pk}/resolve-unknown/"
    body = {"verdict": "sent", "delivery_ids": [rows[0].pk, 999_999]}
    with dispatching(service):
        assert anna.post(one, body).json() == {"count": 1}
        assert anna.post(one, {"verdict": "failed"}).json() == {"count": 1}
    run.refresh_from_db()
    assert (run.sent, run.failed, run.unknown) == (1, 1, 0)
    audit = anna.get("/api/attempts/").json()["items"]
    assert [item["kind"] for item in audit] == ["audit", "audit"]
    assert "anna@example.org" in audit[0]["response"]


def test_managers_toggle_mailings_but_not_each_others(anna: Voice, mary: Voice) -> None:
    mailing = MailingFactory.create(owner=anna.user)
    one = f"/api/mailings/{mailing.pk}"
    assert mary.post(f"{one}/disable/").status_code == 204
    assert mary.post(f"{one}/disable/").status_code == 204
    assert anna.get(f"{one}/").json()["is_active"] is False
    refused = anna.post(f"{one}/enable/")
    assert (refused.status_code, refused.json()["code"]) == (403, "toggle_forbidden")
    other = MailingFactory.create(owner=ManagerFactory.create())
    assert mary.post(f"/api/mailings/{other.pk}/disable/").status_code == 403


def test_many_recipients_at_once_are_answered_one_by_one(anna: Voice) -> None:
    known = RecipientFactory.create(owner=anna.user, email="known@example.org", full_name="Old")
    items = [
        {"email": "Known@Example.org", "full_name": "New", "tags": ["a"]},
        {"email": "fresh@example.org", "phone": "+7 (916) 123-45-67", "attributes": {"city": "O"}},
        {"email": "fresh@example.org"},
        {"email": "nonsense"},
        {"full_name": "Nobody"},
        {"phone": "79161112233\n79161112244"},
        {"telegram_chat_id": 5, "full_name": "=1+1"},
    ]
    answer_body = anna.post("/api/recipients/bulk/", {"items": items, "tags": ["all"]}).json()
    assert [row["status"] for row in answer_body["results"]] == [
        "updated",
        "created",
        *["rejected"] * 3,
        *["created"] * 2,
    ]
    assert [row["code"] for row in answer_body["results"]][2:] == [
        "duplicate_in_file",
        "bad_email",
        "no_address",
        "",
        "",
    ]
    assert (answer_body["created"], answer_body["updated"], answer_body["rejected"]) == (3, 1, 3)
    known.refresh_from_db()
    assert answer_body["results"][0]["id"] == known.pk and known.full_name == "New"
    assert {tag.name for tag in known.tags.all()} == {"a", "all"}
    fresh = Recipient.objects.get(pk=answer_body["results"][1]["id"])
    assert (fresh.phone, fresh.operator_code, fresh.attributes) == (
        "79161234567",
        "916",
        {"city": "O"},
    )
    again = anna.post("/api/recipients/bulk/", {"items": items[:2], "update": False}).json()
    assert {row["code"] for row in again["results"]} == {"duplicate_in_database"}


def test_too_many_or_too_strange_rows_are_refused(anna: Voice) -> None:
    many = [{"email": f"p{number}@example.org"} for number in range(10_001)]
    assert anna.post("/api/recipients/bulk/", {"items": many}).status_code == 422
    wide = [{"email": f"p{n}@example.org", "attributes": {f"a{n}": "x"}} for n in range(101)]
    answer = anna.post("/api/recipients/bulk/", {"items": wide})
    assert (answer.status_code, answer.json()["code"]) == (422, "import_too_many_attributes")
    assert anna.post("/api/recipients/bulk/", {"items": []}).status_code == 422
    assert not Recipient.objects.exists()


def test_ten_thousand_recipients_come_in_by_one_call(anna: Voice) -> None:
    items = [
        {
            "email": f"person{number}@example.org",
            "phone": f"7916{number:07d}",
            "full_name": f"Анна {number}",
            "attributes": {"city": "Омск"},
            "tags": ["spring"],
        }
        for number in range(10_000)
    ]
    with CaptureQueriesContext(connection) as queries:
        answer_body = anna.post("/api/recipients/bulk/", {"items": items}).json()
    assert answer_body["created"] == 10_000
    assert len(queries) < 100, "not one by one"
    again = anna.post("/api/recipients/bulk/", {"items": items}).json()
    assert again["updated"] == 10_000


def test_link_parameters_and_the_archive_are_a_mailings_own(anna: Voice) -> None:
    utm = {"source": "news", "campaign": "{{ city }}"}
    made = anna.post("/api/mailings/", given(anna, utm=utm, public=True)).json()
    assert (made["tracking"], made["tracking_text"]) == ("", None)
    assert made["utm"] == utm and made["slug"] == "spring" and made["public"]
    assert made["archive_url"].endswith("/spring/")
    one = f"/api/mailings/{made['id']}/"
    assert anna.post(f"{one}withdraw/", {}).status_code == 204
    assert anna.get(one).json()["archive_url"] == ""
    assert anna.post(f"{one}publish/", {}).json() == {"url": made["archive_url"]}
    bad = anna.patch(one, {"utm": {"source": "{{"}})
    assert bad.status_code == 422 and bad.json()["errors"][0]["code"] == "utm_invalid"
    assert anna.patch(one, {"slug": "Spring News"}).status_code == 422
    assert anna.patch(one, {"utm": {}}).json()["utm"] == {}
    assert anna.patch(one, {"tracking": "off"}).json()["tracking"] == "off"
    assert anna.patch(one, {"tracking_text": True}).json()["tracking_text"] is True
