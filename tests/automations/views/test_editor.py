"""The editor of a draft: every button and every form, without JavaScript and with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.automations.models import Automation
from apps.automations.services.automations import activate
from apps.users.models import User
from tests.automations.stage import automation, definition, waiting
from tests.automations.views.test_pages import client_of, page
from tests.factories import MailingListFactory, MessageFactory, TagFactory, UserFactory
from tests.people import HTMX

pytestmark = pytest.mark.django_db

CONDITION = {"r.kind": "all", "r.0.kind": "test", "r.0.field": "email", "r.0.op": "known"}


class Editor:
    """One draft and what is pressed."""

    def __init__(self, owner: User, *steps: dict[str, Any]) -> None:
        self.owner, self.client = owner, client_of(owner)
        self.automation = automation(owner, definition(*steps))
        self.url = f"/automations/{self.automation.pk}/edit/"

    def press(self, act: str, **data: str) -> str:
        answer = self.client.post(self.url, {"act": act, **data})
        return str(answer.headers.get("Location", answer.status_code))

    def save(self, part: str, **data: Any) -> Any:
        return self.client.post(f"{self.url}{part}/", {"act": "save", **data})

    @property
    def draft(self) -> dict[str, Any]:
        self.automation.refresh_from_db()
        return self.automation.draft

    @property
    def keys(self) -> list[str]:
        return [one["key"] for one in self.draft["steps"]]

    def step(self, key: str) -> dict[str, Any]:
        return next(one for one in self.draft["steps"] if one["key"] == key)


@pytest.fixture
def editor() -> Editor:
    return Editor(UserFactory.create())


def test_a_new_automation_is_named_and_has_no_steps() -> None:
    client = client_of(UserFactory.create())
    answer = client.post("/automations/new/", {"name": " Two   words "})
    made = Automation.objects.get()
    assert answer["Location"] == f"/automations/{made.pk}/edit/" and made.name == "Two words"
    shown = page(client, answer["Location"])
    assert "Add a step." in shown and "Add a step</span>" in shown
    client.post(answer["Location"], {"act": "name", "name": "Other"})
    client.post(answer["Location"], {"act": "name", "name": " "})
    made.refresh_from_db()
    assert made.name == "Other"


def test_an_added_step_leads_to_its_form_and_its_fault_stands_beside_it(editor: Editor) -> None:
    assert editor.press("add:send:start") == f"{editor.url}steps/letter-1/"
    assert "Choose a message." in page(editor.client, editor.url)
    message = MessageFactory.create(owner=editor.owner, name="Hello")
    answer = editor.save(
        "steps/letter-1", message=message.pk, account="email", channel="email", on_cap="wait"
    )
    assert answer["Location"] == f"{editor.url}#step-letter-1"
    shown = page(editor.client, editor.url)
    assert "Send “Hello”" in shown and "Nothing is missing" in shown


def test_steps_are_moved_duplicated_and_deleted_by_buttons(editor: Editor) -> None:
    editor.press("add:wait:start")
    editor.press("add:exit:after:wait-1")
    editor.press("up:exit-1")
    assert editor.keys == ["exit-1", "wait-1"]
    editor.press("down:exit-1")
    editor.press("duplicate:wait-1")
    assert editor.keys == ["wait-1", "wait-2", "exit-1"]
    answer = editor.client.post(editor.url, {"act": "delete:wait-1"}, headers=HTMX)
    assert answer.content.decode().split()[:2] == ["<form", 'id="outline"']
    assert editor.keys == ["wait-2", "exit-1"]
    editor.press("add:dance:start")
    editor.press("up:nobody")
    assert editor.keys == ["wait-2", "exit-1"]


def test_a_condition_has_two_branches_and_is_not_deleted_with_them_unasked(editor: Editor) -> None:
    editor.press("add:condition:start")
    editor.press("add:wait:in:condition-1:next")
    editor.press("add:exit:in:condition-1:otherwise")
    editor.press("add:wait:after:condition-1")
    assert editor.keys == ["condition-1", "wait-1", "exit-1", "wait-2"]
    assert editor.step("condition-1")["otherwise"] == "exit-1"
    assert editor.step("wait-1")["next"] == "wait-2"
    asked = editor.client.post(editor.url, {"act": "delete:condition-1"}).content.decode()
    assert "Delete it with 2 steps in its branches?" in " ".join(asked.split())
    assert len(editor.keys) == 4
    editor.press("delete:condition-1", sure="1")
    assert editor.keys == ["wait-2"]


def test_a_step_that_is_gone_is_not_found(editor: Editor) -> None:
    assert editor.client.get(f"{editor.url}steps/nobody/").status_code == 404
    assert editor.save("steps/nobody").status_code == 404


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ({"mode": "for", "amount": "2", "unit": "d"}, {"seconds": 172_800}),
        ({"mode": "for", "amount": "90", "unit": "m"}, {"seconds": 5_400}),
        ({"mode": "for"}, {}),
        (
            {"mode": "time", "at": "9.30", "weekdays": ["0", "4"]},
            {"at": "09:30", "weekdays": [0, 4]},
        ),
        ({"mode": "time"}, {"at": ""}),
        (
            {"mode": "until", "what": "event", "event": "paid", "amount": "3", "unit": "h"},
            {"until": {"event": "paid"}, "seconds": 10_800},
        ),
        (
            {"mode": "until", "what": "opened", "letter": "letter-1", "amount": "1", "unit": "d"},
            {"until": {"did": "opened", "letter": "letter-1"}, "seconds": 86_400},
        ),
    ],
)
def test_every_kind_of_wait(typed: dict[str, Any], kept: dict[str, Any], editor: Editor) -> None:
    editor.press("add:send:start")
    editor.press("add:wait:after:letter-1")
    assert editor.save("steps/wait-1", **typed).status_code == 302
    assert editor.step("wait-1") == {"key": "wait-1", "kind": "wait", **kept}
    shown = page(editor.client, f"{editor.url}steps/wait-1/")
    assert f'value="{typed["mode"]}"' in shown
    page(editor.client, editor.url)


def test_a_wait_for_a_date_and_its_faults(editor: Editor) -> None:
    editor.press("add:wait:start")
    editor.save("steps/wait-1", mode="date", side="before", days="3", at="18:00")
    kept = {"key": "wait-1", "kind": "wait", "field": "", "days": -3, "at": "18:00"}
    assert editor.step("wait-1") == kept
    shown = page(editor.client, editor.url)
    assert "Choose a custom field with a date." in shown
    assert "Wait until 3 days before the date in “" in shown


def test_what_cannot_be_read_is_an_error_at_its_field(editor: Editor) -> None:
    editor.press("add:wait:start")
    answer = editor.save("steps/wait-1", mode="for", amount="soon", unit="d")
    assert answer.status_code == 200 and b"Enter a whole number." in answer.content
    assert editor.step("wait-1")["seconds"] == 86_400


def test_after_a_step_one_may_go_on_elsewhere(editor: Editor) -> None:
    editor.press("add:wait:start")
    editor.press("add:wait:after:wait-1")
    editor.save("steps/wait-2", mode="for", amount="1", unit="h", then="wait-1")
    assert editor.step("wait-2")["next"] == "wait-1"
    assert "Then on to: Wait 1 day" in page(editor.client, editor.url)
    editor.save("steps/wait-2", mode="for", amount="1", unit="h", then="-")
    assert "next" not in editor.step("wait-2")  # the end is below it


def test_a_condition_on_a_letter_and_on_fields(editor: Editor) -> None:
    editor.press("add:send:start")
    editor.press("add:condition:after:letter-1")
    assert "Choose a condition." in page(editor.client, editor.url)
    editor.save("steps/condition-1", mode="did", letter="letter-1", did="clicked", **CONDITION)
    kept = {"key": "condition-1", "kind": "condition"}
    assert editor.step("condition-1") == kept | {"did": "clicked", "letter": "letter-1"}
    url = f"{editor.url}steps/condition-1/"
    added = editor.client.post(url, {"act": "add:r", "mode": "tree", **CONDITION}, headers=HTMX)
    assert 'name="r.1.kind"' in added.content.decode()
    assert editor.step("condition-1")["did"] == "clicked"  # nothing is saved by that
    editor.save("steps/condition-1", mode="tree", **CONDITION)
    tree = editor.step("condition-1")["tree"]
    assert tree["root"] == {"all": [{"field": "email", "op": "known"}]}
    assert 'value="known" selected' in page(editor.client, url)
    wrong = CONDITION | {"r.0.op": "is", "r.0.value": ""}
    answer = editor.save("steps/condition-1", mode="tree", **wrong)
    assert answer.status_code == 200 and b"is-wrong" in answer.content


def test_a_split_has_as_many_branches_as_shares(editor: Editor) -> None:
    editor.press("add:split:start")
    editor.press("add:exit:in:split-1:2")
    answer = editor.save("steps/split-1", shares_1="60")
    assert "Move or delete the steps of a branch" in answer.content.decode()
    editor.save("steps/split-1", shares_1="20", shares_2="30", shares_3="40")
    assert "The shares must add up to 100." in page(editor.client, editor.url)
    editor.save("steps/split-1", shares_1="20", shares_2="30", shares_3="50")
    shown = page(editor.client, editor.url)
    assert "50 %" in shown and "Nothing is missing" in shown


def test_actions_with_what_they_need(editor: Editor) -> None:
    tag = TagFactory.create(owner=editor.owner, name="vip")
    foreign = TagFactory.create()
    editor.press("add:act:start")
    assert "Choose a tag." in page(editor.client, editor.url)
    editor.save("steps/act-1", do="add_tag", tag=tag.pk)
    assert editor.step("act-1") == {"key": "act-1", "kind": "act", "act": "add_tag", "tag": tag.pk}
    assert "Add the tag “vip”" in page(editor.client, editor.url)
    refused = editor.save("steps/act-1", do="add_tag", tag=foreign.pk)
    assert refused.status_code == 200
    editor.save("steps/act-1", do="set_attribute", name="city")
    assert editor.step("act-1")["value"] == ""
    editor.save("steps/act-1", do="enrol")
    assert "Choose an automation." in page(editor.client, editor.url)
    editor.save("steps/act-1", do="subscribe")
    assert "Choose a list." in page(editor.client, editor.url)
    mailing_list = MailingListFactory.create(owner=editor.owner)
    editor.save("steps/act-1", do="subscribe", list=mailing_list.pk)
    assert "by what right" in page(editor.client, editor.url)


@pytest.mark.parametrize(
    ("typed", "kept", "text"),
    [
        ({"kind": "manual"}, {"kind": "manual"}, "Added manually"),
        ({"kind": "event", "name": "paid"}, {"kind": "event", "name": "paid"}, "“paid”"),
        ({"kind": "subscribed"}, {"kind": "subscribed"}, "Choose a list."),
        ({"kind": "tag"}, {"kind": "tag"}, "Choose a tag."),
        ({"kind": "sent"}, {"kind": "sent"}, "Choose a mailing."),
        ({"kind": "clicked"}, {"kind": "clicked"}, "Choose a mailing."),
        ({"kind": "segment", "minutes": "30"}, {"kind": "segment", "minutes": 30}, "segment"),
        (
            {"kind": "date", "side": "after", "days": "2", "at": "8", "yearly": "on"},
            {"kind": "date", "yearly": True, "days": 2, "at": "08:00"},
            "every year",
        ),
    ],
)
def test_every_kind_of_trigger(
    typed: dict[str, Any], kept: dict[str, Any], text: str, editor: Editor
) -> None:
    assert editor.save("trigger", **typed)["Location"] == editor.url
    assert editor.draft["trigger"] == kept
    assert text in page(editor.client, editor.url)
    assert f'value="{kept["kind"]}"' in page(editor.client, f"{editor.url}trigger/")


def test_rules_of_entry_and_exit(editor: Editor) -> None:
    editor.save("rules", kind="days", days="30", unsubscribed="on", has_goal="on", **CONDITION)
    draft = editor.draft
    assert draft["reentry"] == {"kind": "days", "days": 30}
    exits = draft["exits"]
    assert exits["unsubscribed"] and not exits["suppressed"] and exits["goal"]["version"] == 1
    assert "Again after 30 days" in page(editor.client, editor.url)
    assert "Goal:" in page(editor.client, editor.url)
    editor.save("rules", kind="once", suppressed="on", **CONDITION)
    assert editor.draft["exits"] == {"goal": None, "unsubscribed": False, "suppressed": True}
    wrong = CONDITION | {"r.0.op": "is", "r.0.value": ""}
    assert editor.save("rules", kind="once", has_goal="on", **wrong).status_code == 200
    shown = editor.client.post(f"{editor.url}rules/", {"act": "add:r", **CONDITION}, headers=HTMX)
    assert 'name="r.1.kind"' in shown.content.decode()


def test_a_step_that_nobody_reaches_is_said_so(editor: Editor) -> None:
    editor.press("add:exit:start")
    editor.press("add:wait:after:exit-1")
    assert "Nobody comes to this step" in page(editor.client, editor.url)


def test_what_was_stopped_is_not_written_any_more(editor: Editor) -> None:
    Automation.objects.filter(pk=editor.automation.pk).update(
        draft=definition(waiting(seconds=60, key="wait-1"))
    )
    editor.automation.refresh_from_db()
    activate(automation=editor.automation, now=editor.automation.created_at)
    Automation.objects.filter(pk=editor.automation.pk).update(state="stopping")
    assert "can’t be edited" in page(editor.client, editor.url)
    editor.press("add:exit:start")
    assert editor.keys == ["wait-1"]
    answer = editor.save("trigger", kind="manual")
    assert answer.status_code == 200


def test_a_form_of_htmx_is_led_on_by_a_header(editor: Editor) -> None:
    answer = editor.client.post(editor.url, {"act": "add:wait:start"}, headers=HTMX)
    assert answer["HX-Redirect"] == f"{editor.url}steps/wait-1/"


def test_somebody_elses_things_are_not_offered(editor: Editor) -> None:
    foreign = MessageFactory.create(name="Foreign")
    editor.press("add:send:start")
    assert "Foreign" not in page(editor.client, f"{editor.url}steps/letter-1/")
    answer = editor.save(
        "steps/letter-1", message=foreign.pk, account="email", channel="email", on_cap="wait"
    )
    assert answer.status_code == 200 and "message" not in editor.step("letter-1")
    half = editor.save(
        "steps/letter-1", account="email", channel="email", on_cap="wait", local_from="10:00"
    )
    assert b"Enter both hours, or none." in half.content


def test_another_user_may_not_write(editor: Editor) -> None:
    stranger = Client()
    stranger.force_login(UserFactory.create())
    assert stranger.post(editor.url, {"act": "add:wait:start"}).status_code == 404
