"""A mailing over SMPP through the whole engine: every fault, and what the ledger makes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.delivery.models import AccountState
from apps.mailings.models import Attempt, Delivery, Run
from tests.delivery.channels.smpp import centre as smpp_centre
from tests.delivery.channels.smpp.centre import Reply, SmppCentre, refuses
from tests.delivery.engine.channels import go_on
from tests.delivery.engine.conftest import Declare, ShiftedClock
from tests.delivery.engine.worker.test_gateway_mailing import mailing_to_phones
from tests.delivery.engine.workers import assert_equation, send

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]

PEOPLE, HIT, WINDOW = 12, 5, 2


@pytest.fixture
def centre(declare: Declare) -> Iterator[SmppCentre]:
    with SmppCentre() as made:
        keys = {"host": "127.0.0.1", "port": made.port, "security": "none"}
        log_in = {"username": "vestnik", "password": "secret08"}
        declare("texts", kind="smpp", timeout=5, max_connections=WINDOW, **keys, **log_in)
        yield made


def to_one(fault: Reply) -> Reply:
    """The fault for one recipient, a yes for the others."""
    phone = f"79{HIT:09d}"
    return lambda submit: (fault if submit.phone == phone else smpp_centre.yes)(submit)


def sent() -> Run:
    return send(mailing_to_phones(PEOPLE, "texts"))


def hit() -> Delivery:
    return Delivery.objects.get(address=f"79{HIT:09d}")


def test_everybody_gets_one_text_and_the_ledger_is_right(centre: SmppCentre) -> None:
    run = sent()
    assert (run.state, run.outcome, run.sent) == ("done", "success", PEOPLE)
    assert set(centre.phones().values()) == {1} and len(centre.phones()) == PEOPLE
    ids = {one.phone: f"id={one.id}" for one in centre.submits}
    assert dict(Attempt.objects.values_list("delivery__address", "response")) == ids
    assert_equation(run)


@pytest.mark.parametrize("fault", [smpp_centre.in_pieces, smpp_centre.glued])
def test_a_strange_but_whole_answer_is_an_answer(centre: SmppCentre, fault: Reply) -> None:
    centre.usual = to_one(fault)
    assert sent().outcome == "success"


@pytest.mark.parametrize(
    "fault", [smpp_centre.close, smpp_centre.of_length(4), smpp_centre.unbinds]
)
def test_a_connection_that_ends_leaves_open_at_most_the_window(
    centre: SmppCentre, fault: Reply
) -> None:
    centre.usual = to_one(fault)
    run = sent()
    assert run.state == "done"
    assert 1 <= run.unknown <= WINDOW and run.sent + run.unknown == PEOPLE
    assert hit().state == "unknown"
    assert set(centre.phones().values()) == {1}
    assert_equation(run)


def test_a_number_that_is_refused_is_that_one_s(centre: SmppCentre) -> None:
    centre.usual = to_one(refuses(0x0B))
    run = sent()
    assert (run.state, run.sent, run.failed) == ("done", PEOPLE - 1, 1)
    assert (hit().state, hit().attempts.get().code) == ("failed", 0x0B)


@pytest.mark.parametrize("status", [0x58, 0x14])
def test_a_throttled_account_rests_and_nobody_is_spent(
    centre: SmppCentre, clock: ShiftedClock, status: int
) -> None:
    centre.usual = refuses(status)
    run = sent()
    assert (run.state, run.reason, run.pending) == ("deferred", "server_busy", PEOPLE)
    assert "ESME_R" in run.reason_detail and run.deferred_until > clock.now()
    assert not Attempt.objects.exists()

    centre.usual = smpp_centre.yes
    clock.forward(minutes=2)
    run = go_on(run)
    assert (run.outcome, run.sent) == ("success", PEOPLE)


def test_a_wrong_password_waits_for_a_person_and_burns_nobody(centre: SmppCentre) -> None:
    centre.bind_status = 0x0E
    run = sent()
    assert (run.state, run.reason, run.pending) == ("paused", "account_disabled", PEOPLE)
    state = AccountState.objects.get(name="texts")
    assert (state.state, state.last_error) == ("down", "ESME_RINVPASWD (0x0E)")
    assert not Attempt.objects.exists() and not centre.submits

    centre.bind_status = 0
    AccountState.objects.filter(name="texts").update(state="ready")
    run = go_on(run)
    assert (run.outcome, run.sent) == ("success", PEOPLE)


def test_a_centre_that_is_gone_is_asked_again_later(
    centre: SmppCentre, clock: ShiftedClock, declare: Declare
) -> None:
    port = centre.port
    with SmppCentre() as other:
        gone = other.port
    keys = {"kind": "smpp", "host": "127.0.0.1", "security": "none", "timeout": 5}
    declare("texts", **keys, port=gone)
    run = sent()
    assert (run.state, run.reason, run.pending) == ("deferred", "channel_down", PEOPLE)
    assert not Attempt.objects.exists()
    declare("texts", **keys, port=port)
    clock.forward(minutes=6)
    run = go_on(run)
    assert (run.outcome, run.sent) == ("success", PEOPLE)


def test_a_receipt_in_the_middle_of_a_run_finds_its_delivery(centre: SmppCentre) -> None:
    run = sent()
    centre.deliver(smpp_centre.receipt(centre.submits[0].id, centre.submits[0].phone))
    centre.wait_for(lambda: centre.answers)
    assert centre.answers == [(smpp_centre.DELIVER, 0, 1)]
    found = Delivery.objects.get(address=centre.submits[0].phone)
    assert found.state == "delivered"
    assert_equation(run)
