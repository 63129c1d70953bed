"""SMPP 3.4 on the wire: the PDUs that a sender of texts needs, as bytes and back.

Numbers in brackets are sections of "Short Message Peer to Peer Protocol Specification v3.4",
Issue 1.2. Nothing here knows a socket.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

#: Of the protocol, in a bind (5.2.4).
VERSION: Final = 0x34
_HEADER: Final = struct.Struct(">IIII")
_TLV: Final = struct.Struct(">HH")
#: No PDU of ours or of a centre is longer: a ``message_payload`` has at most 64 KB.
LONGEST: Final = 70_000
_ANSWER: Final = 0x80000000
#: The highest sequence number (3.2).
_LAST_SEQUENCE: Final = 0x7FFFFFFF


class Command(IntEnum):
    """``command_id`` of a request (5.1.2.1). That of its answer has the highest bit set."""

    SUBMIT_SM = 0x04
    DELIVER_SM = 0x05
    UNBIND = 0x06
    BIND_TRANSCEIVER = 0x09
    ENQUIRE_LINK = 0x15


GENERIC_NACK: Final = _ANSWER


class Tag(IntEnum):
    """Optional parameters (5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


class PduBroken(Exception):
    """What came is no PDU, or not the one that it says it is."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """One PDU: its header without the length, and its body as it came."""

    command: int
    sequence: int
    body: bytes = b""
    status: int = 0

    @property
    def is_answer(self) -> bool:
        return bool(self.command & _ANSWER)

    def packed(self) -> bytes:
        """Its bytes (3.2)."""
        length = _HEADER.size + len(self.body)
        return _HEADER.pack(length, self.command, self.status, self.sequence) + self.body

    def answer(self, body: bytes = b"", status: int = 0) -> Pdu:
        """The answer to this request."""
        return Pdu(self.command | _ANSWER, self.sequence, body, status)


def answer_to(command: Command) -> int:
    """The ``command_id`` of the answer to this request."""
    return command | _ANSWER


def next_sequence(number: int) -> int:
    """The sequence number after this one: from 1, and from 1 again after the highest."""
    return number + 1 if number < _LAST_SEQUENCE else 1


class PduReader:
    """Cuts a stream of bytes into PDUs, however they were divided on the way."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        self._buffer += data

    def next(self) -> Pdu | None:
        """The next PDU that is whole. Raises PduBroken; then nothing more can be understood."""
        if len(self._buffer) < _HEADER.size:
            return None
        length, command, status, sequence = _HEADER.unpack_from(self._buffer)
        if not _HEADER.size <= length <= LONGEST:
            raise PduBroken(f"length {length}")
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[_HEADER.size : length])
        del self._buffer[:length]
        return Pdu(command, sequence, body, status)


@dataclass(frozen=True, slots=True)
class Address:
    """A phone number or a name, with its type and its numbering plan (5.2.5, 5.2.6)."""

    ton: int
    npi: int
    text: str

    def packed(self) -> bytes:
        return bytes((self.ton, self.npi)) + cstring(self.text)


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The body of ``submit_sm`` and of ``deliver_sm`` (4.4.1, 4.6.1), as far as it is used.

    ``content`` has at most 254 octets; a longer text is among the ``options``.
    """

    source: Address
    destination: Address
    content: bytes
    esm_class: int = 0
    data_coding: int = 0
    registered_delivery: int = 0
    options: Mapping[int, bytes] = field(default_factory=dict)

    def packed(self) -> bytes:
        """Its bytes."""
        return b"".join(
            (
                cstring(""),  # service_type
                self.source.packed(),
                self.destination.packed(),
                bytes((self.esm_class, 0, 0)),  # protocol_id, priority_flag
                cstring("") + cstring(""),  # schedule_delivery_time, validity_period
                bytes((self.registered_delivery, 0, self.data_coding, 0, len(self.content))),
                self.content,
                *(_TLV.pack(tag, len(value)) + value for tag, value in self.options.items()),
            )
        )


def cstring(text: str) -> bytes:
    """A C-octet string (3.1)."""
    return text.encode("ascii", "replace").replace(b"\0", b"") + b"\0"


def bind_body(username: str, password: str, system_type: str) -> bytes:
    """The body of a bind (4.1.5): any address range."""
    names = cstring(username) + cstring(password) + cstring(system_type)
    return names + bytes((VERSION, 0, 0)) + cstring("")


def message_id_in(body: bytes) -> str:
    """The centre's id of a message, in the body of ``submit_sm_resp`` (4.4.2), fit to be stored."""
    text = body.partition(b"\0")[0].decode("latin-1")
    return "".join(char for char in text if char.isprintable()).strip()


def short_message(body: bytes) -> ShortMessage:
    """Read the body of ``deliver_sm``. Raises PduBroken."""
    fields = _Fields(body)
    fields.text()
    source, destination = fields.address(), fields.address()
    esm_class = fields.octets(3)[0]
    fields.text()
    fields.text()
    registered, _replace, coding, _default, length = fields.octets(5)
    content, options = fields.octets(length), fields.options()
    content = content or options.pop(Tag.MESSAGE_PAYLOAD, b"")
    return ShortMessage(source, destination, content, esm_class, coding, registered, options)


class _Fields:
    """Reads one field of a body after the other."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def text(self) -> str:
        end = self._body.find(b"\0", self._at)
        if end < 0:
            raise PduBroken("a string without an end")
        found, self._at = self._body[self._at : end], end + 1
        return found.decode("latin-1")

    def octets(self, count: int) -> bytes:
        found = self._body[self._at : self._at + count]
        if len(found) < count:
            raise PduBroken("it ends too early")
        self._at += count
        return found

    def address(self) -> Address:
        ton, npi = self.octets(2)
        return Address(ton, npi, self.text())

    def options(self) -> dict[int, bytes]:
        """All that is left: tag, length, value."""
        found: dict[int, bytes] = {}
        while self._at < len(self._body):
            tag, length = _TLV.unpack(self.octets(_TLV.size))
            found[tag] = self.octets(length)
        return found
