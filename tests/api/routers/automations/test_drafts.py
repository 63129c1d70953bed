"""What the pages do to a draft, programs do as well: write, copy, try, give up and put away."""

from __future__ import annotations

from typing import Any

import pytest

from apps.automations.models import Automation
from apps.automations.starting_points.points import POINTS
from apps.mailings.models import Message
from tests.api.conftest import Voice, voice_of
from tests.api.routers.automations.test_automations import URL, going, user_of
from tests.automations.stage import automation, definition, letter, waiting
from tests.factories import ManagerFactory, RecipientFactory

pytestmark = pytest.mark.django_db
AT = "2030-01-31T18:00:00+03:00"


def test_a_draft_is_written_while_it_is_incomplete(anna: Voice, bob: Voice) -> None:
    answer = anna.post(URL, {"name": " Welcome "})
    assert (answer.status_code, answer.json()["state"]) == (201, "draft")
    url = f"{URL}{answer.json()['id']}/"
    assert answer.json()["draft"]["steps"] == []
    steps = [{"key": "rest", "kind": "wait", "seconds": 60}, {"key": "letter", "kind": "send"}]
    changed = anna.patch(url, {"name": "Series", "draft": {"steps": steps}}).json()
    assert (changed["name"], changed["draft"]["steps"]) == ("Series", steps)
    found = [(one["step"], one["code"]) for one in anna.get(f"{url}check/").json()["findings"]]
    assert found == [("letter", "incomplete")]
    assert bob.patch(url, {"name": "Mine"}).status_code == 404
    assert voice_of(ManagerFactory.create()).patch(url, {"name": "Mine"}).status_code == 403


@pytest.mark.parametrize(
    ("draft", "where"),
    [
        ({"trigger": {"kind": "date", "days": "3"}}, "trigger"),
        ({"reentry": {"kind": "days", "days": "2"}}, "exits"),
        ({"reentry": {"kind": "days", "days": ""}}, "exits"),
        ({"steps": [{"key": "a", "kind": "wait", "at": "soon"}]}, "a"),
        ({"exits": {"goal": {"version": 9}}}, "exits"),
        ({"steps": [{"key": "A b", "kind": "wait"}]}, "A b"),
        ({"steps": [{"key": "a", "kind": "wait", "seconds": 1e400}]}, "a"),
        ({"steps": [{"key": "a", "kind": "act", "act": "notify", "value": "\0"}]}, "a"),
        ({"steps": [{"key": "a", "kind": "split", "shares": [{"share": {}}, {}]}]}, "a"),
        ({"steps": 5}, ""),
        ({"more": 1}, ""),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    draft: dict[str, Any], where: str, anna: Voice
) -> None:
    answer = anna.post(URL, {"name": "Welcome", "draft": draft})
    assert (answer.status_code, answer.json()["code"]) == (422, "automation_unfit")
    assert {error["field"] for error in answer.json()["errors"]} == {where}
    assert not Automation.objects.exists()


def test_what_was_stopped_is_not_written_any_more(anna: Voice) -> None:
    found = going(anna)
    anna.post(f"{URL}{found.pk}/stop/", {})
    answer = anna.patch(f"{URL}{found.pk}/", {"draft": {}})
    assert (answer.status_code, answer.json()["code"]) == (409, "automation_wrong_state")
    copied = anna.post(f"{URL}{found.pk}/duplicate/")
    assert (copied.status_code, copied.json()["state"]) == (201, "draft")
    assert copied.json()["draft"]["steps"] == found.draft["steps"]


def test_the_changes_of_a_draft_are_discarded(anna: Voice) -> None:
    found = going(anna)
    url = f"{URL}{found.pk}/"
    anna.patch(url, {"draft": {"steps": []}})
    again = anna.post(f"{url}discard/").json()["draft"]["steps"]
    assert [one["key"] for one in again] == ["wait"]
    never = automation(user_of(anna), definition(waiting(seconds=1)))
    assert anna.post(f"{URL}{never.pk}/discard/").json()["code"] == "automation_wrong_state"


def test_one_that_was_never_active_is_deleted_and_another_one_archived(anna: Voice) -> None:
    draft = automation(user_of(anna), {})
    assert anna.delete(f"{URL}{draft.pk}/").json() == {"deleted": 1, "archived": 0}
    assert anna.delete(f"{URL}{going(anna).pk}/").json() == {"deleted": 0, "archived": 1}
    assert Automation.objects.get().state == "archived"


def test_starting_points_are_listed_and_begun(anna: Voice) -> None:
    listed = anna.get(f"{URL}starting-points/").json()
    assert [one["slug"] for one in listed] == [one.slug for one in POINTS]
    answer = anna.post(f"{URL}starting-points/birthday/", {"language": "ru"})
    assert (answer.status_code, answer.json()["state"]) == (201, "draft")
    assert Message.objects.get().language == "ru"
    assert anna.post(f"{URL}starting-points/nothing/", {}).status_code == 404


def test_a_draft_is_tried_with_one_recipient(anna: Voice) -> None:
    owner = user_of(anna)
    RecipientFactory.create(owner=owner, email="anna@example.org")
    found = automation(owner, definition(letter(owner), waiting(seconds=60)))
    url = f"{URL}{found.pk}/try/?start={AT.replace('+', '%2B')}&address="
    played = anna.get(f"{url}anna@example.org").json()
    assert [one["step"] for one in played] == ["letter", "wait", ""]
    assert anna.get(f"{url}nobody@example.org").status_code == 404
    Automation.objects.update(draft=definition())
    refused = anna.get(f"{url}anna@example.org")
    assert (refused.status_code, refused.json()["code"]) == (422, "automation_unfit")


def test_managers_have_the_switch(anna: Voice) -> None:
    found = going(anna)
    manager = voice_of(ManagerFactory.create())
    assert anna.post(f"{URL}{found.pk}/disable/").status_code == 403
    assert manager.post(f"{URL}{found.pk}/disable/").status_code == 204
    assert anna.get(f"{URL}{found.pk}/").json()["is_active"] is False
    assert manager.post(f"{URL}{found.pk}/enable/").status_code == 204
