"""Those inside an older version go over to the same step of the new one."""

from __future__ import annotations

from typing import Any

import pytest

from apps.automations.models import Enrolment
from apps.automations.moving import claiming
from apps.automations.services import automations, moving_over
from apps.users.models import User
from tests.automations.stage import Stage, definition, leaving, letter, staged, waiting
from tests.factories import UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def renewed(stage: Stage, *steps: dict[str, Any], **choice: bool) -> None:
    """Activate another draft."""
    stage.automation.draft = definition(*steps)
    stage.automation.save()
    automations.activate(automation=stage.automation, now=stage.now, **choice)


def test_they_go_on_at_the_same_step_of_the_new_version() -> None:
    stage = staged(waiting(seconds=60), leaving(reason="old"))
    people = stage.enrolled(3)
    stage.turn()
    renewed(stage, waiting(seconds=60), leaving(reason="new"), move=True)
    stage.turn()
    old, new = stage.automation.versions.order_by("number")
    assert (old.entered, new.entered, new.waiting) == (0, 3, 3)
    assert {stage.of(one).version_id for one in people} == {new.pk}
    stage.turn(minutes=1)
    assert [stage.at(one) for one in people] == ["finished new"] * 3


def test_a_step_that_is_not_there_any_more_is_done_in_the_old_version() -> None:
    stage = staged(waiting("gone", seconds=60), waiting("rest", seconds=60), leaving(reason="old"))
    (one,) = stage.enrolled()
    stage.turn()
    renewed(stage, waiting("rest", seconds=60), leaving(reason="new"), move=True)
    stage.turn()
    assert stage.of(one).version.number == 1
    stage.turn(minutes=1)
    stage.turn()
    assert (stage.of(one).version.number, stage.at(one)) == (2, "rest")
    stage.turn(minutes=1)
    assert stage.at(one) == "finished new"


def test_another_wait_begins_anew_and_the_same_one_goes_on() -> None:
    stage = staged(waiting("same", seconds=60), leaving())
    (one,) = stage.enrolled()
    stage.turn()
    due = stage.of(one).due_at
    renewed(stage, waiting("same", seconds=60), leaving(), move=True)
    stage.turn(seconds=30)
    assert stage.of(one).due_at == due
    renewed(stage, waiting("same", seconds=3600), leaving(), move=True)
    stage.turn()
    assert (stage.of(one).due_at - stage.now).total_seconds() == 3600


def test_a_letter_that_is_under_way_is_not_sent_again() -> None:
    owner: User = UserFactory.create()
    first = letter(owner, wait_until_sent=True)
    stage = staged(first, leaving(), owner=owner)
    (one,) = stage.enrolled()
    stage.turn()
    renewed(stage, letter(owner, wait_until_sent=True), leaving(reason="new"), move=True)
    stage.turn()
    assert len(stage.letters()) == 1
    stage.send()
    stage.turn(minutes=1)
    assert (stage.at(one), len(stage.letters())) == ("finished new", 1)


def test_a_condition_knows_the_letter_of_the_older_version() -> None:
    owner: User = UserFactory.create()
    send, rest = letter(owner), waiting(seconds=60)
    ask = {"kind": "condition", "key": "look", "did": "sent", "letter": "letter", "otherwise": ""}
    stage = staged(send, rest, ask, leaving(reason="sent"), owner=owner)
    (one,) = stage.enrolled()
    stage.turn()
    stage.send()
    renewed(stage, send, rest, ask, leaving(reason="sent anew"), move=True)
    stage.turn()
    stage.turn(minutes=1)
    assert stage.at(one) == "finished sent anew"


def test_whom_a_worker_holds_goes_over_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving_over, "SOME", 2)
    stage = staged(waiting(seconds=60), leaving())
    stage.enrolled(5)
    stage.turn()
    stage.now += claiming.LEASE * 2
    monkeypatch.setattr(claiming, "MOST", 1)
    assert claiming.claim(stage.now) is not None
    renewed(stage, waiting(seconds=60), leaving(reason="new"), move=True)
    assert moving_over.move_over(stage.now) == 4
    stage.assert_equation()
    assert Enrolment.objects.get(state="moving").version.number == 1
    assert claiming.recover(stage.now + claiming.LEASE * 2) == 1
    assert moving_over.move_over(stage.now) == 1
    stage.assert_equation()


def test_they_stay_where_the_next_activation_says_so() -> None:
    stage = staged(waiting(seconds=60), leaving(reason="old"))
    (one,) = stage.enrolled()
    stage.turn()
    renewed(stage, waiting(seconds=60), leaving(reason="new"), move=True)
    renewed(stage, waiting(seconds=60), leaving(reason="newest"))
    stage.turn()
    assert stage.of(one).version.number == 1
    renewed(stage, waiting(seconds=60), leaving(reason="last"), move=True)
    stage.turn()
    stage.turn(minutes=1)
    assert stage.at(one) == "finished last"
