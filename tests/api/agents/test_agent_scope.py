"""What a token of an agent may: a closed list, and drafts alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from apps.api.agent_scope import ALLOWED
from apps.api.urls import api
from apps.mailings.models import Mailing, Message, StartRequest
from apps.mailings.services.agents.start_requests import decline
from apps.users.models import ApiToken, Notification
from tests.api.conftest import Voice, voice_of
from tests.delivery.engine.runs.approvals.approved import READ_AGAIN
from tests.factories import (
    ExperimentFactory,
    MailingFactory,
    MessageFactory,
    RecipientFactory,
    RunFactory,
    VariantFactory,
)

pytestmark = pytest.mark.django_db
END = "2035-01-31T18:00:00+03:00"


@pytest.fixture
def agent(anna: Voice) -> Voice:
    assert anna.user is not None
    return voice_of(anna.user, ApiToken.Scope.AGENT)


@pytest.fixture
def draft(anna: Voice) -> Mailing:
    message = MessageFactory.create(owner=anna.user)
    RecipientFactory.create(owner=anna.user)
    made: Mailing = MailingFactory.create(
        owner=anna.user,
        message=message,
        everyone=True,
        scheduled_at=None,
        ends_at=timezone.now() + timedelta(days=2),
    )
    return made


def code(answer: Any) -> str:
    return str(answer.json()["code"])


def writing_routes() -> set[tuple[str, str]]:
    return {
        (method, "/".join(f"<int:{part[1:-1]}>" if part[:1] == "{" else part for part in parts))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for parts in [path.lstrip("/").split("/")]
        for method in map(str.upper, methods)
        if method != "GET"
    }


def test_the_list_names_routes_that_there_are() -> None:
    assert ALLOWED <= writing_routes()


def test_every_other_route_that_writes_is_a_persons(agent: Voice, draft: Mailing) -> None:
    forbidden = writing_routes() - ALLOWED
    assert ("POST", "api/mailings/<int:pk>/start/") in forbidden
    for method, route in sorted(forbidden):
        if route.startswith(("auth/", "search")):
            continue  # makes tokens by a password; changes nothing
        path = "/" + route.replace("<int:pk>", str(draft.pk))
        path = path.replace("<int:language>", "en").replace("<int:address>", "a@example.org")
        path = "/".join("1" if part.startswith("<int:") else part for part in path.split("/"))
        answer = agent.call(method, path, {})
        assert (answer.status_code, code(answer)) == (403, "agent_asks"), path
    draft.refresh_from_db()
    assert draft.is_draft and not draft.runs.exists()


def test_what_an_agent_writes_is_a_draft(agent: Voice, anna: Voice) -> None:
    message = agent.post("/api/messages/", {"subject": "News", "text": "a"}).json()
    body = {"name": "News", "message_id": message["id"], "everyone": True, "ends_at": END}
    made = agent.post("/api/mailings/", {**body, "scheduled": True}).json()
    path = f"/api/mailings/{made['id']}/"
    assert made["scheduled"] is False
    assert agent.put(path, body).json()["scheduled"] is False
    assert agent.patch(path, {"scheduled": True}).json()["scheduled"] is False
    assert anna.patch(path, {"scheduled": True}).json()["scheduled"] is True
    assert code(agent.patch(path, {"name": "Other"})) == "not_a_draft"
    assert code(agent.post(f"{path}start-request/", {})) == "not_a_draft"


def test_a_message_that_something_sends_is_a_persons(
    agent: Voice, anna: Voice, draft: Mailing
) -> None:
    path = f"/api/messages/{draft.message_id}/"
    assert agent.patch(path, {"subject": "Draft"}).status_code == 200
    experiment = ExperimentFactory.create(
        mailing=RunFactory.create(mailing__owner=anna.user).mailing
    )
    other = MessageFactory.create(owner=anna.user)
    VariantFactory.create(experiment=experiment, message=other)
    assert code(agent.patch(f"/api/messages/{other.pk}/", {"subject": "x"})) == "message_in_use"
    Mailing.objects.filter(pk=draft.pk).update(scheduled_at=timezone.now())
    assert code(agent.patch(path, {"subject": "x"})) == "message_in_use"
    assert anna.patch(path, {"subject": "x"}).status_code == 200


def test_asking_waits_and_is_answered_by_a_click(agent: Voice, anna: Voice, draft: Mailing) -> None:
    path = f"/api/mailings/{draft.pk}/start-request/"
    assert agent.get(path).status_code == agent.delete(path).status_code == 404
    asked = agent.post(path, {"note": "Please"})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert (asked.json()["asked_by"], asked.json()["note"]) == ("test", "Please")
    assert Notification.objects.get().code == "start_asked"
    assert code(agent.patch(f"/api/mailings/{draft.pk}/", {"name": "x"})) == "start_asked"
    message = f"/api/messages/{draft.message_id}/"
    assert code(agent.patch(message, {"subject": "x"})) == "start_asked"
    browser = Client()
    assert anna.user is not None
    browser.force_login(anna.user)
    for page in (f"/mailings/{draft.pk}/", f"/mailings/{draft.pk}/review/"):
        shown = browser.get(page).content.decode()
        assert "An agent asks for the start" in shown and "Please" in shown
    assert "test asks for the start" in browser.get("/").content.decode()
    browser.post(f"/mailings/{draft.pk}/decline-start/", {"answer": "Not yet\0"})
    assert (agent.get(path).json()["state"], agent.get(path).json()["answer"]) == (
        "declined",
        "Not yet",
    )
    browser.post(f"/mailings/{draft.pk}/decline-start/")  # nothing waits any more
    assert agent.patch(f"/api/mailings/{draft.pk}/", {"name": "x"}).status_code == 200
    assert agent.post(path, {}).json()["answer"] == ""
    assert agent.delete(path).status_code == 204
    assert not StartRequest.objects.exists()


def test_scheduling_is_an_answer_too(agent: Voice, anna: Voice, draft: Mailing) -> None:
    path = f"/api/mailings/{draft.pk}/start-request/"
    agent.post(path, {})
    Mailing.objects.filter(pk=draft.pk).update(scheduled_at=timezone.now())
    assert agent.get(path).json()["state"] == "accepted"
    draft.refresh_from_db()
    assert decline(draft, answer="", now=timezone.now()) is False
    assert str(StartRequest.objects.get()) == f"{draft.pk}: test"


def test_where_a_manager_has_to_approve_the_start_is_asked_for_all_the_same(
    agent: Voice, anna: Voice, draft: Mailing, settings: LazySettings
) -> None:
    settings.APPROVAL, settings.ZEAL_ALLOWLIST = "always", READ_AGAIN
    answer = agent.post(f"/api/mailings/{draft.pk}/start-request/", {})
    assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
    assert agent.get(f"/api/mailings/{draft.pk}/review/").json()["refused"] == ""
    started = anna.post(f"/api/mailings/{draft.pk}/start/")
    assert (started.status_code, started.json()["waiting"]) == (202, "approval")


def test_what_cannot_be_sent_is_not_asked_for(agent: Voice, draft: Mailing) -> None:
    Mailing.objects.filter(pk=draft.pk).update(everyone=False)
    answer = agent.post(f"/api/mailings/{draft.pk}/start-request/", {})
    assert code(answer) == "audience_empty" and not StartRequest.objects.exists()
    review = agent.get(f"/api/mailings/{draft.pk}/review/").json()
    assert review["refused"] and review["recipients"] == 0


def test_a_test_goes_to_oneself_alone(agent: Voice, anna: Voice, draft: Mailing) -> None:
    path = f"/api/messages/{draft.message_id}/test/"
    recipient = RecipientFactory.create(owner=anna.user)
    assert code(agent.post(path, {"address": "eve@example.org"})) == "invalid"
    assert agent.post(path, {"account": "nowhere"}).status_code == 404
    assert agent.post(path, {"recipient": 10**9}).status_code == 404
    sent = agent.post(path, {"recipient": recipient.pk}).json()
    assert sent["address"] == "anna@example.org"
    EmailAddress.objects.all().delete()
    assert code(agent.post(path, {})) == "address_unconfirmed"
    assert Message.objects.get(pk=draft.message_id).revision == 1
