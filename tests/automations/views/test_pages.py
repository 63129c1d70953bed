"""The list, one automation, and what its buttons do."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from apps.automations.models import Automation, AutomationVersion
from apps.mailings.models import Message
from tests.automations.stage import (
    LAUNCHES,
    Stage,
    automation,
    definition,
    letter,
    staged,
    tagging,
    waiting,
)
from tests.factories import ManagerFactory, TagFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def launches(settings: LazySettings) -> None:
    settings.ZEAL_ALLOWLIST = LAUNCHES


@pytest.fixture
def stage() -> Stage:
    """A letter, a wait of an hour, a tag; two people inside."""
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner, name="vip")
    steps = (letter(owner), waiting(seconds=3600), tagging(tag))
    made = staged(*steps, owner=owner)
    made.enrolled(2)
    made.turn(seconds=1)
    return made


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, url: str, **params: str) -> str:
    answer = client.get(url, params)
    assert answer.status_code == 200, url
    return " ".join(answer.content.decode().split())


def test_the_list_has_the_figures_of_all_versions(stage: Stage) -> None:
    client = client_of(stage.owner)
    shown = page(client, "/automations/")
    assert "Welcome" in shown and "Manual" in shown
    assert f'href="/automations/{stage.automation.pk}/people/?state=inside">2</a>' in shown
    assert "Welcome" in page(client, "/automations/", state="active")
    assert "No automation fits these filters." not in page(client, "/automations/", q="welc")
    assert "Nothing found" in page(client, "/automations/", state="draft")


def test_without_automations_there_are_starting_points() -> None:
    shown = page(client_of(UserFactory.create()), "/automations/")
    assert "No automations yet" in shown and 'value="welcome"' in shown


def test_a_page_has_equation_and_live_figures_that_lead_to_people(stage: Stage) -> None:
    pk = stage.automation.pk
    shown = page(client_of(stage.owner), f"/automations/{pk}/")
    assert f'href="/automations/{pk}/people/?version=1&amp;state=waiting"' in shown
    people = f"/automations/{pk}/people/?version=1&amp;step=wait&amp;did="
    assert f'href="{people}here">here now <b>2</b>' in shown
    assert 'href="/automations/' in shown and "Wait 1 hour" in shown
    assert "Add the tag “vip”" in shown and "in force" in shown
    part = client_of(stage.owner).get(f"/automations/{pk}/", headers={"HX-Request": "true"})
    assert part.content.decode().split()[:2] == ["<div", 'id="automation"']


def test_an_older_version_can_be_seen(stage: Stage) -> None:
    client, pk = client_of(stage.owner), stage.automation.pk
    stage.automation.refresh_from_db()
    stage.automation.draft["steps"] = stage.automation.draft["steps"][:2]
    stage.automation.save()
    assert "The draft has changes that are not active yet." in page(client, f"/automations/{pk}/")
    client.post(f"/automations/{pk}/act/activate/")
    shown = page(client, f"/automations/{pk}/")
    assert "Version 2" in shown and "Add the tag" not in shown
    assert "Add the tag" in page(client, f"/automations/{pk}/", version="1")
    assert client.get(f"/automations/{pk}/?version=9").status_code == 404


def test_it_is_paused_resumed_and_stopped(stage: Stage) -> None:
    client, pk = client_of(stage.owner), stage.automation.pk

    def act(name: str, **data: str) -> str:
        client.post(f"/automations/{pk}/act/{name}/", data)
        stage.automation.refresh_from_db()
        return stage.automation.state

    assert act("pause") == "paused"
    assert act("pause") == "paused"  # said, and nothing is done
    assert "cannot be done now" in page(client, f"/automations/{pk}/")
    assert act("resume") == "active"
    asked = page(client, f"/automations/{pk}/stop/ask/")
    assert "2 recipients are inside now." in asked and 'value="leave"' in asked
    assert act("archive") == "active"  # people are in it
    assert act("stop", inside="leave") == "stopping"
    assert stage.states() == {"left": 2}
    assert act("archive") == "archived"
    link = f'href="/automations/{pk}/"'
    assert link not in page(client, "/automations/")
    assert link in page(client, "/automations/", state="archived")


def test_an_activation_asks_what_becomes_of_those_inside(stage: Stage) -> None:
    client, pk = client_of(stage.owner), stage.automation.pk
    asked = page(client, f"/automations/{pk}/activate/ask/")
    assert "They finish the version they are in" in asked
    client.post(f"/automations/{pk}/act/activate/", {"inside": "finish"})
    assert stage.states() == {"waiting": 2}
    client.post(f"/automations/{pk}/act/activate/", {"inside": "move"})
    assert AutomationVersion.objects.filter(moves_over=True).count() == 3
    client.post(f"/automations/{pk}/act/activate/", {"inside": "leave"})
    assert stage.states() == {"left": 2}


def test_what_is_missing_is_listed_instead_of_the_button() -> None:
    owner = UserFactory.create()
    made = automation(owner, definition({"key": "letter-1", "kind": "send"}))
    client = client_of(owner)
    asked = page(client, f"/automations/{made.pk}/activate/ask/")
    assert "Choose a message." in asked and 'id="sure"' not in asked
    assert f'href="/automations/{made.pk}/edit/steps/letter-1/"' in asked
    client.post(f"/automations/{made.pk}/act/activate/")
    made.refresh_from_db()
    assert made.state == "draft"
    assert "1 thing is missing" in page(client, f"/automations/{made.pk}/")


def test_what_the_check_finds_is_listed_and_how_many_messages_it_means() -> None:
    owner = UserFactory.create()
    step = letter(owner, "letter-1")
    made = automation(owner, definition(step, trigger={"kind": "event", "name": "paid"}))
    client, address = client_of(owner), f"/automations/{made.pk}/activate/ask/"
    assert "if as many come as in the last 30 days: 0." in page(client, address)
    Message.objects.filter(pk=step["message"]).update(text="Bare", html="")
    asked = page(client, address)
    assert "It cannot be activated yet:" in asked and 'id="sure"' not in asked
    assert "unsubscribe" in asked
    assert f'href="/automations/{made.pk}/edit/steps/letter-1/"' in asked


def test_a_draft_is_duplicated_discarded_and_deleted(stage: Stage) -> None:
    client, pk = client_of(stage.owner), stage.automation.pk
    answer = client.post(f"/automations/{pk}/act/duplicate/")
    copy = Automation.objects.exclude(pk=pk).get()
    assert answer["Location"] == f"/automations/{copy.pk}/edit/"
    assert (copy.name, copy.state) == ("Welcome (copy)", "draft")
    client.post(f"/automations/{copy.pk}/act/discard/")
    assert "never active" in page(client, f"/automations/{copy.pk}/")
    assert "the draft is lost" in page(client, f"/automations/{copy.pk}/delete/ask/")
    client.post(f"/automations/{copy.pk}/act/delete/")
    assert not Automation.objects.filter(pk=copy.pk).exists()
    Automation.objects.filter(pk=pk).update(draft=definition(waiting(seconds=60)))
    client.post(f"/automations/{pk}/act/discard/")
    stage.automation.refresh_from_db()
    assert len(stage.automation.draft["steps"]) == 3
    assert client.get(f"/automations/{pk}/dance/ask/").status_code == 404
    assert client.post(f"/automations/{pk}/act/dance/").status_code == 404


def test_a_manager_sees_all_and_may_disable_any(stage: Stage) -> None:
    manager = ManagerFactory.create()
    client, pk = client_of(manager), stage.automation.pk
    assert stage.owner.email in page(client, "/automations/")
    shown = page(client, f"/automations/{pk}/")
    assert 'role="switch"' in shown and "act-pause" not in shown
    client.post(f"/automations/{pk}/switch/", {"active": "0"})
    stage.automation.refresh_from_db()
    assert not stage.automation.is_active
    assert "A manager has disabled this automation" in page(client, f"/automations/{pk}/")
    stage.turn(hours=2)
    assert stage.states() == {"waiting": 2}
    client.post(f"/automations/{pk}/switch/", {"active": "1"})
    stage.turn(seconds=1)
    assert stage.states() == {"finished": 2}
    others = ManagerFactory.create()
    theirs = automation(others, definition())
    assert client.post(f"/automations/{theirs.pk}/switch/", {"active": "0"}).status_code == 403


def test_what_a_program_has_written_and_nobody_can_read_is_said_so() -> None:
    owner = UserFactory.create()
    made = automation(owner, {"steps": [{"kind": "dance"}], "trigger": 7})
    client = client_of(owner)
    sentence = "A program has written steps that cannot be shown."
    assert sentence in page(client, f"/automations/{made.pk}/")
    assert sentence in page(client, f"/automations/{made.pk}/edit/")
    answer = client.post(f"/automations/{made.pk}/edit/", {"act": "add:send:start"}, follow=True)
    assert sentence in answer.content.decode()
