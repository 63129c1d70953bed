"""One line: how its connections begin and end, and what their end means for the letters."""

from __future__ import annotations

from typing import Final

from apps.core.contracts import Verdict
from apps.core.responses.stored import coded
from apps.delivery.channels.email.smtp.classify import OUT_OF_STEP, LineLost, Stage, Trouble
from apps.delivery.channels.email.smtp.end_of_data import NotAllowed
from apps.delivery.channels.email.smtp.handshake import Opened
from apps.delivery.channels.email.smtp.refusal_streak import Refusal, wants_another_connection
from apps.delivery.channels.email.smtp.replies import ProtocolError, Reply
from apps.delivery.channels.email.smtp.session import NEVER, Dialogue
from apps.delivery.channels.email.smtp.stream import Wire
from apps.delivery.channels.email.smtp.transaction import Parcel

_YOUNG: Final = 5.0  # seconds


class Line(Dialogue):
    """One of a channel's K ways to the server, over as many connections as it takes."""

    __slots__ = ()

    def connected(self, wire: Wire, opened: Opened, now: float) -> None:
        """Take over a connection that is ready for MAIL."""
        self.wire, self.offered, self.reader = wire, opened.extensions, opened.reader
        self.opened_at = now
        self.finished = 0
        self.grouped = self.learning.connected(opened.greeting, offered=self.offered.pipelining)
        self.reset_due = self.stale = self.behind = False
        self.stage = Stage.IDLE
        self.deadline = NEVER

    def begin(self, now: float) -> None:
        """Start the next letter, if the desk has one. The line must be idle."""
        try:
            self._next(now)
        except LineLost as lost:
            self._lose(lost.trouble, now)

    def ready(self, now: float) -> None:
        """The selector says that the connection can be read or written."""
        wire = self.wire
        if wire is None:
            return
        try:
            if wire.unsent:
                self._write_on(wire, now)
            self._read(wire, now)
        except NotAllowed:
            self._not_allowed(now)
        except LineLost as lost:
            self._lose(lost.trouble, now)
        except ProtocolError as error:
            self._lose(Trouble(error.response), now)

    def expire(self, now: float) -> None:
        """The present step's deadline is over."""
        self._lose(Trouble(coded("smtp_timeout", self.stage.value)), now)

    def give_way(self) -> Parcel | None:
        """Give up the letter that waits behind a slow reply. It was begun by its envelope only.

        Its DATA stands already, so the connection ends with the reply that is waited for.
        """
        parcel, self.ahead = self.ahead, None
        if parcel is not None:
            self.stale = True
        return parcel

    def hang_up(self) -> None:
        """Close a line on purpose, politely when it is idle (RFC 5321, 4.1.1.10)."""
        if self.stage is Stage.IDLE and self.wire is not None:
            self.wire.write(b"QUIT\r\n")
        ahead = self.ahead
        self._shut()
        if ahead is not None:
            self.desk.take_back(ahead)

    def break_off(self, now: float) -> None:
        """Close now. UNKNOWN for a letter that may have left; the others go back to the desk."""
        ahead = self.give_way()
        if self.dot_left:
            self.ready(now)  # its reply may have come already
        parcel = self.parcel
        if self.dot_left or self.refusal is not None:
            self._lose(Trouble(coded("smtp_channel_closed")), now)
        else:
            self.hang_up()
            if parcel is not None:
                self.door.answered(parcel, accepted=False)
                self._return(parcel)
        if ahead is not None:
            self._return(ahead)

    def _read(self, wire: Wire, now: float) -> None:
        while data := wire.receive():
            self.reader.feed(data)
            while (reply := self.reader.next()) is not None:
                self._on_reply(reply, now)
                if self.wire is not wire:
                    return
            if not wire.more:
                return

    def _not_allowed(self, now: float) -> None:
        """The guard keeps the letter. A DATA that has begun can only be ended by closing."""
        parcel, ahead = self.parcel, self.ahead
        self._shut()
        if ahead is not None:
            self._return(ahead)
        if parcel is not None:
            self.desk.denied(parcel, now)

    def _return(self, parcel: Parcel) -> None:
        """Give back a letter whose connection was ended by us, so through no fault of its own."""
        given_up = Trouble(coded("smtp_given_up"))
        self.desk.put_back(parcel, suspect=False, trouble=given_up)

    def _lose(self, trouble: Trouble, now: float) -> None:
        """The connection is over: tell what became of its letters, by what had left."""
        stage, left = self.stage, self.dot_left
        parcel, ahead, refusal = self.parcel, self.ahead, self.refusal
        first = self.finished == 0
        # A server may close an idle connection at any time, but not as soon as it is open.
        young = first and now - self.opened_at < _YOUNG
        trouble_counts = parcel is not None or stage is not Stage.IDLE or young
        self._learn_from_loss(stage, refused=refusal is not None)
        self._shut()
        if ahead is not None:
            self.desk.put_back(ahead, suspect=False, trouble=trouble)
        if parcel is not None:
            if refusal is not None:
                trouble_counts = self._refuse(parcel, refusal, self.refused_at, now)
            elif stage is Stage.DOT and left:
                self.door.doubtful()
                text = coded("smtp_after_dot", reply=trouble.text)
                self.desk.settle(parcel, Verdict.UNKNOWN, Trouble(text, trouble.code), now)
            elif stage in (Stage.BODY, Stage.DOT):
                self.door.answered(parcel, accepted=False)
                text = coded("smtp_before_dot", reply=trouble.text)
                self.desk.settle(parcel, Verdict.RETRY, Trouble(text, trouble.code), now)
            elif self.grouped and self.learning.doubts_grouped:
                self.desk.take_back(parcel)
            else:
                self.desk.put_back(parcel, suspect=first, trouble=trouble)
        if trouble_counts:
            self.desk.line_broke(self.number, trouble, now)

    def _refuse(self, parcel: Parcel, reply: Reply, stage: Stage, now: float) -> bool:
        if reply.code in OUT_OF_STEP and stage is not Stage.DOT:
            suspect = self.behind or (self.grouped and self.learning.doubts_grouped)
            if self.behind:
                self.learning.not_borne()
            else:
                self.learning.envelope_broke(grouped=self.grouped)
            if suspect:  # of what we wrote at once, not of the letter
                self.desk.take_back(parcel)
                return False
        if wants_another_connection(reply, stage):
            if self.finished:
                self.learning.ended_after(self.finished)
            else:
                self.learning.first_refused()
        letters, opened_at = self.finished, self.opened_at
        refusal = Refusal(parcel, reply, stage, self.number, letters, opened_at)
        return self.desk.refused(refusal, now)

    def _learn_from_loss(self, stage: Stage, *, refused: bool) -> None:
        """What a broken connection says of the server, if it says anything."""
        learning = self.learning
        learning.lost_behind(self.number)
        if stage in (Stage.MAIL, Stage.RCPT, Stage.DATA) and not refused:
            if self.finished:
                learning.ended_after(self.finished)
            if not self.behind:
                learning.envelope_broke(grouped=self.grouped)

    def _shut(self) -> None:
        self.desk.stirred = True
        if self.learning.trying == self.number:
            self.learning.trying = None
        if self.wire is not None:
            self.wire.close()
        self.wire = None
        self.stage = Stage.CLOSED
        self.deadline = NEVER
        self.parcel = self.ahead = self.refusal = None
