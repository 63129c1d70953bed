"""PDUs as the specification shows them, and streams that are cut anywhere."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.delivery.channels.smpp.pdu import (
    Address,
    Command,
    Pdu,
    PduBroken,
    PduReader,
    ShortMessage,
    bind_body,
    message_id_in,
    next_sequence,
    short_message,
)

#: The bind of section 3.2.3 of the specification, with our command and version in its place.
BIND = bytes.fromhex(
    "0000002F 00000009 00000000 00000001"
    "534D50503354455354 00 736563726574303800 5355424D49543100 34 00 00 00"
)


def test_a_bind_is_what_the_specification_shows() -> None:
    body = bind_body("SMPP3TEST", "secret08", "SUBMIT1")
    assert Pdu(Command.BIND_TRANSCEIVER, 1, body).packed() == BIND


def test_a_text_is_one_field_after_the_other() -> None:
    message = ShortMessage(
        Address(5, 0, "Shop"),
        Address(1, 1, "79161234567"),
        b"Hello",
        registered_delivery=1,
        options={0x0424: b"ab"},
    )
    assert message.packed().hex(" ") == (
        "00 05 00 53 68 6f 70 00 01 01 37 39 31 36 31 32 33 34 35 36 37 00"
        " 00 00 00 00 00 01 00 00 00 05 48 65 6c 6c 6f 04 24 00 02 61 62"
    )
    assert short_message(message.packed()) == message


@pytest.mark.parametrize("length", [0, 15, 70_001, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_stream(length: int) -> None:
    reader = PduReader()
    reader.feed(struct.pack(">IIII", length, 5, 0, 1))
    with pytest.raises(PduBroken):
        reader.next()


@given(st.lists(st.binary(max_size=40), max_size=5), st.data())
def test_a_stream_is_read_however_it_is_divided(bodies: list[bytes], data: st.DataObject) -> None:
    sent = [Pdu(Command.DELIVER_SM, number, body) for number, body in enumerate(bodies, 1)]
    stream = b"".join(one.packed() for one in sent)
    reader, found = PduReader(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        reader.feed(stream[:size])
        stream = stream[size:]
        while (pdu := reader.next()) is not None:
            found.append(pdu)
    assert found == sent


@given(st.binary(max_size=80))
def test_a_broken_body_is_refused_and_nothing_else(body: bytes) -> None:
    try:
        short_message(body)
    except PduBroken:
        pass


@pytest.mark.parametrize(
    ("body", "text"), [(b"1A\0", "1A"), (b" 1A\n\x1b\0", "1A"), (b"", ""), (b"1A", "1A")]
)
def test_an_id_is_fit_to_be_stored(body: bytes, text: str) -> None:
    assert message_id_in(body) == text


def test_numbers_begin_again_after_the_highest() -> None:
    assert (next_sequence(0), next_sequence(0x7FFFFFFF)) == (1, 1)
