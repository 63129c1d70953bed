"""Send: through the ledger, with all that it knows of people."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.automations.models import Enrolment, StepDone
from apps.automations.services import automations, people
from apps.delivery.service import DispatchService
from apps.mailings.models import Consent, Delivery, Mailing, Message, Recipient, Run, Subscription
from apps.mailings.services.permission.consents import Evidence
from apps.mailings.services.permission.subscribing import unsubscribe_all
from tests.automations.stage import Stage, letter, staged, waiting
from tests.delivery.engine.workers import assert_equation
from tests.factories import MailingListFactory, SuppressionFactory, UserFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def sending(*after: dict[str, Any], **fields: Any) -> Stage:
    owner = UserFactory.create()
    return staged(letter(owner, **fields), *after, owner=owner)


def run_of(stage: Stage) -> Run:
    run = Run.objects.get(mailing__step_mailing__step__version=stage.version)
    assert_equation(run)
    return run


def test_the_letter_of_a_step_has_a_run_that_stays_open() -> None:
    stage = sending()
    assert run_of(stage).reason == "between_arrivals"
    one, two = stage.enrolled(2)
    stage.turn()
    assert stage.states() == {"finished": 2}
    stage.send()
    assert run_of(stage).sent == 2
    assert {found.recipient_id for found in stage.letters()} == {one.pk, two.pk}
    done = StepDone.objects.get(enrolment__recipient=one)
    assert done.delivery_id in {found.pk for found in stage.letters()}
    mailing = Mailing.objects.get(step_mailing__step__version=stage.version)
    assert (mailing.kind, mailing.purpose, mailing.basis) == ("automation", "marketing", "stated")


def test_a_suppressed_person_leaves_and_gets_nothing() -> None:
    stage = sending()
    one = stage.person()
    SuppressionFactory.create(owner=stage.owner, address=one.email)
    stage.enrol(one)
    stage.turn()
    assert stage.at(one) == "left suppressed"
    assert stage.letters() == []


def test_the_statement_itself_leaves_out_whom_the_rules_of_exit_let_through() -> None:
    owner = UserFactory.create()
    exits = {"suppressed": False, "unsubscribed": False}
    stage = staged(letter(owner), owner=owner, exits=exits)
    one = stage.person()
    SuppressionFactory.create(owner=owner, address=one.email)
    stage.enrol(one)
    stage.turn()
    assert stage.at(one) == "finished "
    assert [found.state for found in stage.letters()] == ["suppressed"]
    assert run_of(stage).left_suppressed == 1


def leave_everything(person: Recipient) -> None:
    evidence = Evidence(source=Consent.Source.PAGE, by_person=True, said_at=timezone.now())
    unsubscribe_all(recipient=person, evidence=evidence, now=timezone.now())


@pytest.mark.parametrize("moment", range(5))
def test_who_unsubscribes_gets_none_of_three_letters_whenever_it_happens(moment: int) -> None:
    """Before the first turn, between letters, and between adding and sending."""
    owner = UserFactory.create()
    steps = [letter(owner, "first"), waiting("w1", seconds=3600), letter(owner, "second")]
    stage = staged(*steps, waiting("w2", seconds=3600), letter(owner, "third"), owner=owner)
    (one,) = stage.enrolled()
    sent = 0
    for at in range(5):
        if at == moment:
            leave_everything(one)
        if at % 2:
            stage.send()
            sent = Delivery.objects.filter(state="sent").count()
        else:
            stage.turn(hours=at)
    stage.send()
    states = list(Delivery.objects.values_list("state", flat=True))
    assert states.count("sent") == moment // 2
    assert states.count("pending") == 0
    assert sent <= 2
    assert stage.of(one).state in ("left", "finished")


def test_a_letter_that_is_waited_for_is_asked_of_the_ledger() -> None:
    stage = sending(waiting(seconds=3600), wait_until_sent=True)
    (one,) = stage.enrolled()
    stage.turn()
    assert stage.at(one) == "letter"
    assert stage.of(one).begun
    stage.turn(minutes=1)
    assert stage.at(one) == "letter"
    stage.send()
    stage.turn(minutes=1)
    assert stage.at(one) == "wait"
    assert len(stage.letters()) == 1


def settle(stage: Stage, state: str) -> None:
    """The run's counters follow, for the database checks them."""
    (found,) = stage.letters()
    Delivery.objects.filter(pk=found.pk).update(state=state)
    Run.objects.filter(pk=found.run_id).update(pending=0, **{state: 1})


