"""A sample gets the variants; the others wait for the decision, and get what was chosen."""

from __future__ import annotations

import threading
from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.core.errors import Refused
from apps.delivery.engine.runs import queue
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.mailings.ledger import runs
from apps.mailings.models import (
    Delivery,
    Mailing,
    Recipient,
    Run,
    RunExperiment,
    Sender,
)
from apps.mailings.models.ledger import NO_LIMIT
from apps.mailings.services.experiments import running
from apps.mailings.services.experiments.running import (
    ExperimentNotAsked,
    VariantUnknown,
    choose,
    judge_due,
)
from tests.delivery.engine.conftest import ShiftedClock
from tests.delivery.engine.runs.audience.test_languages import in_languages
from tests.delivery.engine.workers import assert_equation
from tests.factories import MessageFactory, VariantFactory, mailing_to
from tests.faults.experiments.clicks import clicked

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

SUBJECT = {"A": "Первый", "B": "Второй"}


@pytest.fixture(autouse=True)
def measured(settings: LazySettings) -> None:
    settings.TRACKING = "persons"


def tried(count: int, **terms: Any) -> Mailing:
    """A mailing to so many people with two subjects."""
    message = MessageFactory.create(subject=SUBJECT["A"])
    mailing = mailing_to(0, message=message, owner=message.owner)
    Recipient.objects.bulk_create(
        Recipient(owner=mailing.owner, email=f"p{at}@example.org", full_name="P")
        for at in range(count)
    )
    given = {f"experiment__{name}": value for name, value in terms.items()}
    VariantFactory.create(experiment__mailing=mailing, subject=SUBJECT["B"], **given)
    return mailing


def launched(mailing: Mailing) -> Run:
    service = DispatchService()
    run_id = service.launch(mailing_id=mailing.pk, trigger="manual").run_id
    service.work_until(run_id, threading.Event())
    return Run.objects.get(pk=run_id)


def gone_on(run: Run) -> Run:
    """What a scheduler does when the moment of the decision has come."""
    service = DispatchService()
    service.dispatch_due()
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    return run


