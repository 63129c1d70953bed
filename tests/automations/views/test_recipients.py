"""Recipients chosen in their list come into an automation, or leave it, on a page that asks."""

from __future__ import annotations

from typing import Any

import pytest

from apps.automations.models import Enrolment
from apps.mailings.models import Recipient
from tests.automations.stage import Stage, automation, definition, staged, waiting
from tests.automations.views.test_pages import client_of
from tests.factories import ManagerFactory, RecipientFactory, UserFactory

pytestmark = pytest.mark.django_db
URL = "/automations/recipients/"


@pytest.fixture
def stage() -> Stage:
    return staged(waiting(seconds=60), owner=UserFactory.create())


def posted(stage: Stage, **data: Any) -> str:
    answer = client_of(stage.owner).post(URL, data, follow=True)
    return str(answer.content.decode())


def inside(stage: Stage) -> set[int]:
    rows = Enrolment.objects.filter(automation=stage.automation).exclude(state="left")
    return set(rows.values_list("recipient_id", flat=True))


def test_the_list_leads_to_a_page_that_asks_for_the_automation(stage: Stage) -> None:
    one, two = stage.persons(2)
    shown = client_of(stage.owner).get("/recipients/").content.decode()
    assert shown.count(f'formaction="{URL}"') == 2
    draft = automation(stage.owner, definition(), name="Unfinished")
    asked = posted(stage, act="enrol", ids=[one.pk, two.pk], q="anna", state="all")
    assert "2 recipients are selected." in asked
    assert f'name="ids" value="{one.pk}"' in asked and 'name="q" value="anna"' in asked
    assert f'<option value="{stage.automation.pk}">' in asked and draft.name not in asked
    assert inside(stage) == set()


def test_the_ticked_come_in_and_are_removed(stage: Stage) -> None:
    one, two, other = stage.persons(3)
    theirs = RecipientFactory.create()
    chosen = {"automation": stage.automation.pk, "ids": [one.pk, two.pk, theirs.pk]}
    assert "2 recipients came in." in posted(stage, act="enrol", **chosen)
    assert inside(stage) == {one.pk, two.pk}
    stage.enrol(other)
    stage.assert_equation()
    assert "2 recipients removed" in posted(stage, act="remove", **chosen)
    assert inside(stage) == {other.pk}
    stage.assert_equation()


def test_all_that_the_filter_finds_come_in_and_are_removed(stage: Stage) -> None:
    Recipient.objects.bulk_create(
        Recipient(owner=stage.owner, full_name="Found", email=f"{n}@example.org") for n in range(3)
    )
    stage.person(full_name="Other")
    every = {"automation": stage.automation.pk, "scope": "all", "q": "found"}
    assert "3 recipients came in." in posted(stage, act="enrol", **every)
    assert len(inside(stage)) == 3
    assert "3 recipients removed" in posted(stage, act="remove", **every)
    assert inside(stage) == set()


def test_a_refusal_is_shown_and_nobody_selected_is_said(stage: Stage) -> None:
    one = stage.person()
    draft = automation(stage.owner, definition())
    assert "not active" in posted(stage, act="enrol", automation=draft.pk, ids=[one.pk])
    assert "None of your own recipients is selected." in posted(stage, act="enrol")
    alone = RecipientFactory.create()
    asked = client_of(alone.owner).post(URL, {"act": "remove", "ids": [alone.pk]})
    assert "You have no automation at work." in asked.content.decode()


def test_a_manager_moves_only_ones_own_in_ones_own(stage: Stage) -> None:
    one = stage.person()
    manager = ManagerFactory.create()
    data = {"act": "enrol", "automation": stage.automation.pk, "ids": [one.pk]}
    assert client_of(manager).post(URL, data).status_code == 403
    assert client_of(UserFactory.create()).post(URL, data).status_code == 404
    own = staged(waiting(seconds=60), owner=manager)
    client_of(manager).post(URL, data | {"automation": own.automation.pk})
    assert not Enrolment.objects.exists()
