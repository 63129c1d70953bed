"""A text as ``submit_sm``: alphabet, parts, sender."""

from __future__ import annotations

from functools import partial
from typing import Final

from apps.core.contracts import Letter
from apps.core.responses.stored import Response, coded
from apps.core.text.sms_parts import Alphabet, alphabet_of, octets_of, pieces_of, sms_text
from apps.delivery.channels.smpp.pdu import Address, ShortMessage, Tag
from apps.delivery.sending_account import SendingAccount

#: ``data_coding`` (5.2.19): the centre's own alphabet, which is GSM 03.38, and UCS-2.
_CODING: Final = {Alphabet.GSM: 0x00, Alphabet.UCS2: 0x08}
#: ``esm_class`` (5.2.12): the content begins with a header.
_WITH_HEADER: Final = 0x40
#: ``registered_delivery`` (5.2.17): a receipt, whether it was delivered or not.
_RECEIPT: Final = 0x01
#: The most parts that a header can count (3GPP TS 23.040, 9.2.3.24.1), and octets of a payload.
_MOST_PARTS: Final = 255
_MOST_OCTETS: Final = 64_000
#: Shorter numbers are an operator's own.
_SHORTEST_PHONE: Final = 7


class Unsendable(Exception):
    """This text cannot be sent. ``response`` says why."""

    def __init__(self, response: Response) -> None:
        super().__init__(response)
        self.response = response


class MessageWriter:
    """Writes the texts of one account."""

    def __init__(self, account: SendingAccount) -> None:
        self._sender = sender_address(account.sender)
        self._transliterate = account.transliterate
        self._as_payload = account.long_text == "payload"

    def messages_of(self, letter: Letter) -> list[ShortMessage]:
        """One for each part. Only of the last is a receipt wanted. Raises Unsendable."""
        if not (letter.address.isascii() and letter.address.isdigit()):
            raise Unsendable(coded("no_phone"))
        text = sms_text(letter.body.decode(), transliterate=self._transliterate)
        alphabet, pieces = alphabet_of(text), pieces_of(text)
        message = partial(
            ShortMessage,
            self._sender,
            Address(1, 1, letter.address),
            data_coding=_CODING[alphabet],
        )
        if len(pieces) > 1 and self._as_payload:
            payload = octets_of(text, alphabet)
            if len(payload) > _MOST_OCTETS:
                most = _MOST_OCTETS // (2 if alphabet is Alphabet.UCS2 else 1)
                raise Unsendable(coded("sms_too_long", len(text), most))
            options = {int(Tag.MESSAGE_PAYLOAD): payload}
            return [message(b"", registered_delivery=_RECEIPT, options=options)]
        if len(pieces) > _MOST_PARTS:
            most = sum(map(len, pieces[:_MOST_PARTS]))
            raise Unsendable(coded("sms_too_long", len(text), most))
        return [
            message(
                _header(letter.delivery_id, len(pieces), number) + octets_of(piece, alphabet),
                esm_class=_WITH_HEADER if len(pieces) > 1 else 0,
                registered_delivery=_RECEIPT if number == len(pieces) else 0,
            )
            for number, piece in enumerate(pieces, 1)
        ]


def _header(reference: int, count: int, number: int) -> bytes:
    """What holds the parts together: the same reference, how many, which (9.2.3.24.1)."""
    return bytes((5, 0, 3, reference % 256, count, number)) if count > 1 else b""


def sender_address(sender: str) -> Address:
    """A name, a number with or without +, an operator's short number, or the centre's own."""
    digits = sender.removeprefix("+")
    if not sender:
        return Address(0, 0, "")
    if not digits.isdigit():
        return Address(5, 0, sender)
    return Address(1, 1, digits) if len(digits) >= _SHORTEST_PHONE else Address(3, 0, digits)
