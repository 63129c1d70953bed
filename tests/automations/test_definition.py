"""A definition: what has its form, where its ways lead, and what its owner has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.automations.definition.parts import Definition
from apps.automations.models import Automation, Enrolment
from apps.automations.services.preflight.checking import checked_outline
from apps.mailings.models import Mailing, Recipient
from tests.automations.stage import (
    MANUAL,
    NO_END,
    definition,
    leaving,
    letter,
    staged,
    tagging,
    waiting,
)
from tests.factories import MailingFactory, MailingListFactory, TagFactory, UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

NO_FORM: list[dict[str, Any]] = [
    {},
    definition(),
    definition(waiting()),
    definition(waiting(seconds=1, at="10:00")),
    definition(waiting(seconds=1, weekdays=[1])),
    definition(waiting(field="born", seconds=1)),
    definition(waiting(until={"tag": 1, "event": "a"}, seconds=1)),
    definition(waiting(until={"did": "opened"}, seconds=1)),
    definition(waiting(until={"tag": 1})),
    definition({"kind": "condition", "key": "if"}),
    definition({"kind": "condition", "key": "if", "did": "sent"}),
    definition({"kind": "split", "key": "s", "shares": [{"share": 50}, {"share": 49}]}),
    definition({"kind": "act", "key": "a", "act": "add_tag"}),
    definition({"kind": "act", "key": "a", "act": "archive", "tag": 1}),
    definition({"kind": "act", "key": "a", "act": "subscribe", "list": 1}),
    definition(leaving(), trigger={"kind": "tag"}),
    definition(leaving(), unknown=1),
    definition(waiting(seconds=1), waiting(seconds=2)),
    definition(waiting(seconds=1, next="nowhere")),
    definition({"kind": "condition", "key": "if", "did": "sent", "letter": "no"}),
    definition(waiting(until={"did": "opened", "letter": "other"}, seconds=1), leaving("other")),
    definition(waiting(seconds=3599, next="wait")),
    definition(waiting("a", seconds=1), waiting("b", seconds=3600, next="a"), leaving("c"))
    | {"steps": [waiting("a", seconds=1), waiting("b", at="10:00", next="a")]},
]


@pytest.mark.parametrize("draft", NO_FORM)
def test_what_has_no_form_is_refused(draft: dict[str, Any]) -> None:
    found = checked_outline(Automation(owner=UserFactory.create(), draft=draft))
    assert found.failures


def test_ways_join_again_and_loops_go_through_an_hour() -> None:
    found = Definition.model_validate(
        definition(
            {"kind": "split", "key": "s", "shares": [{"share": 50, "next": "b"}, {"share": 50}]},
            waiting("a", seconds=1),
            waiting("b", seconds=3600, next="s"),
        )
    )
    assert [paths for _one, paths in found.below()] == [
        {"1": "b", "2": "a"},
        {"next": "b"},
        {"next": "s"},
    ]


def usable(*steps: dict[str, Any], owner: Any, **rules: Any) -> str:
    made = Automation(pk=1, owner=owner, draft=definition(*steps, **rules))
    return " ".join(one.line for one in checked_outline(made).failures)


def test_everything_it_names_is_the_owners() -> None:
    owner, stranger = UserFactory.create_batch(2)
    mine, theirs = TagFactory.create(owner=owner), TagFactory.create(owner=stranger)
    assert usable(tagging(mine), owner=owner) == ""
    refused = [
        usable(tagging(theirs), owner=owner),
        usable(letter(stranger), owner=owner),
        usable(waiting(until={"tag": theirs.pk}, seconds=1), owner=owner),
        usable(leaving(), owner=owner, trigger={"kind": "tag", "tag": theirs.pk}),
        usable(leaving(), owner=owner, trigger={"kind": "segment", "segment": 1}),
        usable(leaving(), owner=owner, trigger={"kind": "subscribed", "list": 1}),
        usable(leaving(), owner=owner, trigger={"kind": "sent", "mailing": 1}),
        usable({"kind": "act", "key": "a", "act": "enrol", "automation": 1}, owner=owner),
        usable(leaving(), owner=owner, exits={"goal": {"version": 1}}),
        usable({"kind": "condition", "key": "if", "tree": {"version": 2}}, owner=owner),
    ]
    assert all(refused), refused
    mailing: Mailing = MailingFactory.create(owner=owner)
    joined = MailingListFactory.create(owner=owner)
    fine = [
        usable(leaving(), owner=owner, trigger={"kind": "sent", "mailing": mailing.pk}),
        usable(leaving(), owner=owner, trigger={"kind": "subscribed", "list": joined.pk}),
        usable(waiting(until={"event": "paid"}, seconds=1), owner=owner),
    ]
    assert fine == [""] * 3


def test_an_automation_does_not_enrol_in_itself() -> None:
    stage = staged(waiting(seconds=1))
    made = stage.automation
    made.draft = definition({"kind": "act", "key": "a", "act": "enrol", "automation": made.pk})
    (found,) = checked_outline(made).failures
    assert (found.step, found.code, "itself" in found.text) == ("a", "action", True)


KEYS = ["a", "b", "c", "d", "e"]
FORWARD = st.sampled_from([*KEYS, "", None])


def steps_of(kinds: list[tuple[int, str | None, str | None]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    tree = {"version": 1, "root": {"field": "full_name", "op": "contains", "value": "1"}}
    for key, (kind, following, other) in zip(KEYS, kinds, strict=False):
        paths = {"next": following, "otherwise": other}
        shares = [{"share": 40, "next": following}, {"share": 60, "next": other}]
        found.append(
            [
                waiting(key, seconds=7200, next=following),
                waiting(key, seconds=0, next=following),
                waiting(key, seconds=600, until={"event": "paid"}, **paths),
                {"kind": "condition", "key": key, "tree": tree, **paths},
                {"kind": "split", "key": key, "shares": shares},
                leaving(key),
            ][kind]
        )
    return found


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 5), FORWARD, FORWARD), min_size=1, max_size=5), st.data())
def test_random_steps_always_end_and_the_equation_holds(kinds: Any, data: Any) -> None:
    draft = definition(*steps_of(kinds), reentry={"kind": "finished"})
    no_end = draft | {"exits": NO_END}
    if checked_outline(Automation(owner=UserFactory.create(), draft=no_end)).failures:
        return
    stage = staged(*draft["steps"], reentry={"kind": "finished"}, exits=NO_END)
    persons = stage.enrolled(3)
    Enrolment.objects.filter(automation=stage.automation).update(steps_taken=180)
    for _ in range(60):
        if data.draw(st.booleans()):
            Recipient.objects.filter(pk=persons[0].pk).update(full_name="1")
        stage.turn(hours=2)
        live = Enrolment.objects.filter(automation=stage.automation)
        live = live.exclude(state__in=("finished", "left"))
        if not live.exists():
            break
        assert len({one.recipient_id for one in live}) == len(live)
    assert set(stage.states()) <= {"finished", "left"}
    assert stage.version.definition["trigger"] == MANUAL
