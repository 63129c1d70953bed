"""Write, activate, pause, stop, put away; enrol and remove."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.automations import enrolling, job
from apps.automations.clock import database_now
from apps.automations.models import (
    Automation,
    AutomationEvent,
    AutomationVersion,
    Enrolment,
    SegmentPresence,
    Step,
    StepDone,
    StepMailing,
)
from apps.automations.personal_data import AutomationData
from apps.automations.services import automations, people
from apps.automations.services.automations import AutomationService, AutomationState
from apps.core.errors import Refused
from apps.core.personal_data import Person
from apps.mailings.models import Recipient
from apps.users.models import AuditEntry
from tests.automations.stage import (
    Stage,
    automation,
    definition,
    leaving,
    letter,
    staged,
    waiting,
)
from tests.factories import RecipientFactory, TagFactory, UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_a_draft_is_kept_as_it_is_and_asked_about_at_the_activation() -> None:
    owner = UserFactory.create()
    service = AutomationService(owner)
    found = service.save(Automation(owner=owner, name="  Two   words ", draft={"steps": []}))
    assert found.name == "Two words"
    with pytest.raises(Refused) as caught:
        automations.activate(automation=found, now=timezone.now())
    assert caught.value.code == "automation_unfit"
    assert service.remove(found, now=timezone.now())
    with pytest.raises(automations.AutomationUnknown):
        automations.pause(automation=found)
    with pytest.raises(ValidationError):
        service.save(Automation(owner=owner, name=""))


def test_an_activation_that_a_letter_refuses_leaves_nothing_behind() -> None:
    owner = UserFactory.create()
    found = automation(owner, definition(letter(owner, account="nowhere")))
    with pytest.raises(Refused):
        automations.activate(automation=found, now=timezone.now())
    assert not Step.objects.exists()
    assert not StepMailing.objects.exists()


def test_those_inside_finish_the_old_version_or_leave_it() -> None:
    stage = staged(waiting(seconds=60), waiting("rest", seconds=60))
    (one,) = stage.enrolled()
    stage.turn()
    Automation.objects.filter(pk=stage.automation.pk).update(draft=definition(leaving()))
    second = automations.activate(automation=stage.automation, now=stage.now)
    (two,) = stage.enrolled()
    stage.turn(minutes=1)
    assert (stage.at(one), stage.at(two)) == ("rest", "finished ")
    assert (second.number, stage.version) == (2, second)
    automations.activate(automation=stage.automation, now=stage.now, leave=True)
    stage.turn()
    assert stage.at(one) == "left stopped"


def test_a_stop_lets_those_inside_finish_and_is_put_away_then() -> None:
    stage = staged(waiting(seconds=60))
    (one,) = stage.enrolled()
    automations.stop(automation=stage.automation, now=stage.now)
    with pytest.raises(people.NotEnrolled):
        stage.enrol(stage.person())
    with pytest.raises(AutomationState, match="stopping"):
        automations.pause(automation=stage.automation)
    with pytest.raises(AutomationState):
        automations.activate(automation=stage.automation, now=stage.now)
    stage.turn()
    assert stage.at(one) == "wait"
    with pytest.raises(AutomationState):
        AutomationService(stage.owner).remove(stage.automation, now=stage.now)
    stage.turn(minutes=1)
    stage.automation.refresh_from_db()
    assert stage.automation.state == "archived"


def test_a_stop_at_once_lets_everybody_leave() -> None:
    stage = staged(waiting(seconds=60))
    stage.enrolled(3)
    stage.turn()
    automations.stop(automation=stage.automation, now=stage.now, leave=True)
    stage.assert_equation()
    assert stage.version.left_stopped == 3


def test_one_that_was_active_is_archived_when_nobody_is_in() -> None:
    stage = staged(waiting(seconds=0))
    stage.enrolled()
    stage.turn()
    assert not AutomationService(stage.owner).remove(stage.automation, now=stage.now)
    stage.automation.refresh_from_db()
    assert stage.automation.state == "archived"


def test_people_come_in_chunks_and_one_live_enrolment_is_the_databases_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(people, "CHUNK", 2)
    stage = staged(waiting(seconds=60), reentry={"kind": "always"})
    persons = stage.persons(5)
    stranger = RecipientFactory.create()
    assert stage.enrol(*persons, stranger) == 5
    assert stage.enrol(*persons) == 0
    noted = AuditEntry.objects.filter(details__has_key="enrolled").order_by("pk")
    assert [*noted.values_list("count", flat=True)] == [2, 2, 1]
    stage.assert_equation()
    first = stage.of(persons[0])
    first.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        first.save(force_insert=True)


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        ({"kind": "once"}, [0, 0, 0]),
        ({"kind": "finished"}, [0, 1, 1]),
        ({"kind": "days", "days": 2}, [0, 0, 1]),
        ({"kind": "always"}, [0, 1, 1]),
    ],
)
def test_who_may_come_in_again(rule: dict[str, Any], after: list[int]) -> None:
    """While inside, after the end, and some days later."""
    stage = staged(waiting(seconds=60), reentry=rule)
    (one,) = stage.enrolled()
    again = [stage.enrol(one)]
    stage.turn()
    stage.turn(minutes=1)
    again.append(stage.enrol(one))
    stage.turn()
    stage.turn(days=3)
    again.append(stage.enrol(one))
    assert again == after


def test_a_cause_brings_nobody_twice() -> None:
    stage = staged(waiting(seconds=0), reentry={"kind": "finished"})
    (one,) = stage.persons(1)
    rows = Recipient.objects.filter(pk=one.pk)
    asked: dict[str, Any] = {
        "automation": stage.automation,
        "people": rows,
        "now": stage.now,
        "cause": "api:7",
    }
    assert people.enrol_people(**asked) == 1
    noted = AuditEntry.objects.get(details__has_key="enrolled")
    assert (noted.object_id, noted.count) == (stage.automation.pk, 1)
    stage.turn()
    assert people.enrol_people(**asked) == 0


def test_people_can_be_removed_from_whatever_step_they_are_at() -> None:
    stage = staged(waiting(seconds=60), waiting("rest", seconds=60))
    one, two = stage.enrolled(2)
    stage.turn()
    Enrolment.objects.filter(recipient=two).update(due_at=stage.now)
    stage.turn()
    mine = Enrolment.objects.filter(automation=stage.automation)
    assert people.remove(enrolments=mine, now=stage.now) == 2
    stage.assert_equation()
    assert stage.at(one) == "left removed"
    with pytest.raises(people.NotEnrolled):
        people.retry_failed(enrolments=mine, now=stage.now)


def test_nobody_comes_into_nothing() -> None:
    owner = UserFactory.create()
    assert enrolling.entrance_of(automation(owner, {})) is None
    stage = staged(waiting(seconds=60))
    entrance = enrolling.entrance_of(stage.automation)
    assert entrance is not None
    nobody = Recipient.objects.none()
    assert enrolling.enrol(entrance, nobody, now=stage.now) == 0
    assert people.enrol_people(automation=stage.automation, people=nobody, now=stage.now) == 0


def test_what_is_kept_of_a_person_is_copied_and_erased() -> None:
    stage = staged(waiting(seconds=60))
    (one,) = stage.enrolled()
    AutomationEvent.objects.create(owner=stage.owner, name="paid", recipient=one, at=stage.now)
    SegmentPresence.objects.create(automation=stage.automation, recipient=one)
    person = Person(stage.owner.pk, one.pk, frozenset())
    copy = AutomationData().copied(person)
    assert [row["name"] for row in copy["events"]] == ["paid"]
    assert [row["automation"] for row in copy["automations"]] == ["Welcome"]
    assert AutomationData().erase(person) == 2
    assert not AutomationEvent.objects.exists()
    stage.turn()
    assert stage.version.left_erased == 1


def test_the_scheduler_gives_it_turns() -> None:
    stage = staged(waiting(seconds=0))
    stage.enrolled(2)
    job.AutomationMoving().run(timezone.now(), lambda: False)
    assert stage.states() == {"finished": 2}
    assert abs(database_now() - timezone.now()) < timedelta(minutes=1)
    stage.enrolled(1)
    job.turn(stopping=lambda: True)
    assert stage.states() == {"finished": 2, "waiting": 1}


def test_rows_have_names() -> None:
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner)
    stage: Stage = staged(letter(owner), owner=owner, trigger={"kind": "tag", "tag": tag.pk})
    (one,) = stage.enrolled()
    stage.turn()
    event = AutomationEvent.objects.create(owner=owner, name="paid", recipient=one, at=stage.now)
    presence = SegmentPresence.objects.create(automation=stage.automation, recipient=one)
    rows: list[Any] = [event, presence, stage.automation, stage.of(one)]
    rows += [AutomationVersion.objects.get(), Step.objects.get()]
    rows += [StepDone.objects.get(), StepMailing.objects.get()]
    assert all(map(str, rows))
    assert AutomationVersion.objects.visible_to(owner).count() == 1
    assert Enrolment.objects.editable_by(UserFactory.create()).count() == 0
