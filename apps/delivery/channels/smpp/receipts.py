"""Delivery receipts: ``deliver_sm`` read as what became of one message (appendix B)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from apps.core.responses.stored import coded
from apps.delivery.channels.smpp.pdu import ShortMessage, Tag
from apps.delivery.channels.tracked import Receipt, Tracked

#: Before the centre's id of a message in the response of its attempt.
ID_PREFIX: Final = "id="
#: ``esm_class`` of a receipt, without the bits that mean something else (5.2.12).
_KIND: Final = 0x3C
_RECEIPT: Final = 0x04
_UCS2: Final = 0x08
_FIELD: Final = re.compile(r"\b(id|stat|err):\s*(\S+)", re.I)
#: ``message_state`` (5.2.28) by the words of a receipt's text.
_STATES: Final[Mapping[int, str]] = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
#: What they mean; of the others nothing is decided yet.
EVENTS: Final[Mapping[str, str]] = {
    "DELIVRD": "delivered",
    "EXPIRED": "failed",
    "DELETED": "failed",
    "UNDELIV": "failed",
    "REJECTD": "failed",
}


def receipt_in(message: ShortMessage) -> Receipt | None:
    """The receipt that this message is; None: it is a person's text, or says nothing."""
    options = message.options
    if message.esm_class & _KIND != _RECEIPT and Tag.RECEIPTED_MESSAGE_ID not in options:
        return None
    coding = "utf-16-be" if message.data_coding == _UCS2 else "latin-1"
    text = message.content.decode(coding, "replace")
    said = {name.lower(): value for name, value in reversed(_FIELD.findall(text))}
    by_option = options.get(Tag.RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1")
    remote = by_option or said.get("id", "")
    state = said.get("stat", "").upper() or _STATES.get(
        int.from_bytes(options.get(Tag.MESSAGE_STATE, b"")), ""
    )
    if not remote or not state:
        return None
    shown = " ".join(filter(None, (state, said.get("err", ""))))[:60]
    reply = Tracked(EVENTS.get(state, ""), coded("sms_status", shown))
    # It comes from the phone; a few centres leave both addresses as we wrote them.
    phones = tuple(_digits(one.text) for one in (message.source, message.destination))
    return Receipt(spellings(remote), phones, reply)


def spellings(remote: str) -> tuple[str, ...]:
    """The id, and as what a centre may have answered it: decimal for hexadecimal and the reverse.

    All in small letters, without zeros before them.
    """
    plain = bare(remote)
    found = [plain]
    if re.fullmatch(r"[0-9]{1,20}", plain):
        found.append(f"{int(plain):x}")
    if re.fullmatch(r"[0-9a-f]{1,16}", plain):
        found.append(str(int(plain, 16)))
    return tuple(dict.fromkeys(found))


def bare(remote: str) -> str:
    """The id without what centres write in more than one way."""
    return remote.strip().lower().lstrip("0") or "0"


def _digits(address: str) -> str:
    return re.sub(r"\D", "", address)
