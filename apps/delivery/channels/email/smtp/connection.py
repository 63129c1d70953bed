"""One connection of the pool: how it opens and ends, and what its end means for its letters."""

from __future__ import annotations

from typing import Final

from apps.core.contracts import Verdict
from apps.core.responses.stored import coded
from apps.delivery.channels.email.smtp.classify import OUT_OF_STEP, ConnectionLost, Failure, Stage
from apps.delivery.channels.email.smtp.end_of_data import GuardRefused
from apps.delivery.channels.email.smtp.handshake import ReadyConnection
from apps.delivery.channels.email.smtp.refusal_streak import Refusal, wants_another_connection
from apps.delivery.channels.email.smtp.replies import ProtocolError, Reply
from apps.delivery.channels.email.smtp.session import NEVER, Session
from apps.delivery.channels.email.smtp.stream import SocketStream
from apps.delivery.channels.email.smtp.transaction import MailTransaction

_YOUNG: Final = 5.0  # seconds


class Connection(Session):
    """One of a channel's K ways to the server, over as many connections as it takes."""

    __slots__ = ()

    def connected(self, stream: SocketStream, opened: ReadyConnection, now: float) -> None:
        """Take over a connection that is ready for MAIL."""
        self.stream, self.offered, self.reader = stream, opened.extensions, opened.reader
        self.opened_at = now
        self.finished = 0
        self.grouped = self.behavior.connected(opened.greeting, offered=self.offered.pipelining)
        self.reset_due = self.orphaned_data = self.was_pipelined = False
        self.stage = Stage.IDLE
        self.deadline = NEVER

    def begin(self, now: float) -> None:
        """Start the next letter, if the queue has one. The connection must be idle."""
        try:
            self._next(now)
        except ConnectionLost as lost:
            self._lose(lost.failure, now)

    def on_io_ready(self, now: float) -> None:
        """The selector says that the connection can be read or written."""
        stream = self.stream
        if stream is None:
            return
        try:
            if stream.unsent:
                self._continue_body(stream, now)
            self._read(stream, now)
        except GuardRefused:
            self._guard_refused(now)
        except ConnectionLost as lost:
            self._lose(lost.failure, now)
        except ProtocolError as error:
            self._lose(Failure(error.response), now)

    def expire(self, now: float) -> None:
        """The present step's deadline is over."""
        self._lose(Failure(coded("smtp_timeout", self.stage.value)), now)

    def yield_pipelined(self) -> MailTransaction | None:
        """Give up the letter that waits behind a slow reply. It was begun by its envelope only.

        Its DATA stands already, so the connection ends with the reply that is waited for.
        """
        transaction, self.pipelined_next = self.pipelined_next, None
        if transaction is not None:
            self.orphaned_data = True
        return transaction

    def close(self) -> None:
        """Close the connection on purpose, politely when it is idle (RFC 5321, 4.1.1.10)."""
        if self.stage is Stage.IDLE and self.stream is not None:
            self.stream.write(b"QUIT\r\n")
        pipelined_next = self.pipelined_next
        self._close_stream()
        if pipelined_next is not None:
            self.queue.requeue(pipelined_next)

    def abort(self, now: float) -> None:
        """Close now. UNKNOWN for a letter that may have left; the others return to the queue."""
        pipelined_next = self.yield_pipelined()
        if self.end_of_data_sent:
            self.on_io_ready(now)  # its reply may have come already
        transaction = self.transaction
        if self.end_of_data_sent or self.refusal is not None:
            self._lose(Failure(coded("smtp_channel_closed")), now)
        else:
            self.close()
            if transaction is not None:
                self.end_of_data.answered(transaction, accepted=False)
                self.queue.requeue(transaction)
        if pipelined_next is not None:
            self.queue.requeue(pipelined_next)

    def _read(self, stream: SocketStream, now: float) -> None:
        while data := stream.receive():
            self.reader.feed(data)
            while (reply := self.reader.next()) is not None:
                self._on_reply(reply, now)
                if self.stream is not stream:
                    return
            if not stream.more:
                return

    def _guard_refused(self, now: float) -> None:
        """The guard keeps the letter. A DATA that has begun can only be ended by closing."""
        transaction, pipelined_next = self.transaction, self.pipelined_next
        self._close_stream()
        if pipelined_next is not None:
            self.queue.requeue(pipelined_next)
        if transaction is not None:
            self.queue.guard_denied(transaction, now)

    def _lose(self, failure: Failure, now: float) -> None:
        """Report the outcomes of a closed connection's letters, by what had been sent."""
        stage, left = self.stage, self.end_of_data_sent
        transaction, pipelined_next, refusal = self.transaction, self.pipelined_next, self.refusal
        first = self.finished == 0
        # A server may close an idle connection at any time, but not as soon as it is open.
        young = first and now - self.opened_at < _YOUNG
        failure_counts = transaction is not None or stage is not Stage.IDLE or young
        self._learn_from_loss(stage, refused=refusal is not None)
        self._close_stream()
        if pipelined_next is not None:
            self.queue.requeue_with_strike(pipelined_next, suspect=False, failure=failure)
        if transaction is not None:
            if refusal is not None:
                failure_counts = self._report_rejection(transaction, refusal, self.refused_at, now)
            elif stage is Stage.DOT and left:
                self.end_of_data.doubtful()
                text = coded("smtp_after_dot", reply=failure.text)
                self.queue.settle(transaction, Verdict.UNKNOWN, Failure(text, failure.code), now)
            elif stage in (Stage.BODY, Stage.DOT):
                self.end_of_data.answered(transaction, accepted=False)
                text = coded("smtp_before_dot", reply=failure.text)
                self.queue.settle(transaction, Verdict.RETRY, Failure(text, failure.code), now)
            elif self.grouped and self.behavior.doubts_grouped:
                self.queue.requeue(transaction)
            else:
                self.queue.requeue_with_strike(transaction, suspect=first, failure=failure)
        if failure_counts:
            self.queue.connection_lost(self.number, failure, now)

    def _report_rejection(
        self, transaction: MailTransaction, reply: Reply, stage: Stage, now: float
    ) -> bool:
        if reply.code in OUT_OF_STEP and stage is not Stage.DOT:
            suspect = self.was_pipelined or (self.grouped and self.behavior.doubts_grouped)
            if self.was_pipelined:
                self.behavior.rejected_after_data()
            else:
                self.behavior.envelope_broke(grouped=self.grouped)
            if suspect:  # of what we wrote at once, not of the letter
                self.queue.requeue(transaction)
                return False
        if wants_another_connection(reply, stage):
            if self.finished:
                self.behavior.note_closed_after(self.finished)
            else:
                self.behavior.discard_suspected_limit()
        letters, opened_at = self.finished, self.opened_at
        refusal = Refusal(transaction, reply, stage, self.number, letters, opened_at)
        return self.queue.refused(refusal, now)

    def _learn_from_loss(self, stage: Stage, *, refused: bool) -> None:
        """What a broken connection says of the server, if it says anything."""
        behavior = self.behavior
        behavior.lost_after_data(self.number)
        if stage in (Stage.MAIL, Stage.RCPT, Stage.DATA) and not refused:
            if self.finished:
                behavior.note_closed_after(self.finished)
            if not self.was_pipelined:
                behavior.envelope_broke(grouped=self.grouped)

    def _close_stream(self) -> None:
        self.queue.needs_attention = True
        if self.behavior.trying == self.number:
            self.behavior.trying = None
        if self.stream is not None:
            self.stream.close()
        self.stream = None
        self.stage = Stage.CLOSED
        self.deadline = NEVER
        self.transaction = self.pipelined_next = self.refusal = None
