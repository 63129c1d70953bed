"""Openings and clicks are counted: the terms of the run, its links, hours and shares."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Sum

from apps.feedback.engagement.ingest import take_in_waiting
from apps.feedback.engagement.reaction import NO_LINK, TRAP, Reaction
from apps.mailings.ledger import delivery_reports, runs
from apps.mailings.models import (
    Activity,
    Delivery,
    Engagement,
    EngagementHour,
    EngagementShare,
    FirstReaction,
    LinkEngagement,
    Recipient,
    Run,
    TrackedLink,
    WaitingEngagement,
)
from apps.mailings.services.privacy.erasing import erase_person
from tests.delivery.engine.workers import assert_equation
from tests.feedback.engagement.readers import (
    APPLE,
    NOW,
    THUNDERBIRD,
    clicked,
    opened,
    sent_run,
    take,
    terms,
)

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def link(run: Run, number: int = 1) -> tuple[int, int, int]:
    row = TrackedLink.objects.get(run=run, number=number)
    return row.persons, row.clicks, row.machine_clicks


def hours(run: Run) -> dict[tuple[str, str], int]:
    """All hours together: five minutes may be in the next one."""
    rows = EngagementHour.objects.filter(run=run, count__gt=0).order_by("kind", "term")
    return {
        (kind, term): count
        for kind, term, count in rows.values_list("kind", "term").annotate(total=Sum("count"))
    }


def test_each_letter_stands_in_one_term_of_its_run() -> None:
    run, letters = sent_run(5)
    take(
        opened(letters[0]),
        clicked(letters[0]),
        opened(letters[1], user_agent=APPLE),
        clicked(letters[2], method="HEAD"),
        opened(letters[3], user_agent=APPLE),
        opened(letters[3], at=NOW + timedelta(minutes=5)),
    )
    assert terms(run) == (2, 1, 1, 1)
    assert_equation(run)
    assert hours(run) == {
        ("open", "person"): 2,
        ("open", "unclear"): 2,
        ("click", "person"): 1,
        ("click", "machine"): 1,
    }
    assert link(run) == (1, 1, 1)


def test_a_click_of_a_person_is_an_opening_as_well() -> None:
    run, (letter,) = sent_run()
    take(clicked(letter, 2))
    row = Engagement.objects.get()
    assert (row.opened_at, row.clicked_at, row.opens, row.clicks) == (NOW, NOW, 0, 1)
    assert (row.term, row.delivery_id, row.device) == ("person", letter.pk, "desktop")
    assert terms(run) == (1, 0, 0, 1)


def test_first_reactions_are_written_down_once() -> None:
    _run, (letter, other) = sent_run(2)
    take(clicked(letter, method="HEAD"), opened(other, user_agent=APPLE))
    take(opened(letter, at=NOW + timedelta(minutes=1)))
    take(clicked(letter, at=NOW + timedelta(minutes=2)), opened(letter), clicked(letter))
    rows = FirstReaction.objects.filter(delivery_id=letter.pk).order_by("pk")
    assert [(row.kind, row.term) for row in rows] == [
        ("open", "machine"),
        ("click", "machine"),
        ("open", "person"),
        ("click", "person"),
    ]
    assert [row.term for row in FirstReaction.objects.filter(delivery_id=other.pk)] == ["unclear"]


def test_a_second_set_goes_on_from_the_first() -> None:
    run, (letter,) = sent_run()
    later = NOW + timedelta(hours=2)
    take(opened(letter), clicked(letter))
    take(clicked(letter, at=later), clicked(letter, 2, at=later), opened(letter, at=later))
    row = Engagement.objects.get()
    assert (row.opens, row.clicks) == (2, 3)
    assert (row.opened_at, row.clicked_at, row.last_clicked_at) == (NOW, NOW, later)
    assert (link(run, 1), link(run, 2)) == ((1, 2, 0), (1, 1, 0))
    own = LinkEngagement.objects.get(link__number=1)
    assert (own.delivery_id, own.clicks, own.first_at) == (letter.pk, 2, NOW)
    assert terms(run) == (1, 0, 0, 1)


def test_who_steps_into_the_trap_was_a_machine_all_along() -> None:
    run, (letter,) = sent_run()
    take(clicked(letter, at=NOW - timedelta(seconds=9)))
    assert (terms(run), link(run)) == ((1, 0, 0, 1), (1, 1, 0))
    take(clicked(letter, TRAP))
    assert (terms(run), link(run)) == ((0, 0, 1, 0), (0, 0, 1))
    assert hours(run) == {("click", "machine"): 2}
    assert not LinkEngagement.objects.exists()
    assert not EngagementShare.objects.exclude(opened=0, clicked=0).exists()
    assert_equation(run)


def test_shares_are_of_persons_by_device_program_and_domain() -> None:
    run, letters = sent_run(3)
    Delivery.objects.filter(pk=letters[0].pk).update(address="anna@Mail.example.org")
    take(clicked(letters[0]), opened(letters[1], user_agent=APPLE))
    rows = EngagementShare.objects.filter(run=run)
    assert {(row.by, row.value): (row.opened, row.clicked) for row in rows} == {
        ("device", "desktop"): (1, 1),
        ("client", "Thunderbird"): (1, 1),
        ("domain", "mail.example.org"): (1, 1),
    }


def test_where_only_totals_are_measured_there_is_no_row_of_anybody() -> None:
    run, _letters = sent_run()
    nobody = Reaction("click", NOW, 0, run.pk, 1, 1, user_agent=THUNDERBIRD)
    take(nobody, nobody, replace(nobody, kind="open", number=NO_LINK))
    assert (link(run), terms(run)) == ((0, 2, 0), (0, 0, 0, 0))
    assert hours(run) == {("click", "person"): 2, ("open", "person"): 1}
    assert not Engagement.objects.exists() and not LinkEngagement.objects.exists()


def test_who_said_no_is_counted_nowhere() -> None:
    run, (letter,) = sent_run()
    Recipient.objects.update(unmeasured=True)
    take(opened(letter), clicked(letter))
    assert (link(run), terms(run), hours(run)) == ((0, 0, 0), (0, 0, 0, 0), {})
    assert not Engagement.objects.exists()


def test_of_an_erased_person_only_the_sums_are_kept() -> None:
    run, (letter,) = sent_run()
    erase_person(letter.recipient, now=NOW)
    take(clicked(letter))
    assert (link(run), terms(run)) == ((0, 1, 0), (0, 0, 0, 0))
    assert not Engagement.objects.exists() and not Activity.objects.exists()


@pytest.mark.parametrize("state", ["pending", "unknown"])
def test_a_reaction_waits_until_it_is_known_that_the_letter_was_sent(state: str) -> None:
    figures: dict[str, Any] = {"sent": 0, state: 1, "state": "processing"}
    run, (letter,) = sent_run(**figures)
    Delivery.objects.update(state=state, token=1)
    take(opened(letter))
    take(clicked(letter, at=NOW + timedelta(minutes=1)))
    take_in_waiting(now=NOW)
    assert (terms(run), hours(run)) == ((0, 0, 0, 0), {})
    assert WaitingEngagement.objects.get().delivery_id == letter.pk

    Delivery.objects.update(state="sent")
    Run.objects.update(**{"sent": 1, state: 0})
    assert take_in_waiting(now=NOW) == 1
    assert (terms(run), link(run)) == ((1, 0, 0, 1), (1, 1, 0))
    assert hours(run)["open", "person"] == 1
    assert not WaitingEngagement.objects.exists()
    assert_equation(run)


def test_who_clicks_while_the_letter_is_still_being_sent_is_a_machine() -> None:
    run, (letter,) = sent_run(sent=0, sending=1, state="processing")
    Delivery.objects.update(state="sending", token=1, sent_at=None)
    take(clicked(letter))
    Delivery.objects.update(state="sent")
    Run.objects.update(sent=1, sending=0)
    take_in_waiting(now=NOW)
    assert (terms(run), link(run)) == ((0, 0, 1, 0), (0, 0, 1))


def test_what_waited_for_a_letter_that_failed_is_in_the_sums_only() -> None:
    run, (letter,) = sent_run(sent=0, unknown=1)
    Delivery.objects.update(state="unknown")
    take(clicked(letter))
    Delivery.objects.update(state="failed")
    take_in_waiting(now=NOW)
    assert (link(run), terms(run)) == ((0, 1, 0), (0, 0, 0, 0))
    assert not Engagement.objects.exists() and not WaitingEngagement.objects.exists()


def bounce(run: Run, letter: Delivery) -> None:
    locked = runs.lock(run.pk)
    assert locked is not None
    delivery_reports.apply_all(locked, [delivery_reports.Report(letter.pk)], "bounced", by="test")


def test_a_letter_that_came_back_leaves_the_terms() -> None:
    run, letters = sent_run(2)
    take(clicked(letters[0]), opened(letters[1], user_agent=APPLE))
    bounce(run, letters[0])
    assert terms(run) == (0, 1, 0, 0)
    take(opened(letters[0]))
    bounce(run, letters[1])
    assert terms(run) == (0, 0, 0, 0)
    assert_equation(run)


def test_a_letter_whose_reader_was_forgotten_may_still_come_back() -> None:
    run, (letter,) = sent_run()
    take(clicked(letter))
    Engagement.objects.all().delete()
    bounce(run, letter)
    assert terms(run) == (0, 0, 0, 0)


def test_an_answer_ends_what_is_unanswered() -> None:
    _run, (letter,) = sent_run()
    Activity.objects.create(
        recipient=letter.recipient, last_sent_at=NOW - timedelta(days=1), unanswered=4
    )
    take(opened(letter, method="HEAD"))
    assert Activity.objects.get().unanswered == 4
    take(opened(letter), clicked(letter, at=NOW + timedelta(seconds=9)))
    row = Activity.objects.get()
    assert (row.unanswered, row.last_opened_at, row.last_clicked_at) == (
        0,
        NOW + timedelta(seconds=9),
        NOW + timedelta(seconds=9),
    )
    take(opened(letter, at=NOW - timedelta(days=3)))
    assert Activity.objects.get().last_opened_at == NOW + timedelta(seconds=9)


def test_sends_after_the_answer_stay_unanswered() -> None:
    _run, (letter,) = sent_run()
    Activity.objects.create(recipient=letter.recipient, last_sent_at=NOW, unanswered=1)
    take(opened(letter, at=NOW - timedelta(days=1)))
    assert Activity.objects.get().unanswered == 1


def test_a_long_history_keeps_its_sums_and_its_first_reactions() -> None:
    run, (letter,) = sent_run()
    moments = [NOW + timedelta(minutes=minute) for minute in range(100)]
    first = NOW - timedelta(minutes=50)
    take(clicked(letter, at=first))
    for moment in moments:
        take(opened(letter, at=moment))
    row = Engagement.objects.get()
    assert (row.opens, row.clicks, row.clicked_at) == (100, 1, first)
    assert row.opened_at == first
    assert len(row.events) < 40
    of_opens = EngagementHour.objects.filter(run=run, kind="open")
    assert sum(of_opens.values_list("count", flat=True)) == 100


def test_a_deleted_run_is_passed_over() -> None:
    run, (letter,) = sent_run()
    reaction = opened(letter)
    run.delete()
    take(reaction)
    assert not EngagementHour.objects.exists()
