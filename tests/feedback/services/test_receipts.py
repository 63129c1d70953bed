"""Receipts of text messages become events of their deliveries, and are listened for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone

from apps.core.responses.stored import coded
from apps.delivery.channels.smpp.receipts import spellings
from apps.delivery.channels.tracked import Receipt, Tracked, receipt_sink
from apps.feedback.models import Event
from apps.feedback.services.receipts import ReceiptListening, Receipts
from apps.mailings.models import Delivery, Run, Suppression
from config.account_settings import AccountSettings
from tests.delivery.channels.smpp.centre import SmppCentre
from tests.delivery.engine.workers import assert_equation
from tests.factories import AttemptFactory, DeliveryFactory, RecipientFactory, RunFactory

pytestmark = pytest.mark.django_db


def text(remote: str, number: int = 1, *, account: str = "texts", **fields: Any) -> Delivery:
    """A text to one phone that the account has handed over."""
    done = {"state": "done", "outcome": "success", "finished_at": timezone.now()}
    run = RunFactory.create(account=account, sent=1, **done)
    phone = f"7916{number:07d}"
    person = RecipientFactory.create(owner=run.mailing.owner, email=None, phone=phone)
    found: Delivery = DeliveryFactory.create(
        run=run, recipient=person, state="sent", channel="phone", address=phone
    )
    tried = {"account": account, "code": 0, "response": f"id={remote}", **fields}
    AttemptFactory.create(delivery=found, **tried)
    return found


def receipt(remote: str, event: str = "delivered", number: int = 1, **fields: Any) -> Receipt:
    reply = coded("sms_status", "DELIVRD 000" if event == "delivered" else "UNDELIV 011")
    return Receipt(spellings(remote), (f"7916{number:07d}", ""), Tracked(event, reply), **fields)


def state(delivery: Delivery) -> str:
    return Delivery.objects.get(pk=delivery.pk).state


@pytest.mark.parametrize(
    ("answered", "reported"),
    [
        ("1A2B3C4D", "1A2B3C4D"),
        ("1A2B3C4D", "0439041101"),
        ("439041101", "1a2b3c4d"),
        ("0000000012", "12"),
        ("a7-UUID-9", "A7-uuid-9"),
    ],
)
def test_a_message_is_found_however_its_id_is_written(answered: str, reported: str) -> None:
    mine, other = text(answered), text(answered, 2)
    Receipts().keep("texts", [receipt(reported)])
    assert (state(mine), state(other)) == ("delivered", "sent")
    assert_equation(mine.run)


def test_a_receipt_counts_once_and_a_failed_text_is_bounced() -> None:
    first, second = text("A1"), text("A2", 2)
    for _ in range(2):
        Receipts().keep("texts", [receipt("A1"), receipt("A2", "failed", 2)])
    assert (state(first), state(second)) == ("delivered", "bounced")
    assert Event.objects.count() == 2 and not Suppression.objects.exists()
    assert set(Event.objects.values_list("facts__words", flat=True)) == {
        "@sms_status DELIVRD 000",
        "@sms_status UNDELIV 011",
    }


def test_of_what_is_not_decided_nothing_is_kept() -> None:
    mine = text("A1")
    Receipts().keep("texts", [receipt("A1", "")])
    assert state(mine) == "sent" and not Event.objects.exists()


def test_a_receipt_of_another_account_s_text_means_nothing() -> None:
    mine = text("A1", account="others")
    Receipts().keep("texts", [receipt("A1"), receipt("B2", number=9)])
    assert state(mine) == "sent" and not Event.objects.exists()


def test_one_that_comes_before_the_sender_has_recorded_it_waits() -> None:
    run = RunFactory.create(account="texts", sending=1)
    mine: Delivery = DeliveryFactory.create(
        run=run, state="sending", channel="phone", address="79160000001", token=1
    )
    Receipts().keep("texts", [receipt("A1", delivery_id=mine.pk)])
    assert state(mine) == "sending"
    assert Event.objects.get().settled_at is None


def test_a_text_of_which_nobody_knew_is_known_by_its_receipt() -> None:
    mine = text("A1", status="unknown", response="@connection_lost")
    Delivery.objects.filter(pk=mine.pk).update(state="unknown")
    Run.objects.filter(pk=mine.run_id).update(sent=0, unknown=1)
    Receipts().keep("texts", [receipt("A1", delivery_id=mine.pk)])
    assert state(mine) == "delivered"


@pytest.fixture
def centre(settings: LazySettings) -> Iterator[SmppCentre]:
    with SmppCentre() as made:
        keys = {"host": "127.0.0.1", "port": made.port, "security": "none", "username": "v"}
        account = AccountSettings(kind="smpp", timeout=5, **keys)
        settings.ACCOUNTS = {**settings.ACCOUNTS, "texts": account}
        yield made


def listened(now: timedelta = timedelta()) -> None:
    ReceiptListening().run(timezone.now() + now, lambda: False)


def test_who_has_just_sent_is_listened_for(centre: SmppCentre) -> None:
    mine = text("A1")
    Run.objects.update(last_progress_at=timezone.now())
    listened()
    assert len(centre.binds) == 1
    listened(timedelta(seconds=30))  # another process, or the same one: it is listened for
    listened(timedelta(seconds=61))
    assert len(centre.binds) == 1 and state(mine) == "sent"


@pytest.mark.parametrize(
    "run",
    [
        {"last_progress_at": None},
        {"last_progress_at": timezone.now() - timedelta(hours=2)},
        {"last_progress_at": timezone.now(), "account": "email"},
        {"last_progress_at": timezone.now(), "state": "processing", "finished_at": None},
    ],
)
def test_nobody_listens_where_nothing_is_due_or_somebody_sends(
    centre: SmppCentre, run: dict[str, Any]
) -> None:
    text("A1")
    if run.get("state"):
        run = {**run, "outcome": ""}
    Run.objects.update(**run)
    listened()
    assert centre.binds == []


def test_a_centre_that_is_gone_is_only_logged(centre: SmppCentre) -> None:
    text("A1")
    Run.objects.update(last_progress_at=timezone.now())
    centre.bind_status = 0x0E
    listened()
    assert len(centre.binds) == 1


def test_the_connections_of_this_process_report_here() -> None:
    assert isinstance(receipt_sink.value, Receipts)
