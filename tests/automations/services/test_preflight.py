"""What prevents an activation is said at its step, all of it, and nothing is left behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.automations.models import Step
from apps.automations.services import automations
from apps.automations.services.preflight.checking import (
    AutomationUnfit,
    CheckedDraft,
    checked_draft,
    checked_outline,
)
from apps.delivery.models import AccountState
from apps.mailings.models import Sender
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import subscribe
from apps.users.models import User
from tests.automations.stage import (
    MANUAL,
    NO_END,
    automation,
    definition,
    leaving,
    letter,
    staged,
    tagging,
    waiting,
)
from tests.factories import (
    MailingListFactory,
    MessageFactory,
    RecipientFactory,
    TagFactory,
    UserFactory,
)

pytestmark = [pytest.mark.engine, pytest.mark.django_db]


@pytest.fixture
def owner() -> User:
    return UserFactory.create()


def checked(owner: User, *steps: dict[str, Any], **rules: Any) -> CheckedDraft:
    found = automation(owner, definition(*steps, **rules))
    return checked_draft(found, timezone.now())


def failures(found: CheckedDraft) -> list[tuple[str, str]]:
    return [(one.step, one.text) for one in found.failures]


def test_a_draft_that_fits_says_so(owner: User) -> None:
    found = checked(owner, letter(owner), waiting(seconds=60))
    assert found.failures == []
    assert found.worst in ("pass", "warn")
    bare = checked(owner, waiting(seconds=60))
    assert [one.text for one in bare.findings] == ["It can be activated."]


def test_where_a_part_has_no_form_the_others_are_checked_all_the_same(owner: User) -> None:
    found = checked_draft(automation(owner, {"trigger": MANUAL}), timezone.now())
    assert (failures(found), found.forecast) == ([("", "Add a step.")], None)
    steps = (letter(owner, account="nowhere"), {"kind": "condition", "key": "if"})
    found = checked(owner, *steps, trigger={"kind": "tag", "tag": 10**9}, reentry={"kind": "ever"})
    assert [(one.step, one.code) for one in found.failures] == [
        ("trigger", "not_found"),
        ("exits", "unfit"),
        ("letter", "account"),
        ("if", "incomplete"),
    ]


def test_ways_that_lead_nowhere_and_quick_loops_are_named(owner: User) -> None:
    asked = {"kind": "condition", "key": "if", "did": "sent", "letter": "wait"}
    found = checked(owner, waiting(seconds=1, next="gone"), asked)
    assert [(one.step, one.code) for one in found.failures] == [
        ("wait", "wrong_way"),
        ("if", "wrong_way"),
    ]
    split = {"kind": "split", "key": "s"}
    shares = [{"share": 50, "next": "one"}, {"share": 50, "next": "two"}]
    loops = (
        split | {"shares": shares},
        waiting("one", seconds=1, next="s"),
        waiting("two", seconds=1, next="two"),
    )
    found = checked(owner, *loops, exits=NO_END)
    assert [one.step for one in found.failures if one.code == "quick_loop"] == ["s", "two"]


def test_the_editor_and_the_activation_say_the_same_of_all_but_the_messages(owner: User) -> None:
    AccountState.objects.update_or_create(name="email", defaults={"state": "off"})
    steps = (letter(owner, "disabled"), leaving(), waiting("lost", seconds=1, next="lost"))
    found = automation(owner, definition(*steps))
    outline = checked_outline(found)
    assert [(one.step, one.code, one.result) for one in outline.findings] == [
        ("disabled", "account", "fail"),
        ("lost", "quick_loop", "fail"),
        ("lost", "unreachable", "warn"),
    ]
    whole = checked_draft(found, timezone.now())
    assert whole.failures == outline.failures
    with pytest.raises(AutomationUnfit) as caught:
        automations.activate(automation=found, now=timezone.now())
    assert caught.value.findings == outline.failures


def test_more_steps_ask_the_database_no_more(owner: User) -> None:
    def queries(steps: int) -> int:
        tag = TagFactory.create(owner=owner)
        those = [letter(owner, f"letter-{n}") for n in range(steps)]
        those += [tagging(tag, f"tag-{n}") for n in range(steps)]
        found = automation(owner, definition(*those))
        with CaptureQueriesContext(connection) as asked:
            assert checked_outline(found).findings == []
        return len(asked)

    assert queries(1) == queries(5)


def test_a_step_at_which_nobody_comes_prevents_nothing(owner: User) -> None:
    found = automation(owner, definition(leaving(), waiting("lost", seconds=60)))
    assert [one.code for one in checked_outline(found).warnings] == ["unreachable"]
    assert automations.activate(automation=found, now=timezone.now()).number == 1


def test_everything_that_is_not_there_is_named_at_its_step(owner: User) -> None:
    theirs = TagFactory.create()
    steps = (tagging(theirs), letter(owner) | {"message": 10**9}, tagging(theirs, "again"))
    found = checked(owner, *steps)
    assert [step for step, _text in failures(found)] == ["tag", "letter", "again"]


def test_letters_that_cannot_be_sent(owner: User) -> None:
    no_link = MessageFactory.create(owner=owner, text="Hi", html="")
    broken = MessageFactory.create(owner=owner, text="{{ unsubscribe_url", html="")
    steps = (
        letter(owner, "one") | {"message": no_link.pk},
        letter(owner, "two") | {"message": broken.pk},
        letter(owner, "three") | {"message": no_link.pk, "transactional": True},
    )
    found = checked(owner, *steps)
    assert [step for step, _text in failures(found)] == ["one", "two"]
    assert "unsubscribe" in failures(found)[0][1]


def test_channels_without_an_account(owner: User) -> None:
    AccountState.objects.update_or_create(name="email", defaults={"state": "off"})
    unconfirmed = Sender.objects.create(owner=owner, name="A", address="a@example.org")
    steps = (
        letter(owner, "unknown", account="nowhere"),
        letter(owner, "other", channel="phone"),
        letter(owner, "disabled"),
        letter(owner, "sender", sender=unconfirmed.pk),
        letter(owner, "nobody", sender=10**9),
    )
    found = checked(owner, *steps)
    assert [step for step, _text in failures(found)][:3] == ["unknown", "other", "disabled"]
    assert {"sender", "nobody"} <= {step for step, _text in failures(found)}


def test_steps_without_an_end_and_without_a_beginning(owner: User) -> None:
    day = 86_400
    steps = (
        waiting("first", seconds=day),
        waiting("second", seconds=day, next="first"),
        leaving("lost"),
    )
    found = checked(owner, *steps)
    assert failures(found) == [
        ("first", "No way leads from here to an end."),
        ("second", "No way leads from here to an end."),
    ]
    assert ("lost", "warn") in [(one.step, one.result) for one in found.findings]
    goal = {"version": 1, "root": {"field": "email", "op": "known"}}
    with_goal = checked(owner, *steps, exits={"goal": goal})
    assert ("first", "No way leads from here to an end.") not in failures(with_goal)


def test_the_activation_refuses_with_the_whole_list(owner: User) -> None:
    no_link = MessageFactory.create(owner=owner, text="Hi", html="").pk
    steps = (letter(owner, "one") | {"message": no_link}, letter(owner, "two", account="nowhere"))
    found = automation(owner, definition(*steps))
    with pytest.raises(AutomationUnfit) as caught:
        automations.activate(automation=found, now=timezone.now())
    assert [one.step for one in caught.value.findings] == ["one", "two"]
    assert "one: " in str(caught.value) and "two: " in str(caught.value)
    assert not Step.objects.exists()


def test_the_forecast_counts_those_who_would_have_come(owner: User) -> None:
    now = timezone.now()
    people_of = MailingListFactory.create(owner=owner)
    for days in (1, 29, 31):
        person = RecipientFactory.create(owner=owner)
        since = now - timedelta(days=days)
        said = Evidence(source="form", by_person=True, said_at=since, statement="Yes")
        subscribe(recipient=person, lists=[people_of], evidence=said, now=since)
    trigger = {"kind": "subscribed", "list": people_of.pk}
    found = checked(owner, letter(owner, "a"), letter(owner, "b"), trigger=trigger).forecast
    assert found is not None
    assert (found.arrivals, found.letters, found.per_day) == (2, 2, 1)
    theirs = UserFactory.create()
    stolen = checked(theirs, letter(theirs), trigger=trigger).forecast
    assert stolen is not None and stolen.arrivals == 0
    assert checked(owner, letter(owner)).forecast is None


def test_once_active_the_forecast_counts_those_who_came(owner: User) -> None:
    stage = staged(letter(owner), owner=owner)
    stage.enrolled(3)
    found = checked_draft(stage.automation, stage.now).forecast
    assert found is not None and (found.arrivals, found.per_day) == (3, 1)


def test_an_account_that_may_not_send_so_much_is_named(owner: User, settings: LazySettings) -> None:
    limited = settings.ACCOUNTS["email"].model_copy(update={"per_day": 1})
    settings.ACCOUNTS = {**settings.ACCOUNTS, "email": limited}
    stage = staged(letter(owner, "a"), letter(owner, "b"), owner=owner)
    stage.enrolled(20)
    found = checked_draft(stage.automation, stage.now)
    (warned,) = [one for one in found.findings if one.step == ""]
    assert "2" in warned.text and warned.result == "warn"
