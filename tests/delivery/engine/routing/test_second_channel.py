"""Several channels in one mailing: everybody gets one message, over the first that reaches."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from apps.core.errors import Refused
from apps.delivery.engine.runs.launch import freeze_audience
from apps.delivery.service import DispatchService
from apps.mailings.ledger import freeze
from apps.mailings.models import Attempt, Delivery, Mailing, Recipient, Run, Suppression
from tests import http_service as http
from tests.delivery.engine.channels import (
    BOT,
    MAIL,
    SMS,
    World,
    begun,
    counted,
    go_on,
    mailing_over,
    somebody,
    went,
)
from tests.delivery.engine.conftest import ShiftedClock
from tests.delivery.engine.workers import assert_equation, send
from tests.factories import SuppressionFactory

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


def test_everybody_gets_one_message_over_the_first_channel_with_an_address(world: World) -> None:
    mailing = mailing_over(MAIL, BOT, SMS)
    for number in range(1, 41):
        somebody(mailing, number, channels=("etp", "tp", "p", "e")[number % 4])

    run = send(mailing)

    assert (run.state, run.outcome, run.sent, run.audience) == ("done", "success", 40, 40)
    assert went(run) == {("email", "sent"): 20, ("telegram", "sent"): 10, ("phone", "sent"): 10}
    assert counted(run) == {"email": 20, "telegram": 10, "phone": 10}
    by_account = Counter(Attempt.objects.values_list("account", flat=True))
    assert by_account == {"mail": 20, "bot": 10, "sms": 10}
    assert set(world.chats.values()) == set(world.phones.values()) == {1}
    assert_equation(run)


def test_whom_a_channel_refuses_goes_to_the_next_one_and_both_tries_are_kept(
    world: World,
) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in range(1, 31):
        somebody(mailing, number, channels="tp" if number % 5 else "t")
    world.gone = set(range(1, 31, 3)) | {5}

    run = send(mailing)

    # 1, 4, ... 28 and 5 are gone; of these 5, 10 and 25 have no phone.
    assert went(run) == {("telegram", "sent"): 19, ("telegram", "failed"): 3, ("phone", "sent"): 8}
    assert (run.sent, run.failed, run.outcome) == (27, 3, "partial")
    assert counted(run) == {"telegram": 22, "phone": 8}
    passed = Delivery.objects.get(run=run, recipient__telegram_chat_id=4)
    assert (passed.address, passed.code) == ("79000000004", 200)
    tries = passed.attempts.order_by("pk").values_list("account", "status", "code")
    assert list(tries) == [("bot", "failure", 403), ("sms", "success", 200)]
    assert set(world.phones.values()) == {1}
    assert_equation(run)


def test_whom_nobody_accepts_ends_where_the_last_one_refused(world: World) -> None:
    mailing = mailing_over(SMS, BOT)
    somebody(mailing, 1, channels="tp")
    Recipient.objects.update(phone="not a phone")
    world.gone = {1}

    run = send(mailing)

    assert (run.failed, run.outcome) == (1, "failed")
    assert went(run) == {("telegram", "failed"): 1}
    assert Attempt.objects.count() == 2


def test_suppression_is_per_channel_and_address(world: World) -> None:
    mailing = mailing_over(MAIL, BOT, SMS)
    for number in (1, 2, 3):
        somebody(mailing, number, channels="etp")
    somebody(mailing, 4, channels="e")
    for number in (1, 2, 3, 4):
        SuppressionFactory(owner=mailing.owner, address=f"anna{number}@example.org")
    for number in (2, 3):
        SuppressionFactory(owner=mailing.owner, channel="telegram", address=str(number))
    SuppressionFactory(owner=mailing.owner, channel="phone", address="79000000003")

    run = send(mailing)

    assert went(run) == {
        ("telegram", "sent"): 1,
        ("phone", "sent"): 1,
        ("email", "suppressed"): 2,
    }
    assert_equation(run)


def test_an_audience_frozen_in_chunks_is_split_like_one_frozen_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeze, "CHUNK", 7)
    mailing = mailing_over(MAIL, BOT, SMS)
    for number in range(1, 41):
        somebody(mailing, number, channels=("e", "t", "p", "etp")[number % 4])

    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)

    run = Run.objects.get(pk=launched.run_id)
    assert counted(run) == {"email": 20, "telegram": 10, "phone": 10}
    assert_equation(run)


def test_an_address_that_has_changed_hands_is_not_written_to(world: World) -> None:
    mailing = mailing_over(BOT, SMS)
    first = somebody(mailing, 1, channels="p")
    second = somebody(mailing, 2, channels="t")
    world.gone = {2}
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    freeze_audience(launched.run_id)
    Recipient.objects.filter(pk=first.pk).update(phone=None, email="first@example.org")
    Recipient.objects.filter(pk=second.pk).update(phone="79000000001")

    run = go_on(Run.objects.get(pk=launched.run_id))

    assert went(run) == {("phone", "suppressed"): 1, ("telegram", "failed"): 1}
    assert world.phones == {}


def test_what_may_have_arrived_is_not_sent_over_another_channel(world: World) -> None:
    world.telegram = http.close()
    mailing = mailing_over(BOT, SMS)
    for number in (1, 2):
        somebody(mailing, number, channels="tp")

    run = send(mailing)

    assert went(run) == {("telegram", "unknown"): 2}
    assert not world.phones


def test_one_account_that_serves_two_channels_works_them_one_after_the_other(
    world: World, tmp_path: Path
) -> None:
    mailing = mailing_over(MAIL, ("phone", "mail"))
    Mailing.objects.filter(pk=mailing.pk)
    for number in range(6):
        somebody(mailing, number + 1, channels="ep"[number % 2])

    run = send(mailing)

    assert went(run) == {("email", "sent"): 3, ("phone", "sent"): 3}
    assert len(list((tmp_path / "outbox").glob("*.eml"))) == 3
    assert len(list((tmp_path / "outbox").glob("*.txt"))) == 3


def test_a_stopped_run_cancels_those_on_every_channel(world: World, clock: ShiftedClock) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in range(1, 7):
        somebody(mailing, number, channels="tp"[number % 2])
    run = begun(mailing)

    DispatchService().stop(mailing_id=mailing.pk)
    run.refresh_from_db()
    assert (run.state, run.cancelled) == ("done", 6)

    DispatchService().send_remaining(mailing_id=mailing.pk)
    run = go_on(run)
    assert went(run) == {("telegram", "sent"): 3, ("phone", "sent"): 3}


def test_sent_again_to_the_failed_tries_the_channel_that_refused_last(world: World) -> None:
    mailing = mailing_over(BOT, SMS)
    somebody(mailing, 1, channels="t")
    world.gone = {1}
    run = send(mailing)
    assert run.failed == 1

    world.gone = set()
    Suppression.objects.all().delete()  # what the bot's event of it would do
    DispatchService().retry_failed(mailing_id=mailing.pk)
    run = go_on(run)

    assert went(run) == {("telegram", "sent"): 1}
    assert run.outcome == "success"


def test_a_new_run_begins_with_the_first_channel_again(world: World) -> None:
    mailing = mailing_over(BOT, SMS)
    somebody(mailing, 1, channels="tp")
    world.gone = {1}
    assert went(send(mailing)) == {("phone", "sent"): 1}

    world.gone = set()
    Suppression.objects.all().delete()  # what the bot's event of it would do
    DispatchService().reset(mailing_id=mailing.pk)

    assert went(send(mailing)) == {("telegram", "sent"): 1}


@pytest.mark.parametrize(
    ("account", "code"), [("nobody", "account_unknown"), ("bot", "channel_missing")]
)
def test_every_channel_is_checked_before_anything_is_sent(
    world: World, account: str, code: str
) -> None:
    mailing = mailing_over(BOT, ("phone", account))
    somebody(mailing, 1, channels="tp")

    with pytest.raises(Refused) as refusal:
        DispatchService().launch(mailing_id=mailing.pk, trigger="manual")

    assert refusal.value.code == code
    assert not Run.objects.exists()
