"""Delivery receipts: read, kept, and only then answered."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator, Sequence

import pytest

from apps.delivery.channels.smpp.channel import SmppChannel
from apps.delivery.channels.smpp.pdu import short_message
from apps.delivery.channels.smpp.receipts import receipt_in, spellings
from apps.delivery.channels.smpp.sessions import listen
from apps.delivery.channels.tracked import Receipt, ReceiptSink, receipt_sink
from tests.delivery.channels.guards import BookGuard
from tests.delivery.channels.smpp.accounts import PHONE, account, letter
from tests.delivery.channels.smpp.centre import DELIVER, SmppCentre, receipt


class Book(ReceiptSink):
    """Keeps them in a list, unless it ``is_full``."""

    def __init__(self) -> None:
        self.kept: list[Receipt] = []
        self.is_full = False
        self.turn = threading.Event()
        self.turn.set()

    def keep(self, account: str, receipts: Sequence[Receipt]) -> None:
        self.turn.wait(60)
        if self.is_full:
            raise OSError("no database")
        self.kept += receipts

    def close(self) -> None:
        pass


@pytest.fixture
def book() -> Iterator[Book]:
    with receipt_sink.swapped(Book()) as made:
        assert isinstance(made, Book)
        yield made


@pytest.fixture
def centre(book: Book) -> Iterator[SmppCentre]:
    with SmppCentre() as made:
        yield made


def read(body: bytes) -> Receipt | None:
    return receipt_in(short_message(body))


def tlv(tag: int, value: bytes) -> bytes:
    return struct.pack(">HH", tag, len(value)) + value


@pytest.mark.parametrize(
    ("state", "event"),
    [
        ("DELIVRD", "delivered"),
        ("UNDELIV", "failed"),
        ("EXPIRED", "failed"),
        ("DELETED", "failed"),
        ("REJECTD", "failed"),
        ("ACCEPTD", ""),
        ("ENROUTE", ""),
        ("UNKNOWN", ""),
        ("NEWWORD", ""),
    ],
)
def test_every_state_has_its_event(state: str, event: str) -> None:
    found = read(receipt("1A2B", PHONE, state, error="011"))
    assert found is not None
    assert (found.tracked.event, found.tracked.words) == (event, f"@sms_status {state} 011")
    assert found.phones[0] == PHONE


@pytest.mark.parametrize(
    ("state", "event"), [(2, "delivered"), (3, "failed"), (5, "failed"), (8, "failed"), (6, "")]
)
def test_a_receipt_may_say_it_by_parameters_alone(state: int, event: str) -> None:
    source = b"\x01\x01" + PHONE.encode() + b"\0"
    body = b"\0" + source + b"\5\0Shop\0" + bytes((4, 0, 0)) + b"\0\0" + bytes(5)
    found = read(body + tlv(0x1E, b"1A2B\0") + tlv(0x427, bytes((state,))))
    assert found is not None and found.tracked.event == event
    assert found.remote_ids[0] == "1a2b"


def test_the_parameter_names_the_message_better_than_the_text() -> None:
    found = read(receipt("439041101", PHONE, options=tlv(0x1E, b"1A2B3C4D\0")))
    assert found is not None and found.remote_ids[0] == "1a2b3c4d"


@pytest.mark.parametrize("text", ["0000000012", "12", "  12"])
def test_an_id_is_the_same_with_zeros_before_it(text: str) -> None:
    assert "12" in spellings(text) and "c" in spellings(text)


def test_an_id_is_found_in_hexadecimal_and_in_decimal() -> None:
    assert "439041101" in spellings("1A2B3C4D")
    assert "1a2b3c4d" in spellings("0439041101")
    assert spellings("7f-abc") == ("7f-abc",)


@pytest.mark.parametrize(
    "body", [receipt("1", PHONE, esm_class=0), receipt("1", PHONE).replace(b"stat:", b"what:")]
)
def test_what_is_no_receipt_is_none(body: bytes) -> None:
    assert read(body) is None


def test_a_receipt_is_answered_when_it_is_kept(centre: SmppCentre, book: Book) -> None:
    channel = SmppChannel(account(centre), BookGuard())
    channel.hand_over([letter(7, phone=PHONE)])
    channel.outcomes(5)
    book.turn.clear()
    centre.deliver(receipt(str(int(centre.submits[0].id, 16)), PHONE), 41)
    channel.hand_over([letter(8)])
    assert len(channel.outcomes(5)) == 1, "letters do not wait for receipts"
    assert centre.answers == []
    book.turn.set()
    centre.wait_for(lambda: centre.answers)
    assert centre.answers == [(DELIVER, 0, 41)]
    [kept] = book.kept
    assert (kept.delivery_id, kept.tracked.event) == (7, "delivered")
    channel.close()


def test_one_that_cannot_be_kept_is_asked_for_again(centre: SmppCentre, book: Book) -> None:
    listen(account(centre), 60)
    book.is_full = True
    centre.deliver(receipt("1A2B", PHONE), 41)
    centre.wait_for(lambda: centre.answers)
    book.is_full = False
    centre.deliver(receipt("1A2B", PHONE), 42)
    centre.wait_for(lambda: len(centre.answers) == 2)
    assert centre.answers == [(DELIVER, 0x64, 41), (DELIVER, 0, 42)]
    assert [one.delivery_id for one in book.kept] == [None]


def test_a_person_s_text_and_a_broken_one_are_answered_and_nothing_else(
    centre: SmppCentre, book: Book
) -> None:
    listen(account(centre), 60)
    centre.deliver(receipt("1", PHONE, esm_class=0), 41)
    centre.deliver(b"\0\1", 42)
    centre.deliver(receipt("1A2B", PHONE), 43)
    centre.wait_for(lambda: len(centre.answers) == 3)
    assert centre.answers == [(DELIVER, 0, 41), (DELIVER, 0x66, 42), (DELIVER, 0, 43)]
    assert len(book.kept) == 1 and len(centre.binds) == 1


def test_the_late_answer_of_a_letter_that_nobody_waits_for_names_its_receipt(
    centre: SmppCentre, book: Book
) -> None:
    centre.script.append(lambda _submit: [])
    channel = SmppChannel(account(centre, timeout=0.3), BookGuard())
    channel.hand_over([letter(7, phone=PHONE)])
    assert [one.verdict for one in channel.outcomes(5)] == ["unknown"]
    submit = centre.submits[0]
    centre.send(
        struct.pack(">IIII", 16 + len(submit.id) + 1, 0x80000004, 0, submit.sequence)
        + submit.id.encode()
        + b"\0"
    )
    centre.deliver(receipt(submit.id, PHONE), 41)
    centre.wait_for(lambda: book.kept)
    assert book.kept[0].delivery_id == 7
    channel.close()