def test_an_unknown_letter_is_a_term_of_the_equation_until_somebody_knows() -> None:
    stage = sending(wait_until_sent=True)
    (one,) = stage.enrolled()
    stage.turn()
    settle(stage, "unknown")
    stage.turn(minutes=1)
    assert stage.states() == {"unknown": 1}
    assert stage.version.unknown == 1
    run = run_of(stage)
    DispatchService().resolve_unknown(run_id=run.pk, delivery_ids=None, verdict="sent", actor="a")
    stage.turn(minutes=30)
    assert stage.at(one) == "finished "


def test_a_failed_letter_fails_its_person_who_may_try_again_or_go_on() -> None:
    stage = sending(wait_until_sent=True)
    (one,) = stage.enrolled()
    stage.turn()
    settle(stage, "failed")
    stage.turn(minutes=1)
    assert stage.at(one) == "failed letter_failed"
    mine = Enrolment.objects.filter(recipient=one)
    people.retry_failed(enrolments=mine, now=stage.now)
    stage.turn()
    assert len(stage.letters()) == 2  # a second round of the letter
    assert stage.letters()[1].run_id != stage.letters()[0].run_id
    stage.send()
    stage.turn(minutes=5)
    assert stage.at(one) == "finished "


def test_a_step_can_be_passed_over() -> None:
    stage = sending(waiting(seconds=3600), wait_until_sent=True)
    (one,) = stage.enrolled()
    stage.turn()
    settle(stage, "failed")
    stage.turn(minutes=1)
    people.skip_failed(enrolments=Enrolment.objects.filter(recipient=one), now=stage.now)
    stage.turn()
    assert stage.at(one) == "wait"
    with pytest.raises(people.NotEnrolled):
        people.skip_failed(enrolments=Enrolment.objects.filter(recipient=one), now=stage.now)


def test_a_letter_that_cannot_be_added_fails_with_the_reason() -> None:
    stage = sending()
    one, two = stage.enrolled(2)
    DispatchService().stop(mailing_id=run_of(stage).mailing_id)
    stage.turn()
    assert stage.at(one) == stage.at(two) == "failed letter_refused"


def test_who_comes_back_gets_the_letter_in_the_next_round() -> None:
    owner = UserFactory.create()
    stage = staged(letter(owner), owner=owner, reentry={"kind": "finished"})
    one = stage.person()
    for _ in range(3):
        stage.enrol(one)
        stage.turn(minutes=1)
    assert len({found.run_id for found in stage.letters()}) == len(stage.letters()) == 3


def test_a_list_is_the_right_by_which_its_letters_are_sent() -> None:
    owner = UserFactory.create()
    joined = MailingListFactory.create(owner=owner)
    trigger = {"kind": "subscribed", "list": joined.pk}
    exits = {"unsubscribed": False}
    stage = staged(letter(owner), owner=owner, trigger=trigger, exits=exits)
    mailing = Mailing.objects.get(step_mailing__step__version=stage.version)
    assert (mailing.basis, mailing.lists.get()) == ("subscription", joined)
    (stranger,) = stage.enrolled()
    stage.turn()
    assert [found.left_out for found in stage.letters()] == ["no_consent"]
    assert not Subscription.objects.filter(recipient=stranger).exists()


def test_hours_caps_and_purpose_are_those_of_the_step() -> None:
    hours = {"local_from": "09:00", "local_to": "21:00"}
    stage = sending(transactional=True, on_cap="skip", **hours)
    mailing = Mailing.objects.get(step_mailing__step__version=stage.version)
    assert (mailing.purpose, mailing.on_cap, mailing.local_from.hour) == ("service", "skip", 9)


def test_the_right_may_be_named_and_is_asked_for_where_one_is_needed(settings: Any) -> None:
    settings.CONSENT_REQUIRED = True
    stage = sending()
    assert Mailing.objects.get(step_mailing__step__version=stage.version).basis == "consent"
    stage = sending(basis="consent")
    assert Mailing.objects.get(step_mailing__step__version=stage.version).basis == "consent"


def test_an_address_that_another_person_has_in_this_run_fails() -> None:
    stage = sending()
    (one,) = stage.enrolled()
    stage.turn()
    address, one.email = one.email, "moved@example.org"
    one.save()
    other = stage.person(email=address)
    stage.enrol(other)
    stage.turn()
    assert stage.at(other) == "failed address_taken"


def test_pictures_are_made_before_the_transaction_of_the_activation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[tuple[int, bool]] = []

    def make(message_id: int) -> None:
        made.append((message_id, connection.in_atomic_block))

    monkeypatch.setattr(automations, "make_letter_pictures", make)
    sending()
    assert made == [(Message.objects.get().pk, False)]
