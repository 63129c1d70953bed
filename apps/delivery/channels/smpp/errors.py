"""What a centre's "no" means: ``command_status`` of SMPP 3.4 (5.1.3), all of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from apps.core.contracts import Blame
from apps.core.responses.stored import Response, foreign


class Meaning(StrEnum):
    """Whom an error is about, and so what becomes of the message."""

    PERSON = "person"  # this number: failed
    MESSAGE = "message"  # the message as it is: failed; a row of them stops the account
    LATER = "later"  # this message, for now: tried again
    BUSY = "busy"  # the centre, for now: given back, the account rests
    ACCOUNT = "account"  # the account: given back, somebody must fix it


ALREADY_BOUND: Final = 0x05
#: The session is out of step: it has to be bound anew.
NOT_BOUND: Final = 0x04
UNKNOWN_COMMAND: Final = 0x03
#: Said by us: the centre brings it again; it need not.
RECEIVER_BUSY: Final = 0x64
RECEIVER_REFUSES: Final = 0x66

#: The highest number that is stored.
_MOST: Final = 0x7FFFFFFF
ERRORS: Final[Mapping[int, tuple[str, Meaning]]] = {
    0x01: ("ESME_RINVMSGLEN", Meaning.MESSAGE),
    0x02: ("ESME_RINVCMDLEN", Meaning.MESSAGE),
    UNKNOWN_COMMAND: ("ESME_RINVCMDID", Meaning.ACCOUNT),
    NOT_BOUND: ("ESME_RINVBNDSTS", Meaning.BUSY),
    ALREADY_BOUND: ("ESME_RALYBND", Meaning.BUSY),
    0x06: ("ESME_RINVPRTFLG", Meaning.MESSAGE),
    0x07: ("ESME_RINVREGDLVFLG", Meaning.MESSAGE),
    0x08: ("ESME_RSYSERR", Meaning.BUSY),
    0x0A: ("ESME_RINVSRCADR", Meaning.ACCOUNT),
    0x0B: ("ESME_RINVDSTADR", Meaning.PERSON),
    0x0C: ("ESME_RINVMSGID", Meaning.MESSAGE),
    0x0D: ("ESME_RBINDFAIL", Meaning.ACCOUNT),
    0x0E: ("ESME_RINVPASWD", Meaning.ACCOUNT),
    0x0F: ("ESME_RINVSYSID", Meaning.ACCOUNT),
    0x11: ("ESME_RCANCELFAIL", Meaning.MESSAGE),
    0x13: ("ESME_RREPLACEFAIL", Meaning.MESSAGE),
    0x14: ("ESME_RMSGQFUL", Meaning.BUSY),
    0x15: ("ESME_RINVSERTYP", Meaning.ACCOUNT),
    0x33: ("ESME_RINVNUMDESTS", Meaning.MESSAGE),
    0x34: ("ESME_RINVDLNAME", Meaning.MESSAGE),
    0x40: ("ESME_RINVDESTFLAG", Meaning.MESSAGE),
    0x42: ("ESME_RINVSUBREP", Meaning.MESSAGE),
    0x43: ("ESME_RINVESMCLASS", Meaning.MESSAGE),
    0x44: ("ESME_RCNTSUBDL", Meaning.MESSAGE),
    0x45: ("ESME_RSUBMITFAIL", Meaning.LATER),
    0x48: ("ESME_RINVSRCTON", Meaning.ACCOUNT),
    0x49: ("ESME_RINVSRCNPI", Meaning.ACCOUNT),
    0x50: ("ESME_RINVDSTTON", Meaning.ACCOUNT),
    0x51: ("ESME_RINVDSTNPI", Meaning.ACCOUNT),
    0x53: ("ESME_RINVSYSTYP", Meaning.ACCOUNT),
    0x54: ("ESME_RINVREPFLAG", Meaning.MESSAGE),
    0x55: ("ESME_RINVNUMMSGS", Meaning.MESSAGE),
    0x58: ("ESME_RTHROTTLED", Meaning.BUSY),
    0x61: ("ESME_RINVSCHED", Meaning.MESSAGE),
    0x62: ("ESME_RINVEXPIRY", Meaning.MESSAGE),
    0x63: ("ESME_RINVDFTMSGID", Meaning.MESSAGE),
    RECEIVER_BUSY: ("ESME_RX_T_APPN", Meaning.LATER),
    0x65: ("ESME_RX_P_APPN", Meaning.PERSON),
    RECEIVER_REFUSES: ("ESME_RX_R_APPN", Meaning.PERSON),
    0x67: ("ESME_RQUERYFAIL", Meaning.MESSAGE),
    0xC0: ("ESME_RINVOPTPARSTREAM", Meaning.MESSAGE),
    0xC1: ("ESME_ROPTPARNOTALLWD", Meaning.MESSAGE),
    0xC2: ("ESME_RINVPARLEN", Meaning.MESSAGE),
    0xC3: ("ESME_RMISSINGOPTPARAM", Meaning.MESSAGE),
    0xC4: ("ESME_RINVOPTPARAMVAL", Meaning.MESSAGE),
    0xFE: ("ESME_RDELIVERYFAILURE", Meaning.LATER),
    0xFF: ("ESME_RUNKNOWNERR", Meaning.LATER),
}


def meaning_of(status: int) -> Meaning:
    """What the error of a message means. One that nobody knows is the message's."""
    return ERRORS[status][1] if status in ERRORS else Meaning.MESSAGE


def blame_for_bind(status: int) -> Blame:
    """Who is to blame for a refused bind: the centre when it is full, else the account."""
    return Blame.BUSY if meaning_of(status) is Meaning.BUSY else Blame.ACCOUNT


def stored_code(status: int) -> int:
    """The number as far as its column holds it; 0 for a larger one, which stands in the text."""
    return status if status <= _MOST else 0


def error_text(status: int) -> Response:
    """The error as it is stored: its name if it has one, and its number as documents write it."""
    name = ERRORS[status][0] if status in ERRORS else "SMPP"
    return foreign(f"{name} (0x{status:02X})")
