"""Several channels in one mailing: everybody gets one message, over the first that reaches."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from apps.core.errors import Refused
from apps.delivery.accounts import state_row
from apps.delivery.engine.launch import prepare
from apps.delivery.engine.queue import next_run, wake_ripe
from apps.delivery.engine.reconcile import Watch
from apps.delivery.models import Account
from apps.delivery.service import DispatchService
from apps.mailings.ledger import freeze
from apps.mailings.models import Attempt, Delivery, Mailing, Recipient, Run
from tests import http_service as http
from tests.engine.conftest import Declare, ShiftedClock
from tests.engine.crew import MortalWorker, assert_equation, send
from tests.factories import MailingFactory, RecipientFactory, SuppressionFactory
from tests.http_service import HttpService, Request

pytestmark = [pytest.mark.engine, pytest.mark.django_db(transaction=True)]


@dataclass
class World:
    """A bot and a gateway that keep count. ``gone``: chats that have blocked the bot."""

    gone: set[int] = field(default_factory=set)
    chats: Counter[int] = field(default_factory=Counter)
    phones: Counter[int] = field(default_factory=Counter)
    telegram: http.Reply | None = None

    def bot(self, request: Request) -> list[http.Step]:
        if self.telegram is not None:
            return list(self.telegram(request))
        chat = int(request.json["chat_id"])
        self.chats[chat] += 1
        blocked = {"ok": False, "error_code": 403, "description": "bot was blocked by the user"}
        yes = {"ok": True, "result": {"message_id": chat}}
        return list(
            http.json_reply(*((blocked, 403) if chat in self.gone else (yes, 200)))(request)
        )

    def gateway(self, request: Request) -> list[http.Step]:
        self.phones[request.json["phone"]] += 1
        return list(http.json_reply({"code": 0, "message": "OK"})(request))


@pytest.fixture
def world(declare: Declare) -> Iterator[World]:
    world = World()
    with HttpService(world.bot) as bot, HttpService(world.gateway) as gateway:
        declare("bot", kind="telegram", url=bot.url, token="1:a", timeout=5)
        declare("sms", kind="gateway", url=gateway.url, token="t0ken", timeout=5)
        declare("mail")
        yield world


MAIL, BOT, SMS = ("email", "mail"), ("telegram", "bot"), ("phone", "sms")


def mailing_over(*ways: tuple[str, str]) -> Mailing:
    """A mailing over these channels with their accounts, in this order."""
    fields: dict[str, str] = {}
    for prefix, (channel, account) in zip(("", "second_", "third_"), ways, strict=False):
        fields |= {f"{prefix}channel": channel, f"{prefix}account": account}
    return MailingFactory.create(**fields)


def somebody(mailing: Mailing, number: int, *, channels: str) -> Recipient:
    """With an address on each of the channels: e, t, p."""
    return RecipientFactory.create(
        owner=mailing.owner,
        email=f"anna{number}@example.org" if "e" in channels else None,
        telegram_chat_id=number if "t" in channels else None,
        phone=f"79{number:09d}" if "p" in channels else None,
    )


def went(run: Run) -> Counter[tuple[str, str]]:
    """How many of each channel came to which state, by the ledger."""
    return Counter(Delivery.objects.filter(run=run).values_list("channel", "state"))


def counted(run: Run) -> dict[str, int]:
    return dict(run.ways.values_list("channel", "count"))


def go_on(run: Run, times: int = 4) -> Run:
    """Work it in this thread until nothing can be done now."""
    for _ in range(times):
        DispatchService().dispatch_due()
        DispatchService().work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert_equation(run)
    return run


# --- who goes which way ---


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
    prepare(launched.run_id)

    run = Run.objects.get(pk=launched.run_id)
    assert counted(run) == {"email": 20, "telegram": 10, "phone": 10}
    assert_equation(run)


def test_an_address_that_has_changed_hands_is_not_written_to_twice(world: World) -> None:
    mailing = mailing_over(BOT, SMS)
    first = somebody(mailing, 1, channels="p")
    second = somebody(mailing, 2, channels="t")
    world.gone = {2}
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    prepare(launched.run_id)
    Recipient.objects.filter(pk=first.pk).update(phone=None, email="first@example.org")
    Recipient.objects.filter(pk=second.pk).update(phone="79000000001")

    run = go_on(Run.objects.get(pk=launched.run_id))

    assert went(run) == {("phone", "sent"): 1, ("telegram", "failed"): 1}
    assert world.phones == {79000000001: 1}


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


# --- waits ---


def test_a_channel_that_waits_does_not_hold_the_others(
    world: World, clock: ShiftedClock, declare: Declare
) -> None:
    declare("mail", per_hour=2)
    clock.to_whole_hour()
    mailing = mailing_over(MAIL, BOT, SMS)
    for number in range(1, 11):
        somebody(mailing, number, channels="et"[number % 2])

    run = go_on(send(mailing))

    assert went(run) == {
        ("email", "sent"): 2,
        ("email", "pending"): 3,
        ("telegram", "sent"): 5,
    }
    assert (run.state, run.reason, run.channel) == ("deferred", "rate_limit", "email")

    for _ in range(2):
        clock.forward(hours=1)
        run = go_on(run)

    assert (run.state, run.sent) == ("done", 10)


def test_two_channels_that_wait_let_the_run_wait_for_the_nearer_one(
    world: World, clock: ShiftedClock, declare: Declare
) -> None:
    declare("mail", per_day=1)
    declare("texts", per_hour=1)
    clock.to_whole_hour()
    mailing = mailing_over(MAIL, ("phone", "texts"))
    for number in range(1, 7):
        somebody(mailing, number, channels="ep"[number % 2])

    run = go_on(send(mailing))

    assert went(run)[("email", "sent")] == went(run)[("phone", "sent")] == 1
    assert (run.reason, run.channel, run.account) == ("rate_limit", "phone", "texts")
    assert run.deferred_until <= clock.now() + (run.mailing.ends_at - run.mailing.starts_at)

    clock.forward(hours=1)
    run = go_on(run)
    assert went(run)[("phone", "sent")] == 2


def test_an_account_that_a_person_must_mend_holds_only_its_own_channel(
    world: World, clock: ShiftedClock
) -> None:
    world.telegram = http.json_reply({"ok": False, "error_code": 401, "description": "x"}, 401)
    mailing = mailing_over(BOT, SMS)
    for number in range(1, 7):
        somebody(mailing, number, channels="tp"[number % 2])

    run = go_on(send(mailing))

    assert went(run) == {("telegram", "pending"): 3, ("phone", "sent"): 3}
    assert (run.state, run.reason, run.account) == ("paused", "account_disabled", "bot")

    world.telegram = None
    Account.objects.filter(name="bot").update(state="ready")
    run = go_on(run)

    assert (run.state, run.outcome, run.sent) == ("done", "success", 6)


def test_a_retry_on_an_earlier_channel_does_not_queue_behind_the_later_one(
    world: World, clock: ShiftedClock, declare: Declare
) -> None:
    later = {"ok": False, "error_code": 429, "description": "x", "parameters": {"retry_after": 1}}
    world.telegram = http.json_reply(later, 429)
    declare("texts", per_hour=1)
    clock.to_whole_hour()
    mailing = mailing_over(BOT, ("phone", "texts"))
    somebody(mailing, 1, channels="t")
    for number in (2, 3, 4):
        somebody(mailing, number, channels="p")
    run = go_on(send(mailing))
    assert went(run) == {
        ("telegram", "pending"): 1,
        ("phone", "sent"): 1,
        ("phone", "pending"): 2,
    }

    world.telegram = None
    clock.forward(minutes=30)
    run = go_on(run)

    assert went(run)[("telegram", "sent")] == 1
    assert (run.reason, run.channel) == ("rate_limit", "phone")


def test_a_run_that_queues_for_a_busy_account_is_called_back_to_an_earlier_channel(
    world: World, clock: ShiftedClock
) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in (1, 2):
        somebody(mailing, number, channels="tp"[number - 1])
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    prepare(launched.run_id)
    run = Run.objects.get(pk=launched.run_id)
    run.ways.filter(channel="telegram").update(reason="transient_error", until=clock.now())
    Run.objects.filter(pk=run.pk).update(channel="phone", account="sms")
    clock.forward(seconds=1)

    wake_ripe()

    run.refresh_from_db()
    assert (run.state, run.channel, run.account) == ("queued", "telegram", "bot")


def test_a_spare_account_stands_in_on_its_own_channel(
    world: World, clock: ShiftedClock, declare: Declare
) -> None:
    declare("mail", kind="smtp", host="127.0.0.1", port=9, security="none", fallback="spare")
    declare("spare")
    mailing = mailing_over(MAIL, BOT, SMS)
    for number in range(1, 5):
        somebody(mailing, number, channels="et"[number % 2])

    run = go_on(send(mailing))

    accounts = Counter(Attempt.objects.filter(status="success").values_list("account", flat=True))
    assert accounts == {"spare": 2, "bot": 2}
    assert run.outcome == "success"


# --- deaths at the change of channel ---


def begun(mailing: Mailing) -> Run:
    launched = DispatchService().launch(mailing_id=mailing.pk, trigger="manual")
    prepare(launched.run_id)
    assert next_run(mailing.account) == launched.run_id
    return Run.objects.get(pk=launched.run_id)


def test_a_worker_that_dies_on_the_first_channel_is_settled_while_the_second_goes_on(
    world: World, clock: ShiftedClock, tmp_path: Path
) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in range(1, 9):
        somebody(mailing, number, channels="tp"[number % 2])
    run = begun(mailing)
    worker = MortalWorker(run, tmp_path)
    held = [one.delivery_id for one in worker.claims(4)]
    worker.lease.allow(0, held[0])
    worker.lease.answered(0, held[0], True)
    worker.lease.allow(1, held[1])
    worker.dies()
    # Its account is taken out of service at the same moment: the run goes on over the phone.
    Account.objects.filter(pk=state_row("bot").pk).update(state="disabled")
    DispatchService().recover()  # the service's watch knows another directory's journals, too
    Watch(lease_seconds=15, policy="hold").recover()
    run = go_on(run)

    assert went(run) == {
        ("telegram", "sent"): 1,
        ("telegram", "unknown"): 1,
        ("telegram", "pending"): 2,
        ("phone", "sent"): 4,
    }
    told = Attempt.objects.filter(delivery_id__in=held[:2]).values_list("account", flat=True)
    assert set(told) == {"bot"}
    assert (run.state, run.reason) == ("paused", "account_disabled")

    Account.objects.filter(name="bot").update(state="ready")
    run = go_on(run)
    assert (run.state, run.sent, run.unknown) == ("done", 7, 1)
    assert set(world.phones.values()) == {1}


def test_the_attempt_of_a_dead_worker_names_its_account_though_the_run_has_moved_on(
    world: World, tmp_path: Path
) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in (1, 2):
        somebody(mailing, number, channels="tp"[number - 1])
    run = begun(mailing)
    worker = MortalWorker(run, tmp_path)
    (held,) = worker.claims(4)
    worker.lease.allow(0, held.delivery_id)
    Run.objects.filter(pk=run.pk).update(channel="phone", account="sms", state="queued")
    worker.dies()

    Watch(lease_seconds=15, policy="hold").recover()
    run = go_on(run)

    assert Attempt.objects.get(delivery_id=held.delivery_id).account == "bot"
    assert went(run) == {("telegram", "unknown"): 1, ("phone", "sent"): 1}
    assert run.state == "done"


def test_a_worker_that_dies_on_the_second_channel_leaves_the_first_ones_alone(
    world: World, tmp_path: Path
) -> None:
    mailing = mailing_over(BOT, SMS)
    for number in range(1, 5):
        somebody(mailing, number, channels="tp")
    world.gone = {1, 2}
    run = begun(mailing)
    service = DispatchService()
    Account.objects.filter(pk=state_row("sms").pk).update(state="disabled")
    service.work_until(run.pk, threading.Event())
    run.refresh_from_db()
    assert went(run) == {("telegram", "sent"): 2, ("phone", "pending"): 2}
    assert (run.state, run.reason, run.account) == ("paused", "account_disabled", "sms")

    Account.objects.filter(name="sms").update(state="ready")
    wake_ripe()
    assert next_run("sms") == run.pk
    run.refresh_from_db()
    worker = MortalWorker(run, tmp_path)
    assert len(worker.claims(5)) == 2
    worker.dies()
    Watch(lease_seconds=15, policy="hold").recover()
    run = go_on(run)

    assert went(run) == {("telegram", "sent"): 2, ("phone", "sent"): 2}
    assert set(world.chats.values()) == set(world.phones.values()) == {1}
    assert run.state == "done"


# --- people ---


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