def sent_subjects(directory: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    for file in (directory / "outbox").glob("*.eml"):
        letter = message_from_bytes(file.read_bytes(), policy=policy.default)
        found[str(letter["Subject"])] += 1
    return found


def test_the_sample_is_sent_first_and_the_others_get_the_winner(
    clock: ShiftedClock, tmp_path: Path
) -> None:
    run = launched(tried(600, share=40))
    row = RunExperiment.objects.get(run=run)
    sampled = Delivery.objects.filter(run=run, position__lte=0)
    assert (run.state, run.reason) == ("deferred", "experiment")
    assert run.deferred_until == row.due_at is not None
    assert run.sent == sampled.filter(state="sent").count() == sampled.count()
    assert 190 < run.sent < 290
    assert run.pending == 600 - run.sent
    assert_equation(run)

    clicked(run, 1, 30)
    clicked(run, 2, 70)
    clock.forward(hours=4, minutes=1)
    run = gone_on(run)

    row.refresh_from_db()
    assert (row.winner, row.chosen, row.by) == (2, 2, "figures")
    assert row.figures[1]["best"] > 0.98 and row.figures[0]["events"] == 30
    assert (run.state, run.outcome, run.claim_limit) == ("done", "success", NO_LIMIT)
    subjects = sent_subjects(tmp_path)
    of_sample = Counter(sampled.values_list("content_version", flat=True))
    assert subjects == {SUBJECT["A"]: of_sample[1], SUBJECT["B"]: 600 - of_sample[1]}
    assert not Delivery.objects.filter(run=run, position__gt=0, content_version=1).exists()
    assert_equation(run)


@pytest.mark.parametrize(("rule", "chosen"), [("first", 1), ("leader", 2)])
def test_undecided_the_others_get_what_was_set_in_advance(
    clock: ShiftedClock, rule: str, chosen: int
) -> None:
    run = launched(tried(60, share=50, if_undecided=rule))
    clicked(run, 2, 5)
    clock.forward(hours=5)
    run = gone_on(run)
    row = RunExperiment.objects.get(run=run)
    assert (row.winner, row.chosen, row.by) == (None, chosen, "rule")
    others = Delivery.objects.filter(run=run, position__gt=0, state="sent")
    assert set(others.values_list("content_version", flat=True)) == {chosen}
    assert (run.outcome, run.sent) == ("success", 60)
    assert_equation(run)


def test_undecided_a_person_is_asked_and_chooses_once(clock: ShiftedClock) -> None:
    mailing = tried(60, share=50, if_undecided="ask")
    run = launched(mailing)
    with pytest.raises(ExperimentNotAsked):
        choose(run_id=run.pk, number=2, actor=mailing.owner.email)
    clock.forward(hours=5)
    run = gone_on(run)
    assert (run.state, run.reason) == ("paused", "experiment_undecided")
    with pytest.raises(Refused, match="variant"):
        DispatchService().resume(mailing_id=mailing.pk)
    with pytest.raises(VariantUnknown):
        choose(run_id=run.pk, number=3, actor=mailing.owner.email)

    row = choose(run_id=run.pk, number=2, actor=mailing.owner.email)
    assert (row.chosen, row.by, row.person) == (2, "person", mailing.owner.email)
    with pytest.raises(ExperimentNotAsked):
        choose(run_id=run.pk, number=1, actor=mailing.owner.email)
    run = gone_on(run)
    assert (run.outcome, run.sent) == ("success", 60)
    others = Delivery.objects.filter(run=run, position__gt=0)
    assert set(others.values_list("content_version", flat=True)) == {2}
    assert_equation(run)


def test_a_decision_that_breaks_off_is_made_whole_the_next_time(
    clock: ShiftedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = launched(tried(60, share=50))
    clock.forward(hours=5)

    def dies(_run: runs.LockedRun) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crash, pytest.raises(KeyboardInterrupt):
        crash.setattr(running, "_go_on", dies)
        judge_due()
    row = RunExperiment.objects.get(run=run)
    run.refresh_from_db()
    assert (row.judged_at, row.chosen, run.claim_limit) == (None, None, 0)

    assert judge_due() == 1
    assert judge_due() == 0
    run = gone_on(run)
    assert (run.outcome, run.sent) == ("success", 60)
    assert_equation(run)


def test_a_run_that_wakes_undecided_waits_again(clock: ShiftedClock) -> None:
    run = launched(tried(60, share=50))
    clock.forward(hours=5)
    assert queue.resume_due() == 1
    service = DispatchService()
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert (run.state, run.reason, run.claim_cursor) == ("deferred", "experiment", 0)
    assert judge_due() == 1
    run = gone_on(run)
    assert run.outcome == "success"


def test_in_several_languages_everybody_gets_the_winner_in_their_own(
    clock: ShiftedClock,
) -> None:
    mailing = in_languages(*["ru", "en", "de", ""] * 30)
    sender = Sender.objects.create(
        owner=mailing.owner, name="B", address="b@example.org", confirmed_at=timezone.now()
    )
    plan = {"experiment__mailing": mailing, "experiment__share": 50}
    VariantFactory.create(**plan, subject="", sender=sender)
    run = launched(mailing)
    versions = Delivery.objects.filter(run=run, position__lte=0)
    assert set(versions.values_list("content_version", flat=True)) == {1, 2, 3, 4, 5, 6}
    clicks = Counter(versions.values_list("content_version", flat=True))
    RunExperiment.objects.filter(run=run).update(if_undecided="leader")
    clicked(run, 4, clicks[4])
    clicked(run, 5, clicks[5])
    clock.forward(hours=5)
    run = gone_on(run)
    assert RunExperiment.objects.get(run=run).chosen == 2
    others = Delivery.objects.filter(run=run, position__gt=0)
    got = {
        (language.partition("-")[0], version)
        for language, version in others.values_list("recipient__language", "content_version")
    }
    # The versions of the second variant follow the three of the first.
    languages = {code: at + 3 for code, at in run.content["choice"]["languages"].items()}
    assert got == {*((code, at) for code, at in languages.items()), ("", 4)}
    assert_equation(run)


def test_a_subject_of_its_own_is_refused_where_it_is_not_translated() -> None:
    mailing = in_languages("ru", "en")
    VariantFactory.create(experiment__mailing=mailing)
    with pytest.raises(Refused) as caught:
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert caught.value.code == "variant_untranslated"


def test_what_could_not_be_decided_is_not_launched() -> None:
    mailing = tried(2, wait_minutes=2000)
    with pytest.raises(Refused) as caught:
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert caught.value.code == "experiment_too_long"
    mailing.experiment.wait_minutes = 60
    mailing.experiment.save()
    mailing.tracking = "totals"
    mailing.save()
    with pytest.raises(Refused) as caught:
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    assert caught.value.code == "experiment_unmeasured"


def test_twenty_thousand_are_split_evenly_and_the_sample_stands_first() -> None:
    mailing = tried(20_000, share=20)
    run_id = DispatchService().launch(mailing_id=mailing.pk, trigger="manual").run_id
    freeze_audience(run_id)
    run = Run.objects.get(pk=run_id)
    rows = Delivery.objects.filter(run=run)
    for part in (rows, rows.filter(position__lte=0), rows.filter(position__gt=0)):
        shares = Counter(part.values_list("content_version", flat=True))
        assert abs(shares[1] / shares.total() - 0.5) < 4 * 0.5 / shares.total() ** 0.5
    found = rows.order_by("position").values_list("position", flat=True)
    places = [place for place in found if place is not None]
    assert abs(1 - places[0] - 4_000) < 4 * 57  # standard deviations
    assert places == list(range(places[0], places[-1] + 1))
    assert (run.claim_cursor, run.claim_limit) == (places[0] - 1, 0)
    assert_equation(run)


def test_late_events_change_nothing(clock: ShiftedClock) -> None:
    run = launched(tried(300, share=50))
    clock.forward(hours=5)
    run = gone_on(run)
    before = RunExperiment.objects.values().get(run=run)
    clicked(run, 2, 80)
    assert judge_due() == 0
    assert RunExperiment.objects.values().get(run=run) == before
    assert before["winner"] is None


def test_where_all_are_the_sample_nobody_waits(clock: ShiftedClock) -> None:
    run = launched(tried(300, share=100))
    assert (run.state, run.sent) == ("done", 300)
    clicked(run, 1, 31)
    clicked(run, 2, 80)
    assert judge_due() == 0
    clock.forward(hours=5)
    assert judge_due() == 1
    row = RunExperiment.objects.get(run=run)
    assert (row.winner, row.chosen) == (2, None)
    run.refresh_from_db()
    assert_equation(run)


def test_a_pause_outlasts_the_decision(clock: ShiftedClock) -> None:
    mailing = tried(60, share=50)
    run = launched(mailing)
    DispatchService().pause(mailing_id=mailing.pk)
    clock.forward(hours=5)
    run = gone_on(run)
    assert (run.state, run.reason, run.claim_limit) == ("paused", "paused_by_user", NO_LIMIT)
    DispatchService().resume(mailing_id=mailing.pk)
    run = gone_on(run)
    assert (run.outcome, run.sent) == ("success", 60)


def test_a_stop_closes_the_sample_and_the_others(clock: ShiftedClock) -> None:
    mailing = tried(60, share=50)
    run = launched(mailing)
    DispatchService().stop(mailing_id=mailing.pk)
    run.refresh_from_db()
    assert (run.state, run.pending, run.sending) == ("done", 0, 0)
    assert run.cancelled == 60 - run.sent
    assert_equation(run)


def test_what_an_experiment_compares_is_not_replaced(clock: ShiftedClock) -> None:
    mailing = tried(60, share=50)
    launched(mailing)
    service = DispatchService()
    service.pause(mailing_id=mailing.pk)
    mailing.message.subject = "Другое"
    mailing.message.save()
    with pytest.raises(Refused) as caught:
        service.replace_content(mailing_id=mailing.pk)
    assert caught.value.code == "experiment_fixed"
