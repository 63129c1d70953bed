"""The K lines of a channel: which is open, which is being opened, which rests, which may be."""

from __future__ import annotations

import math
import selectors
import socket
import time
from dataclasses import replace
from typing import Final

from apps.core.contracts import Blame
from apps.core.responses.stored import coded
from apps.delivery.channels.email.smtp.classify import Stage, Trouble
from apps.delivery.channels.email.smtp.connection import Line
from apps.delivery.channels.email.smtp.handshake import Opened, Opening, tls_context
from apps.delivery.channels.email.smtp.queue import Desk
from apps.delivery.channels.email.smtp.stream import Wire

#: So many failures in a row, without one finished letter, send a line to rest.
_TOO_MANY: Final = 2
#: Beyond a step's deadline, for the opening thread to notice it by itself.
_GRACE: Final = 1.0


class Lines:
    """Opens, feeds and watches the lines; knows when none of them can serve."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.config = desk.config
        self.lines = [Line(number, desk) for number in range(desk.config.lines)]
        self.trouble = Trouble(coded("smtp_no_connection"))  # the last one
        self._context = tls_context(desk.config)
        self._openings: dict[Line, Opening] = {}
        self._proven = False  # a connection was opened since all were last given up
        self._scouting_since = 0.0
        self._selector = selectors.DefaultSelector()
        self._bell, self._clapper = socket.socketpair()  # rung by the opening threads
        self._bell.setblocking(False)
        self._clapper.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, None)

    @property
    def busy(self) -> bool:
        """True while a letter is in the air."""
        return any(line.parcel is not None for line in self.lines)

    def serve(self, now: float) -> bool:
        """Give letters to idle lines, open as many others as there are letters.

        False when no line can serve, and none may before its rest is over.
        """
        serving = False
        for line in self.lines:
            if line.stage is Stage.IDLE:
                line.begin(now)
            if line.stage is not Stage.CLOSED and line.stage is not Stage.OPENING:
                serving = True
        self._open_more(now)
        if serving or self._openings:
            return True
        self._proven = False
        return False

    def pump(self, seconds: float) -> None:
        """Wait for at most so long, and do what the connections then allow."""
        events = self._selector.select(seconds)
        now = time.monotonic()
        for key, _ in events:
            if key.data is None:
                self._answer_bell(now)
            else:
                key.data.ready(now)

    def expire(self, now: float) -> None:
        """End every step whose deadline is over."""
        for line in self.lines:
            if line.deadline <= now:
                line.expire(now)
        for line, opening in list(self._openings.items()):
            if opening.deadline + _GRACE <= now:
                opening.give_up()
                self._opening_over(line, Trouble(coded("smtp_slow_connection")), now)

    def nearest(self, now: float) -> float:
        """The monotonic time at which something must be looked at, whatever comes before."""
        moment = min(line.deadline for line in self.lines)
        for opening in self._openings.values():
            moment = min(moment, opening.deadline + _GRACE)
        if not self.desk.waiting:
            return min(moment, self._oldest_ahead(now) + self.config.patience)
        moments = [line.rest_until for line in self.lines if line.stage is Stage.CLOSED]
        if not self._proven:
            moments.append(self._scouting_since + self.config.head_start)
        return min([moment, *(later for later in moments if later > now)])

    def overdue_ahead(self, now: float) -> list[Line]:
        """Lines whose next letter waits behind a slow reply while another line could take it."""
        since = now - self.config.patience
        if self._oldest_ahead(now) > since:
            return []
        return [line for line in self._with_ahead() if line.writing_since <= since]

    def failed(self, line: Line, trouble: Trouble, now: float) -> None:
        """A connection broke or did not open: after the second time in a row the line rests."""
        self.trouble = trouble
        self.desk.stirred = True
        line.troubles += 1
        line.rest_until = now + self.config.rest if line.troubles >= _TOO_MANY else 0.0

    def forgive(self) -> None:
        """A letter was found to break connections: that was not the lines' fault."""
        for line in self.lines:
            line.troubles = 0
            line.rest_until = 0.0

    def close(self, now: float) -> None:
        """Close everything at once; the letters in the air go to the desk."""
        for opening in self._openings.values():
            opening.give_up()
        self._openings.clear()
        for line in self.lines:
            line.break_off(now)
        self._selector.close()
        self._bell.close()
        self._clapper.close()

    def _with_ahead(self) -> list[Line]:
        return [line for line in self.lines if line.ahead is not None and line.dot_left]

    def _oldest_ahead(self, now: float) -> float:
        """Since when a letter waits behind another that some line could take; else infinity."""
        since = [line.writing_since for line in self._with_ahead()]
        if since and any(self._can_take(line, now) for line in self.lines):
            return min(since)
        return math.inf

    # Opening

    def _can_take(self, line: Line, now: float) -> bool:
        return line.stage is Stage.IDLE or (
            line.stage is Stage.CLOSED and line.rest_until <= now and self._proven
        )

    def _open_more(self, now: float) -> None:
        room = self.desk.waiting - len(self._openings)
        if room > 0 and not self._proven:
            if any(line.rest_until > now for line in self.lines):
                return  # what the first line met twice, the others need not meet
            if not self._openings:
                self._scouting_since = now
            if now < self._scouting_since + self.config.head_start:
                room = 1 - len(self._openings)
        for line in self.lines:
            if room <= 0:
                return
            if line.stage is Stage.CLOSED and line.rest_until <= now:
                self._open(line, now)
                room -= 1

    def _open(self, line: Line, now: float) -> None:
        opening = Opening(self.config, self._context, self._ring)
        try:
            opening.start()
        except RuntimeError:  # no thread to be had
            self.failed(line, Trouble(coded("no_thread")), now)
            return
        line.stage = Stage.OPENING
        self._openings[line] = opening

    def _ring(self) -> None:
        try:
            self._clapper.send(b"\0")
        except OSError:
            pass  # full: the bell rings already; closed: nobody listens any more

    def _answer_bell(self, now: float) -> None:
        try:
            self._bell.recv(4096)
        except BlockingIOError:
            pass
        for line, opening in list(self._openings.items()):
            if (opened := opening.opened) is not None:
                self._connect(line, opened, now)
            elif opening.trouble is not None:
                self._opening_over(line, opening.trouble, now)

    def _connect(self, line: Line, opened: Opened, now: float) -> None:
        del self._openings[line]
        self._proven = True
        line.rest_until = 0.0
        line.connected(Wire(opened.sock, self._selector, line), opened, now)
        self.desk.stirred = True
        line.ready(now)  # the server may have said good-bye already

    def _opening_over(self, line: Line, trouble: Trouble, now: float) -> None:
        del self._openings[line]
        line.stage = Stage.CLOSED
        if trouble.blame is Blame.NETWORK and 400 <= trouble.code < 500:  # it is there, and full
            trouble = replace(trouble, blame=Blame.BUSY)
        if trouble.blame is Blame.ACCOUNT:
            self._proven = False
        self.failed(line, trouble, now)
        self.desk.opening_failed(trouble, now)
