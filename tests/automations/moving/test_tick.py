"""The tick: sets, tokens and leases; what is not committed was not done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection

from apps.automations.models import Enrolment, StepDone
from apps.automations.moving import claiming, tick
from apps.automations.moving.batch import Batch
from apps.automations.moving.tick import move_due
from apps.automations.recording import Outcome
from apps.automations.services import automations, people
from apps.mailings.models import RecipientTag
from tests.automations.stage import NO_END, leaving, staged, tagging, waiting
from tests.factories import TagFactory, UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_people_go_through_all_steps_and_the_equation_holds() -> None:
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner)
    stage = staged(tagging(tag), waiting(seconds=3600), leaving(reason="done"), owner=owner)
    first, second = stage.enrolled(2)
    stage.turn()
    assert stage.states() == {"waiting": 2}
    assert RecipientTag.objects.filter(tag=tag).count() == 2
    stage.turn(minutes=59)
    assert stage.at(first) == "wait"
    stage.turn(minutes=1)
    assert stage.at(second) == "finished done"
    assert stage.paths(first) == ["tag:next", "wait:next", "exit:end"]
    version = stage.version
    assert (version.entered, version.finished, version.inside) == (2, 2, 0)


def test_who_comes_to_the_end_of_the_list_has_finished() -> None:
    stage = staged(waiting(seconds=0))
    (one,) = stage.enrolled()
    stage.turn()
    assert stage.at(one) == "finished "


def test_a_large_set_is_moved_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "MOST", 2)
    stage = staged(waiting(seconds=0))
    stage.enrolled(5)
    stage.turn()
    assert stage.states() == {"finished": 5}


def test_nobody_moves_in_a_pause_and_all_do_after_it() -> None:
    stage = staged(waiting(seconds=60), waiting("second", seconds=60))
    (one,) = stage.enrolled()
    stage.turn()
    automations.pause(automation=stage.automation)
    stage.turn(hours=1)
    assert stage.at(one) == "wait"
    automations.resume(automation=stage.automation)
    automations.switch(automation=stage.automation, enabled=False)
    stage.turn()
    assert stage.at(one) == "wait"
    automations.switch(automation=stage.automation, enabled=True)
    stage.turn()
    assert stage.at(one) == "second"


def test_nobody_moves_for_an_owner_who_is_blocked() -> None:
    stage = staged(waiting(seconds=0))
    (one,) = stage.enrolled()
    stage.owner.is_active = False
    stage.owner.save()
    stage.turn()
    assert stage.at(one) == "wait"


class Crash(BaseException):
    """The process is gone."""


def test_a_crash_between_claim_and_commit_repeats_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = UserFactory.create()
    tag = TagFactory.create(owner=owner)
    stage = staged(tagging(tag), waiting(seconds=3600), owner=owner)
    people_there = stage.enrolled(3)
    for point in ("record", "locked"):
        with monkeypatch.context() as patched:

            def crash(*args: Any, **kwargs: Any) -> None:
                raise Crash

            patched.setattr(tick, point, crash)
            with pytest.raises(Crash):
                move_due(lambda: stage.now)
        stage.assert_equation()
        assert stage.states() == {"moving": 3}
        assert not StepDone.objects.exists()
        assert not RecipientTag.objects.exists()
        assert move_due(lambda: stage.now) == 0  # they are in somebody's hands
        stage.now += claiming.LEASE + timedelta(seconds=1)
        assert claiming.recover(stage.now) == 3
    stage.turn()
    assert [stage.paths(one) for one in people_there] == [["tag:next"]] * 3


def test_a_worker_whose_lease_has_ended_does_nothing() -> None:
    stage = staged(waiting(seconds=0))
    (one,) = stage.enrolled()
    found = claiming.claim(stage.now)
    assert found is not None
    stage.now += claiming.LEASE + timedelta(seconds=1)
    claiming.recover(stage.now)
    tick._do(found, stage.now)
    stage.assert_equation()
    assert stage.at(one) == "wait"


def test_one_who_meets_a_defect_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = staged(waiting(seconds=3600))
    *others, unlucky = stage.enrolled(4)
    real = tick.STEPS["wait"]

    def breaking(batch: Batch) -> Outcome:
        if unlucky.pk in {one.recipient_id for one in batch.rows}:
            raise ValueError("a defect")
        return real(batch)

    monkeypatch.setattr(tick, "STEPS", {**tick.STEPS, "wait": breaking})
    stage.turn()
    assert stage.at(unlucky) == "failed defect"
    assert stage.states() == {"failed": 1, "waiting": 3}
    monkeypatch.undo()
    mine = Enrolment.objects.filter(automation=stage.automation)
    assert people.retry_failed(enrolments=mine, now=stage.now) == 1
    stage.turn()
    assert stage.at(unlucky) == "wait"


def test_a_database_that_is_away_fails_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = staged(waiting(seconds=3600))
    stage.enrolled(2)

    def away(batch: Batch) -> Outcome:
        raise OperationalError("gone")

    monkeypatch.setattr(tick, "STEPS", {**tick.STEPS, "wait": away})
    with pytest.raises(OperationalError):
        stage.turn()
    stage.assert_equation()
    assert stage.states() == {"moving": 2}


def test_a_loop_through_an_hour_ends_with_the_limit_of_steps() -> None:
    stage = staged(waiting(seconds=3600), waiting("again", seconds=0, next="wait"), exits=NO_END)
    (one,) = stage.enrolled()
    Enrolment.objects.filter(recipient=one).update(steps_taken=198)
    stage.turn()
    stage.turn(hours=1)
    stage.turn(hours=1)
    assert stage.at(one) == "left limit"
    assert StepDone.objects.filter(enrolment__recipient=one).count() == 2


def test_a_second_visit_has_a_row_of_its_own() -> None:
    stage = staged(waiting(seconds=3600, next="wait"), exits=NO_END)
    (one,) = stage.enrolled()
    for _ in range(3):
        stage.turn(hours=1)
    assert list(StepDone.objects.values_list("visit", flat=True)) == [1, 2]
    assert stage.at(one) == "wait"


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how many there are")
def test_who_is_due_is_found_by_an_index_however_many_wait() -> None:
    stage = staged(waiting(seconds=60), owner=UserFactory.create())
    stage.enrolled()
    plans: list[str] = []

    def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT"):
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                plans.extend(row[-1] for row in cursor.fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        claiming.recover(stage.now)
        assert claiming.claim(stage.now) is not None
    looked = [one for one in plans if "enrolment" in one or "U0" in one]
    assert all("INDEX enrolment_" in one for one in looked), looked
    assert len(looked) >= 3
