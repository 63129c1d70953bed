"""Automations, enrolments and events over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from apps.automations.models import Automation, AutomationEvent, Enrolment
from apps.automations.services import automations
from apps.users.models import User
from tests.api.conftest import Voice, voice_of
from tests.automations.stage import automation, definition, letter, staged, waiting
from tests.factories import MessageFactory, RecipientFactory

pytestmark = pytest.mark.django_db
URL = "/api/automations/"


def user_of(voice: Voice) -> User:
    assert voice.user is not None
    return voice.user


def going(voice: Voice, **rules: Any) -> Automation:
    """An active automation of this user, with a wait."""
    return staged(waiting(seconds=60), owner=user_of(voice), **rules).automation


def test_an_automation_is_listed_and_read_with_its_equation(anna: Voice, bob: Voice) -> None:
    going(bob)
    found = going(anna)
    person = RecipientFactory.create(owner=user_of(anna))
    anna.post(f"{URL}{found.pk}/enrol/", {"recipients": [person.pk]})
    (row,) = anna.get(URL).json()["items"]
    assert (row["id"], row["state"], row["version"], row["inside"]) == (found.pk, "active", 1, 1)
    whole = anna.get(f"{URL}{found.pk}/").json()
    (version,) = whole["versions"]
    assert (version["entered"], version["waiting"], version["left"]) == (1, 1, 0)
    assert set(version["left_by_reason"].values()) == {0}
    assert [(one["key"], one["came"], one["here"]) for one in whole["steps"]] == [("wait", 1, 1)]
    assert bob.get(f"{URL}{found.pk}/").status_code == 404


def test_a_draft_is_checked_and_activated(anna: Voice) -> None:
    owner = user_of(anna)
    found = automation(owner, definition(waiting(seconds=60)))
    url = f"{URL}{found.pk}/"
    checked = anna.get(f"{url}check/").json()
    assert (checked["worst"], checked["forecast"]) == ("pass", None)
    answer = anna.post(f"{url}activate/", {})
    assert (answer.status_code, answer.json()["state"]) == (200, "active")
    again = anna.post(f"{url}activate/", {"inside": "leave"})
    assert again.json()["version"] == 2


def test_what_prevents_an_activation_is_named_at_its_step(anna: Voice) -> None:
    owner = user_of(anna)
    bare = MessageFactory.create(owner=owner, text="Hi", html="")
    found = automation(owner, definition(letter(owner) | {"message": bare.pk}))
    answer = anna.post(f"{URL}{found.pk}/activate/", {})
    assert (answer.status_code, answer.json()["code"]) == (422, "automation_unfit")
    (error,) = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("letter", "message")
    assert "There is no link to unsubscribe." in error["detail"]
    Automation.objects.filter(pk=found.pk).update(draft={})
    answer = anna.post(f"{URL}{found.pk}/activate/", {})
    assert (answer.status_code, answer.json()["code"]) == (422, "automation_unfit")
    findings = anna.get(f"{URL}{found.pk}/check/").json()["findings"]
    named = [(one["step"], one["code"]) for one in findings]
    assert named == [("trigger", "incomplete"), ("", "incomplete")]


def test_it_is_paused_resumed_and_stopped(anna: Voice) -> None:
    found = going(anna)
    url = f"{URL}{found.pk}/"
    assert anna.post(f"{url}pause/").json()["state"] == "paused"
    assert anna.post(f"{url}pause/").json()["code"] == "automation_wrong_state"
    assert anna.post(f"{url}resume/").json()["state"] == "active"
    person = RecipientFactory.create(owner=user_of(anna))
    anna.post(f"{url}enrol/", {"recipients": [person.pk]})
    assert anna.post(f"{url}stop/", {"leave": True}).json()["state"] == "stopping"
    assert Enrolment.objects.get().reason == "stopped"
    refused = anna.post(f"{url}enrol/", {"recipients": [person.pk]})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_enrolled")


def test_people_are_brought_in_by_ids_and_addresses_and_never_those_of_others(
    anna: Voice, bob: Voice
) -> None:
    found = going(anna)
    url = f"{URL}{found.pk}/enrol/"
    one = RecipientFactory.create(owner=user_of(anna), email="one@example.org")
    gone = RecipientFactory.create(owner=user_of(anna), archived_at=timezone.now())
    theirs = RecipientFactory.create(owner=user_of(bob), email="theirs@example.org")
    ids = [one.pk, gone.pk, theirs.pk]
    assert anna.post(url, {"recipients": ids}).json() == {"entered": 1, "kept_out": 2}
    assert anna.post(url, {"email": " One@Example.org "}).json()["kept_out"] == 1
    assert anna.post(url, {"email": "theirs@example.org"}).status_code == 404
    assert anna.post(url, {"email": "a@example.org", "recipients": [1]}).status_code == 422
    assert bob.post(url, {"recipients": [theirs.pk]}).status_code == 404
    assert Enrolment.objects.get().recipient == one


def test_with_the_same_key_nobody_is_brought_in_twice(anna: Voice) -> None:
    found = going(anna, reentry={"kind": "finished"})
    url = f"{URL}{found.pk}/"
    one = RecipientFactory.create(owner=user_of(anna))
    body = {"recipients": [one.pk], "key": "order-1"}
    assert anna.post(f"{url}enrol/", body).json()["entered"] == 1
    (row,) = anna.get(f"{url}enrolments/").json()["items"]
    assert anna.delete(f"{url}enrolments/{row['id']}/").status_code == 204
    assert anna.post(f"{url}enrol/", body).json()["entered"] == 0
    assert anna.post(f"{url}enrol/", body | {"key": "order-2"}).json()["entered"] == 1


def test_a_call_that_is_repeated_with_its_idempotency_key_is_done_once(anna: Voice) -> None:
    found = going(anna, reentry={"kind": "always"}, trigger={"kind": "event", "name": "paid"})
    one = RecipientFactory.create(owner=user_of(anna))
    for _time in range(2):
        answer = anna.post(
            f"{URL}{found.pk}/enrol/", {"recipients": [one.pk]}, Idempotency_Key="once"
        )
        assert answer.json() == {"entered": 1, "kept_out": 0}
    assert Enrolment.objects.count() == 1


def test_enrolments_are_listed_filtered_and_removed(anna: Voice, mary: Voice, bob: Voice) -> None:
    found = going(anna)
    url = f"{URL}{found.pk}/enrolments/"
    people = RecipientFactory.create_batch(2, owner=user_of(anna))
    anna.post(f"{URL}{found.pk}/enrol/", {"recipients": [one.pk for one in people]})
    (row,) = anna.get(f"{url}?recipient={people[0].pk}").json()["items"]
    assert (row["state"], row["step"], row["version"]) == ("waiting", "wait", 1)
    one = f"{url}{row['id']}/"
    assert mary.get(url).json()["count"] == 2
    assert [voice.delete(one).status_code for voice in (bob, mary, anna)] == [404, 403, 204]
    assert anna.delete(one).status_code == 204
    (left,) = anna.get(f"{url}?state=left").json()["items"]
    assert (left["id"], left["reason"], left["due_at"]) == (row["id"], "removed", None)


def test_an_event_begins_an_automation_and_is_kept_once_by_its_key(anna: Voice) -> None:
    going(anna, trigger={"kind": "event", "name": "order_paid"}, reentry={"kind": "always"})
    one = RecipientFactory.create(owner=user_of(anna), email="one@example.org")
    body = {
        "name": "order_paid",
        "email": "one@example.org",
        "properties": {"order": "A-1", "total": 12.5, "gift": False},
        "key": "A-1",
    }
    made, known = anna.post("/api/events/", body), anna.post("/api/events/", body)
    assert (made.status_code, known.status_code) == (201, 200)
    assert (made.json()["recipient"], made.json()["created"]) == (one.pk, True)
    assert known.json() == made.json() | {"created": False}
    assert AutomationEvent.objects.get().properties == body["properties"]
    assert Enrolment.objects.count() == 1
    other = {"name": "order_paid", "recipient": one.pk}
    assert anna.post("/api/events/", other).status_code == 201
    assert Enrolment.objects.count() == 2


def test_an_event_of_nobody_is_refused(anna: Voice, bob: Voice) -> None:
    theirs = RecipientFactory.create(owner=user_of(bob), email="theirs@example.org")
    for whom in ({"email": "theirs@example.org"}, {"recipient": theirs.pk}):
        assert anna.post("/api/events/", {"name": "paid"} | whom).status_code == 404
    assert anna.post("/api/events/", {"name": "paid"}).status_code == 422
    assert not AutomationEvent.objects.exists()


def test_an_agent_reads_and_changes_nothing(anna: Voice) -> None:
    found = going(anna)
    agent = voice_of(user_of(anna), scope="agent")
    assert agent.get(f"{URL}{found.pk}/check/").status_code == 200
    for path, body in (("pause/", None), ("activate/", {}), ("enrol/", {"recipients": [1]})):
        answer = agent.post(f"{URL}{found.pk}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (403, "agent_asks")
    assert agent.post("/api/events/", {"name": "x", "recipient": 1}).status_code == 403


def test_those_inside_are_asked_to_go_over_by_the_activation(anna: Voice) -> None:
    found = going(anna)
    anna.post(f"{URL}{found.pk}/activate/", {"inside": "move"})
    assert list(found.versions.order_by("number").values_list("moves_over", flat=True)) == [
        True,
        True,
    ]
    automations.activate(automation=found, now=timezone.now())
    assert not found.versions.filter(moves_over=True).exists()
