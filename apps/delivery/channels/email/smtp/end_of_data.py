"""The one door through which a letter leaves: the write that carries its final dot."""

from __future__ import annotations

from typing import Final

from apps.core.contracts import Guard
from apps.delivery.channels.email.smtp.stream import Wire
from apps.delivery.channels.email.smtp.transaction import Parcel

#: So much of a long body is kept for the write that carries the dot. With the next envelope and
#: its two longest paths it still fits one TLS record.
TAIL: Final = 12 * 1024
DOT: Final = b".\r\n"
DATA: Final = b"DATA\r\n"


class NotAllowed(Exception):
    """The guard said no: the letter must not leave any more."""


class Door:
    """Asks the guard right before the dot is written, and knows whether the kernel has it."""

    __slots__ = ("line", "guard", "_asked", "_after_dot")

    def __init__(self, line: int, guard: Guard) -> None:
        self.line = line
        self.guard = guard
        self._asked = False
        self._after_dot = 0  # at so few unsent bytes, or fewer, the kernel has the dot

    def send(self, wire: Wire, parcel: Parcel, ahead: Parcel | None) -> bool:
        """Write the end of the body, the dot and the next envelope. True when all was taken.

        Raises ``NotAllowed`` when the guard says no; nothing is written then.
        """
        body = parcel.body if len(parcel.body) <= TAIL else parcel.body[-TAIL:]
        if ahead is None:
            data = body + DOT
        else:
            data = b"".join((body, DOT, ahead.mail, ahead.rcpt, DATA))
        self._after_dot = len(data) - len(body) - 1
        self._ask(parcel)
        return wire.write(data)

    def send_on(self, wire: Wire, parcel: Parcel) -> bool:
        """Go on with a write that was taken partly. Raises ``NotAllowed``, as ``send``."""
        if not self.left(wire):
            self._ask(parcel)  # time has passed since it was asked
        return wire.flush()

    def left(self, wire: Wire) -> bool:
        """True when the dot may have left, asked after ``send``.

        With TLS a record that was begun counts: how much of it left cannot be known.
        """
        return wire.secure or wire.unsent <= self._after_dot

    def answered(self, parcel: Parcel, *, accepted: bool) -> None:
        """Tell the guard, if it was asked, that the letter is not in doubt any more."""
        if self._asked:
            self._asked = False
            self.guard.answered(self.line, parcel.letter.delivery_id, accepted)

    def doubtful(self) -> None:
        """The letter's fate is not known: the guard is left as it is."""
        self._asked = False

    def _ask(self, parcel: Parcel) -> None:
        self._asked = True
        if not self.guard.allow(self.line, parcel.letter.delivery_id):
            self.answered(parcel, accepted=False)
            raise NotAllowed
