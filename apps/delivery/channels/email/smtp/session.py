"""One connection's session: an explicit state machine from MAIL to the reply to the final dot.

With PIPELINING (RFC 2920) a letter's MAIL, RCPT and DATA go out in one write, and in the same
write as the previous letter's body if the server bears that (server_behavior). Without it, each
waits for the reply before.

What a broken connection means for a letter is decided by the last byte handed to the kernel:

1. envelope only: nothing happened, the letter goes back to the queue;
2. body, but not the final dot: proven unsent, RETRY;
3. the final dot, and no complete reply: UNKNOWN;
4. a complete reply: its verdict, whatever happens to the connection afterwards.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Final

from apps.core.contracts import Blame, Verdict
from apps.core.responses.stored import coded, with_code
from apps.delivery.channels.email.smtp.classify import CLOSING, ConnectionLost, Failure, Stage
from apps.delivery.channels.email.smtp.end_of_data import DATA, DOT, TAIL, EndOfData
from apps.delivery.channels.email.smtp.queue import LetterQueue
from apps.delivery.channels.email.smtp.replies import Reply, ReplyReader
from apps.delivery.channels.email.smtp.stream import SocketStream
from apps.delivery.channels.email.smtp.transaction import Extensions, MailTransaction

_RSET: Final = b"RSET\r\n"
NEVER: Final = math.inf


class Session(ABC):
    """What is said on an open connection, one letter after the other."""

    __slots__ = (
        "number", "queue", "end_of_data", "stage", "stream", "reader", "offered", "deadline",
        "failures", "cool_down_until", "opened_at", "finished", "transaction", "pipelined_next",
        "refusal", "refused_at", "reset_due", "orphaned_data", "writing_since", "behavior",
        "grouped", "was_pipelined",
    )  # fmt: skip

    def __init__(self, number: int, queue: LetterQueue) -> None:
        self.number = number
        self.queue = queue
        self.end_of_data = EndOfData(number, queue.guard)
        self.stage = Stage.CLOSED
        self.stream: SocketStream | None = None
        self.reader = ReplyReader()
        self.offered = Extensions()
        self.deadline = NEVER  # monotonic: when the present step must be over
        self.failures = 0  # connections in a row that ended badly without one finished letter
        self.cool_down_until = 0.0  # monotonic
        self.opened_at = 0.0  # monotonic
        self.finished = 0  # letters answered on this connection
        self.behavior = queue.behavior
        self.grouped = False  # MAIL, RCPT and DATA go out in one write
        self.was_pipelined = False  # this envelope stood behind the dot of the letter before
        self.transaction: MailTransaction | None = None
        self.pipelined_next: MailTransaction | None = (
            None  # its envelope left together with this transaction's final dot
        )
        self.refusal: Reply | None = None  # the first refusal of the transaction's envelope
        self.refused_at = Stage.MAIL
        self.reset_due = False  # the last transaction failed half-way
        self.orphaned_data = False  # a DATA was sent that no letter will follow
        self.writing_since = 0.0  # monotonic: when the final dot was offered

    @abstractmethod
    def close(self) -> None:
        """Close the connection on purpose; a letter that waits behind another goes back."""

    @abstractmethod
    def _report_rejection(
        self, transaction: MailTransaction, reply: Reply, stage: Stage, now: float
    ) -> bool:
        """Report a refusal. False: this connection is to be ended."""

    @property
    def end_of_data_sent(self) -> bool:
        """True when the kernel has the dot: the server may accept the letter."""
        return (
            self.stage is Stage.DOT
            and self.stream is not None
            and self.end_of_data.dot_may_have_left(self.stream)
        )

    def _on_reply(self, reply: Reply, now: float) -> None:
        stage = self.stage
        if stage is Stage.DOT and self.end_of_data_sent:
            self._on_dot(reply, now)
        elif stage is Stage.MAIL or stage is Stage.RCPT or stage is Stage.DATA:
            self._on_envelope(reply, now)
        elif stage is Stage.LONE_DOT:
            self._end_rejected(now)
        elif stage is Stage.RSET:
            if not 200 <= reply.code < 300:
                raise ConnectionLost(Failure(reply.response, reply.code))
            self._advance(Stage.MAIL, now)
        elif stage is Stage.IDLE:
            raise ConnectionLost(Failure(reply.response, reply.code))
        else:
            self._on_early(reply, now)

    def _on_envelope(self, reply: Reply, now: float) -> None:
        stage, code = self.stage, reply.code
        if code == CLOSING:
            self.refusal, self.refused_at = self.refusal or reply, stage
            raise ConnectionLost(Failure(reply.response, code))
        if code < 400 and (code == 354) is not (stage is Stage.DATA):
            raise _unexpected(stage, reply)
        if code >= 400:
            if self.refusal is None:
                self.refusal, self.refused_at = reply, stage
            if stage is Stage.DATA or not self.grouped:
                self._end_rejected(now)
                return
        if stage is Stage.MAIL:
            self._advance(Stage.RCPT, now)
        elif stage is Stage.RCPT:
            self._advance(Stage.DATA, now)
        elif self.refusal is None:
            self._on_go_ahead(now)
        elif self.refused_at is Stage.RCPT:
            self.stage = Stage.LONE_DOT
            self._write(DOT, now)
        else:
            raise ConnectionLost(Failure(coded("smtp_sender_ignored")))

    def _on_early(self, reply: Reply, now: float) -> None:
        """A reply before the dot: only a refusal is believed. The session is over."""
        transaction = self.transaction
        if reply.code < 400 or reply.code == CLOSING or transaction is None:
            raise _unexpected(Stage.BODY, reply)
        self.end_of_data.answered(transaction, accepted=False)
        self._report_rejection(transaction, reply, Stage.DATA, now)
        self.transaction = None
        raise ConnectionLost(Failure(reply.response, reply.code))

    def _on_dot(self, reply: Reply, now: float) -> None:
        transaction = self.transaction
        if transaction is None or 300 <= reply.code < 400:
            raise _unexpected(Stage.DOT, reply)
        accepted = reply.code < 300
        self.end_of_data.answered(transaction, accepted=accepted)
        self.failures = 0
        if accepted:
            text = Failure(reply.response, reply.code, Blame.RECIPIENT)
            self.queue.settle(transaction, Verdict.SENT, text, now)
            if self.finished == 0 or not self.behavior.is_settled:
                self._learn_from_reply(reply)
        elif not self._report_rejection(transaction, reply, Stage.DOT, now):
            self.transaction = None
            self.stage = Stage.IDLE if self.pipelined_next is None else Stage.MAIL
            self.close()
            return
        self.transaction, self.pipelined_next = self.pipelined_next, None
        self.finished += 1
        if self.transaction is None:
            self._next(now)
        else:
            self.transaction.began = now
            self.was_pipelined = True
            self.stage = Stage.MAIL
            self.deadline = now + self.queue.config.command_timeout

    # Steps

    def _advance(self, stage: Stage, now: float) -> None:
        """Wait for the next reply of an envelope; in lockstep, send its command first."""
        self.stage = stage
        self.deadline = now + self.queue.config.command_timeout
        transaction = self.transaction
        if transaction is not None and not self.grouped:
            if stage is Stage.MAIL:
                self._write(transaction.mail, now)
            else:
                self._write(transaction.rcpt if stage is Stage.RCPT else DATA, now)

    def _next(self, now: float) -> None:
        """Start the next letter, or be idle, or close a connection that has done its share."""
        limit = self.behavior.limit
        over = limit and self.finished >= limit
        if not self.grouped and self.offered.pipelining and self.finished:
            over = over or self.behavior.prefers_grouped
        if self.orphaned_data or over:
            self.stage = Stage.DATA if self.orphaned_data else Stage.IDLE
            self.close()
            return
        transaction = self.transaction = self.queue.take(
            self.offered, first_on_connection=self.finished == 0
        )
        if transaction is None:
            self.stage = Stage.IDLE
            self.deadline = NEVER
            self.queue.needs_attention = True
            if self.finished and self.queue.waiting:
                self.close()  # what waits is to be sent on a new connection
            return
        transaction.began = now
        self.was_pipelined = False
        self.stage = Stage.RSET if self.reset_due else Stage.MAIL
        if self.grouped:
            start = _RSET if self.reset_due else b""
            self._write(b"".join((start, transaction.mail, transaction.rcpt, DATA)), now)
        else:
            self._write(_RSET if self.reset_due else transaction.mail, now)
        self.reset_due = False

    def _write(self, command: bytes, now: float) -> None:
        self.deadline = now + self.queue.config.command_timeout
        if self.stream is not None:
            self.stream.write(command)

    def _end_rejected(self, now: float) -> None:
        """All replies to a refused envelope were read."""
        transaction, refusal = self.transaction, self.refusal
        self.transaction = self.refusal = None
        self.reset_due = self.stage is not Stage.LONE_DOT
        self.stage = Stage.IDLE
        if (
            transaction is None
            or refusal is None
            or self._report_rejection(transaction, refusal, self.refused_at, now)
        ):
            if self.was_pipelined and self.behavior.trying == self.number:
                self.behavior.accepted_after_data()
            self.finished += 1
            self.failures = 0
            self._next(now)
        else:
            self.close()

    def _learn_from_reply(self, reply: Reply) -> None:
        """The first letter of a connection was accepted, or something is still to be found out."""
        if self.finished == 0:
            self.behavior.confirm_message_limit()
        if not self.behavior.is_settled:
            self.behavior.replied(reply.text, last=True)

    def _on_go_ahead(self, now: float) -> None:
        """354 was read: write the body, all of it at once if it is short."""
        transaction, stream = self.transaction, self.stream
        if transaction is None or stream is None:
            return
        if not self.behavior.is_settled:
            if self.was_pipelined and self.behavior.trying == self.number:
                self.behavior.accepted_after_data()
            self.behavior.envelope_taken(grouped=self.grouped)
        self.was_pipelined = False
        self.stage = Stage.BODY
        self.deadline = now + self.queue.config.data_timeout
        if len(transaction.body) <= TAIL or stream.write(memoryview(transaction.body)[:-TAIL]):
            self._write_dot(transaction, stream, now)

    def _write_dot(self, transaction: MailTransaction, stream: SocketStream, now: float) -> None:
        if not self.reader.empty:
            raise ConnectionLost(Failure(coded("smtp_early_reply")))
        behavior = self.behavior
        last = behavior.limit and self.finished + 1 >= behavior.limit
        if self.grouped and not last and behavior.may_pipeline_after_data():
            self.pipelined_next = self.queue.take(self.offered, first_on_connection=False)
            if self.pipelined_next is not None and not behavior.pipelines_after_data:
                behavior.trying = self.number
        whole = self.end_of_data.send(stream, transaction, self.pipelined_next)
        self.stage = Stage.DOT
        self.writing_since = now
        if whole:
            self.deadline = now + self.queue.config.data_done_timeout

    def _continue_body(self, stream: SocketStream, now: float) -> None:
        """Go on with a write that the kernel took only partly."""
        transaction = self.transaction
        if transaction is None or self.stage not in (Stage.BODY, Stage.DOT):
            stream.flush()
        elif self.stage is Stage.DOT:
            if self.end_of_data.send_remaining(stream, transaction):
                self.deadline = now + self.queue.config.data_done_timeout
        elif stream.flush():
            self._write_dot(transaction, stream, now)


def _unexpected(stage: Stage, reply: Reply) -> ConnectionLost:
    """A reply that cannot come at this stage."""
    text = with_code(reply.code, reply.response)
    return ConnectionLost(Failure(coded("smtp_unexpected", stage.value, reply=text), reply.code))
