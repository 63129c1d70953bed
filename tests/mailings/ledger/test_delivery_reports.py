"""The ledger's verb for reports about a sent delivery: one step, counted, never twice."""

from __future__ import annotations

import pytest
from django.db import transaction

from apps.core.responses.stored import coded, foreign
from apps.mailings.ledger import runs
from apps.mailings.ledger.delivery_reports import Effect, Report, apply_all
from apps.mailings.models import Attempt, Delivery, Run
from apps.mailings.models.ledger import STATES
from tests.delivery.engine.workers import assert_equation
from tests.factories import DeliveryFactory, RunFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

MOVES = {
    ("sent", "delivered"),
    ("sent", "bounced"),
    ("unknown", "sent"),
    ("unknown", "delivered"),
    ("unknown", "bounced"),
}


def report(delivery: Delivery, state: str, text: str = "reported") -> Effect:
    with transaction.atomic():
        run = runs.lock(delivery.run_id)
        assert run is not None
        reported = Report(delivery.pk, 550, foreign(text))
        return apply_all(run, [reported], state, by="test")[delivery.pk]


def delivery_in(state: str, **fields: object) -> Delivery:
    done = state not in ("pending", "sending")
    run = RunFactory.create(state="done" if done else "processing", outcome="", **{state: 1})
    token = 1 if state == "sending" else None
    return DeliveryFactory.create(run=run, state=state, token=token, code=250, response="2.0.0 Ok")


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("state_reported", ["sent", "delivered", "bounced"])
def test_a_report_moves_only_what_is_out(state: str, state_reported: str) -> None:
    delivery = delivery_in(state)
    effect = report(delivery, state_reported)
    delivery.refresh_from_db()
    moves = (state, state_reported) in MOVES
    assert delivery.state == (state_reported if moves else state)
    early = state == "sending"
    assert effect is (Effect.MOVED if moves else Effect.EARLY if early else Effect.NONE)
    assert_equation(delivery.run)


@pytest.mark.parametrize(
    ("before", "state_reported", "outcome"),
    [
        ({"sent": 1}, "delivered", "success"),
        ({"sent": 1}, "bounced", "failed"),
        ({"sent": 2}, "bounced", "partial"),
        ({"unknown": 1}, "sent", "success"),
        ({"unknown": 1}, "delivered", "success"),
        ({"unknown": 1}, "bounced", "failed"),
    ],
)
def test_the_outcome_of_a_closed_run_is_judged_again(
    before: dict[str, int], state_reported: str, outcome: str
) -> None:
    run = RunFactory.create(state="done", outcome="success", **before)
    state, count = next(iter(before.items()))
    deliveries = DeliveryFactory.create_batch(count, run=run, state=state)
    report(deliveries[0], state_reported)
    run.refresh_from_db()
    assert (run.state, run.outcome) == ("done", outcome)
    assert_equation(run)


def test_the_same_report_again_changes_nothing() -> None:
    delivery = delivery_in("sent")
    assert [report(delivery, "bounced"), report(delivery, "bounced")] == [Effect.MOVED, Effect.NONE]
    assert report(delivery, "delivered") is Effect.NONE
    assert_equation(delivery.run)


def test_a_refusal_leaves_its_words_and_a_delivery_keeps_the_servers() -> None:
    bounced, delivered = delivery_in("sent"), delivery_in("sent")
    report(bounced, "bounced", "5.1.1 no such user " + "x" * 900)
    report(delivered, "delivered")
    bounced.refresh_from_db()
    delivered.refresh_from_db()
    assert (bounced.code, bounced.response[:18], len(bounced.response)) == (
        550,
        "5.1.1 no such user",
        500,
    )
    assert (delivered.code, delivered.response) == (250, "2.0.0 Ok")


def test_an_audit_row_says_who_resolved_a_doubt_and_never_counts() -> None:
    doubt, known = delivery_in("unknown"), delivery_in("sent")
    report(doubt, "delivered")
    report(known, "delivered")
    row = Attempt.objects.get()
    assert (row.delivery_id, row.kind, row.response) == (
        doubt.pk,
        "audit",
        coded("decided", "unknown", "delivered", "test"),
    )


def test_a_delivery_of_another_run_is_not_touched() -> None:
    mine, other = delivery_in("sent"), delivery_in("sent")
    with transaction.atomic():
        run = runs.lock(mine.run_id)
        assert run is not None
        assert apply_all(run, [Report(other.pk)], "bounced", by="test") == {other.pk: Effect.NONE}
    other.refresh_from_db()
    assert other.state == "sent"


def test_an_open_run_keeps_its_state() -> None:
    run = RunFactory.create(state="processing", sent=1, pending=1)
    delivery = DeliveryFactory.create(run=run, state="sent")
    DeliveryFactory.create(run=run)
    report(delivery, "delivered")
    assert Run.objects.get(pk=run.pk).state == "processing"
    assert_equation(run)
