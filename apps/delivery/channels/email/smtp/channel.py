"""The e-mail channel: K persistent, pipelined SMTP connections, driven by one thread.

For every letter exactly one outcome; see smtp_line for what a broken connection means.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from apps.core.contracts import Blame, Channel, Guard, Learned, Letter, Outcome, Verdict
from apps.core.responses.stored import coded
from apps.delivery.channels.email.smtp.capabilities import Learning
from apps.delivery.channels.email.smtp.classify import Trouble
from apps.delivery.channels.email.smtp.config import Security, SmtpConfig
from apps.delivery.channels.email.smtp.pool import Lines
from apps.delivery.channels.email.smtp.queue import Desk
from apps.delivery.channels.email.smtp.refusal_streak import Refusal, Refusals, Ruling
from apps.delivery.channels.email.smtp.transaction import Extensions, Parcel, Unsendable, enclose

__all__ = ["Security", "SmtpChannel", "SmtpConfig"]

#: Connections that may break on a letter's envelope before it is sent only on a new one, so that
#: a server's limit per connection is told apart from a letter that breaks connections.
_BREAKS: Final = 2
#: What a break weighs on the first letter of a new connection, and when the sum is too much.
_SUSPECT: Final = 3
_CAUSE: Final = 4
#: Under load the deadlines of all lines are looked at so often, in seconds, not at every reply.
_LOOK: Final = 0.05


class SmtpChannel(Channel, Desk):
    """Sends letters by SMTP. Construct, ``hand_over``, ask for ``outcomes``, ``close``.

    Opens connections when letters come, at most ``config.lines``. A connection that fails twice in
    a row rests; when none can serve, all waiting letters come back UNSENT with the reason.
    """

    def __init__(self, config: SmtpConfig, guard: Guard) -> None:
        self.config = config
        self.guard = guard
        self.lines = config.lines
        self.learning = Learning(config)
        self._refusals = Refusals(config.max_refusals)
        self._queue: deque[Letter] = deque()
        self._outcomes: list[Outcome] = []
        self._breaks: dict[int, int] = {}  # by delivery: what breaks weigh on its envelope
        self._low = 0
        self._refusal: Trouble | None = None  # why the account may not send
        self._refused_until = 0.0  # monotonic
        self._denied = 0  # letters in a row that the guard did not let go
        self._forgave = False  # a letter's breaks were forgiven, and none was sent since
        self._closed = False
        self.stirred = False
        self._lines = Lines(self)

    # The contract

    def hand_over(self, letters: Sequence[Letter]) -> None:
        """Queue the letters and feed every idle connection. Raises ``RuntimeError`` once closed."""
        if self._closed:
            raise RuntimeError("the channel is closed")
        # Look first: the server may have closed an idle connection meanwhile.
        self._lines.pump(0.0)
        self._queue.extend(letters)
        self._low = min(self.lines // 4, len(self._queue) // 4)
        self._feed(time.monotonic())

    def outcomes(self, wait: float) -> list[Outcome]:
        """Work for at most ``wait`` seconds, less when a group is done or nothing is left."""
        now = look_at = until = time.monotonic()
        end = now + wait
        while not self._closed:
            if self.stirred or now >= look_at:
                self._look_after_lines(now)
                if not self._queue and not self._lines.busy:
                    self._follow(self._refusals.left_over())
                    break
                until = min(end, self._lines.nearest(now))
                look_at = min(until, now + _LOOK)
            else:
                until = min(until, look_at)
            known = len(self._outcomes)
            self._lines.pump(0.0 if self._starving else max(0.0, until - now))
            now = time.monotonic()
            # Replies that are here already belong to this group: every group costs a commit.
            if now >= end or (self._starving and len(self._outcomes) == known):
                self._look_after_lines(now)
                break
        return self._collect()

    def recall(self) -> list[Outcome]:
        """Give back, as UNSENT, every letter that no connection has begun."""
        letters = list(self._queue)
        self._queue.clear()
        for letter in letters:
            self._breaks.pop(letter.delivery_id, None)
        return [Outcome(letter.delivery_id, Verdict.UNSENT) for letter in letters]

    def close(self) -> list[Outcome]:
        """Drop all connections now. Replies that have come already are still read."""
        if not self._closed:
            self._closed = True  # from here on no letter is begun
            self._lines.close(time.monotonic())
            self._outcomes += self.recall()
            self._follow(self._refusals.left_over())
        return self._collect()

    def recollect(self, refusals: Sequence[Outcome]) -> None:
        self._refusals.recollect(refusals)

    def learned(self) -> Learned | None:
        """How much the server bears at once, and how many letters it takes on a connection."""
        return self.learning.news()

    # The desk of the lines

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def take(self, offered: Extensions, *, fresh: bool) -> Parcel | None:
        """The next letter that this connection can take. What cannot be sent fails on the spot."""
        aside: list[Letter] = []
        parcel: Parcel | None = None
        while parcel is None and self._queue and not self._closed:
            letter = self._queue.popleft()
            if self._breaks and not fresh and self._breaks.get(letter.delivery_id, 0) >= _BREAKS:
                aside.append(letter)
                continue
            try:
                parcel = enclose(letter, offered)
            except Unsendable as refusal:
                self._breaks.pop(letter.delivery_id, None)
                self._outcomes.append(
                    Outcome(letter.delivery_id, Verdict.FAILED, 0, refusal.response)
                )
        if aside:
            self._queue.extendleft(reversed(aside))
        return parcel

    def put_back(self, parcel: Parcel, *, suspect: bool, trouble: Trouble) -> None:
        """To the front of the queue, unless it seems to be what breaks the connections."""
        delivery_id = parcel.letter.delivery_id
        weight = self._breaks.get(delivery_id, 0) + (_SUSPECT if suspect else 1)
        if weight >= _CAUSE and not self._closed:
            text = coded("smtp_at_envelope", reply=trouble.text)
            self.settle(parcel, Verdict.RETRY, Trouble(text, trouble.code), time.monotonic())
            if not self._forgave:
                self._forgave = True
                self._lines.forgive()
            return
        self._breaks[delivery_id] = weight
        self._queue.appendleft(parcel.letter)

    def take_back(self, parcel: Parcel) -> None:
        self._queue.appendleft(parcel.letter)

    def refused(self, refusal: Refusal, now: float) -> bool:
        self._breaks.pop(refusal.parcel.letter.delivery_id, None)
        ruling = self._refusals.judge(refusal, now)
        if ruling.again:
            self.take_back(refusal.parcel)
        if ruling.line_rests:
            trouble = Trouble(refusal.reply.response, refusal.reply.code, Blame.BUSY)
            self._lines.failed(self._lines.lines[refusal.line], trouble, now)
        self._follow(ruling)
        return ruling.goes_on

    def settle(self, parcel: Parcel, verdict: Verdict, trouble: Trouble, now: float) -> None:
        """Keep the outcome. One that was accepted ends every row of refusals."""
        delivery_id, seconds = parcel.letter.delivery_id, now - parcel.began
        self._outcomes.append(
            Outcome(delivery_id, verdict, trouble.code, trouble.text, seconds, trouble.blame)
        )
        if self._breaks:
            self._breaks.pop(delivery_id, None)
        if verdict is Verdict.SENT:
            self._denied = 0
            self._forgave = False
            self._refusals.accepted_at = now
            if self._refusals.waiting:
                self._outcomes += self._refusals.accepted()

    def denied(self, parcel: Parcel, now: float) -> None:
        """The guard let this letter not go. After a whole round of such, it will let none go."""
        verdict = Verdict.DUE_OVER if self.guard.past_due else Verdict.UNSENT
        trouble = Trouble(coded("smtp_held"), blame=Blame.RECIPIENT)
        self.settle(parcel, verdict, trouble, now)
        self._denied += 1
        if self._denied >= max(_BREAKS, self.lines):
            self._denied = 0
            self._give_back(trouble, verdict)

    def line_broke(self, number: int, trouble: Trouble, now: float) -> None:
        self._lines.failed(self._lines.lines[number], trouble, now)

    def opening_failed(self, trouble: Trouble, now: float) -> None:
        """When it is the account's trouble, nothing goes out until somebody may have mended it."""
        if trouble.blame is Blame.ACCOUNT:
            self._stop(trouble, now)

    def _follow(self, ruling: Ruling) -> None:
        self._outcomes += ruling.outcomes
        if ruling.stop is not None:
            self._stop(ruling.stop, time.monotonic())

    def _stop(self, trouble: Trouble, now: float) -> None:
        """Nothing more goes out for a while: all that wait are given back with the reason."""
        self._refusal = trouble
        self._refused_until = now + self.config.rest
        self._give_back(trouble, Verdict.UNSENT)

    # The queue

    @property
    def _starving(self) -> bool:
        """Something to tell, and about to run out of letters: time for the next group."""
        return bool(self._outcomes) and len(self._queue) <= self._low

    def _look_after_lines(self, now: float) -> None:
        self.stirred = False
        self._lines.expire(now)
        self._feed(now)

    def _feed(self, now: float) -> None:
        if not self._queue:
            for line in self._lines.overdue_ahead(now):
                if (parcel := line.give_way()) is not None:
                    self._queue.append(parcel.letter)
        if not self._queue:
            return
        if self._refusal is not None and now < self._refused_until:
            self._give_back(self._refusal, Verdict.UNSENT)
        elif not self._lines.serve(now):
            self._give_back(self._lines.trouble, Verdict.UNSENT)

    def _give_back(self, trouble: Trouble, verdict: Verdict) -> None:
        """Every letter that no connection has begun, with the reason why none will."""
        for outcome in self.recall():
            self._outcomes.append(
                Outcome(
                    outcome.delivery_id, verdict, trouble.code, trouble.text, blame=trouble.blame
                )
            )

    def _collect(self) -> list[Outcome]:
        outcomes, self._outcomes = self._outcomes, []
        return outcomes
