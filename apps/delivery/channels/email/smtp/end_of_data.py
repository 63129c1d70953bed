"""The end of data: the only write that carries the final dot of a letter."""

from __future__ import annotations

from typing import Final

from apps.core.contracts import Guard
from apps.delivery.channels.email.smtp.stream import SocketStream
from apps.delivery.channels.email.smtp.transaction import MailTransaction

#: So much of a long body is kept for the write that carries the dot. With the next envelope and
#: its two longest paths it still fits one TLS record.
TAIL: Final = 12 * 1024
DOT: Final = b".\r\n"
DATA: Final = b"DATA\r\n"


class GuardRefused(Exception):
    """The guard said no: the letter must not leave any more."""


class EndOfData:
    """Asks the guard right before the dot is written, and knows whether the kernel has it."""

    __slots__ = ("connection", "guard", "_asked", "_after_dot")

    def __init__(self, connection: int, guard: Guard) -> None:
        self.connection = connection
        self.guard = guard
        self._asked = False
        self._after_dot = 0  # at so few unsent bytes, or fewer, the kernel has the dot

    def send(
        self,
        stream: SocketStream,
        transaction: MailTransaction,
        pipelined_next: MailTransaction | None,
    ) -> bool:
        """Write the end of the body, the dot and the next envelope. True when all was taken.

        Raises ``GuardRefused`` when the guard says no; nothing is written then.
        """
        body = transaction.body if len(transaction.body) <= TAIL else transaction.body[-TAIL:]
        if pipelined_next is None:
            data = body + DOT
        else:
            data = b"".join((body, DOT, pipelined_next.mail, pipelined_next.rcpt, DATA))
        self._after_dot = len(data) - len(body) - 1
        self._ask_guard(transaction)
        return stream.write(data)

    def send_remaining(self, stream: SocketStream, transaction: MailTransaction) -> bool:
        """Go on with a write that was taken partly. Raises ``GuardRefused``, as ``send``."""
        if not self.dot_may_have_left(stream):
            self._ask_guard(transaction)  # time has passed since it was asked
        return stream.flush()

    def dot_may_have_left(self, stream: SocketStream) -> bool:
        """True when the dot may have left, asked after ``send``.

        With TLS a record that was begun counts: how much of it left cannot be known.
        """
        return stream.secure or stream.unsent <= self._after_dot

    def answered(self, transaction: MailTransaction, *, accepted: bool) -> None:
        """Notify the guard, if it was asked, that the letter is no longer in doubt."""
        if self._asked:
            self._asked = False
            self.guard.answered(self.connection, transaction.letter.delivery_id, accepted)

    def doubtful(self) -> None:
        """The letter's fate is not known: the guard is left as it is."""
        self._asked = False

    def _ask_guard(self, transaction: MailTransaction) -> None:
        self._asked = True
        if not self.guard.allow(self.connection, transaction.letter.delivery_id):
            self.answered(transaction, accepted=False)
            raise GuardRefused
