"""The email channel: K persistent, pipelined SMTP connections, driven by one thread.

For every letter exactly one outcome; see session for what a broken connection means.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from apps.core.contracts import Blame, Channel, Guard, Learned, Letter, Outcome, Verdict
from apps.core.responses.stored import coded
from apps.delivery.channels.email.smtp.classify import Failure
from apps.delivery.channels.email.smtp.config import Security, SmtpConfig
from apps.delivery.channels.email.smtp.pool import ConnectionPool
from apps.delivery.channels.email.smtp.queue import LetterQueue
from apps.delivery.channels.email.smtp.refusal_streak import Decision, Refusal, RefusalStreak
from apps.delivery.channels.email.smtp.server_behavior import ServerBehavior
from apps.delivery.channels.email.smtp.transaction import (
    Extensions,
    MailTransaction,
    Unsendable,
    build_transaction,
)

__all__ = ["Security", "SmtpChannel", "SmtpConfig"]

#: Connections that may break on a letter's envelope before it is sent only on a new one, so that
#: a server's limit per connection is distinguished from a letter that breaks connections.
_BREAKS: Final = 2
#: What a break weighs on the first letter of a new connection, and when the sum is too much.
_SUSPECT: Final = 3
_CAUSE: Final = 4
#: Under load the deadlines of all connections are checked so often, in seconds, not at every reply.
_POLL_SECONDS: Final = 0.05


class SmtpChannel(Channel, LetterQueue):
    """Sends letters by SMTP. Construct, ``hand_over``, ask for ``outcomes``, ``close``.

    Opens connections when letters come, at most ``config.connections``. One that fails twice in a
    row cools down; when none can send, all waiting letters come back UNSENT with the reason.
    """

    def __init__(self, config: SmtpConfig, guard: Guard) -> None:
        self.config = config
        self.guard = guard
        self.connections = config.connections
        self.behavior = ServerBehavior(config)
        self._refusals = RefusalStreak(config.max_refusals)
        self._queue: deque[Letter] = deque()
        self._outcomes: list[Outcome] = []
        self._breaks: dict[int, int] = {}  # by delivery: what breaks weigh on its envelope
        self._low = 0
        self._refusal: Failure | None = None  # why the account may not send
        self._refused_until = 0.0  # monotonic
        self._denied = 0  # letters in a row that the guard did not let go
        self._failures_cleared = False  # a letter's breaks were forgiven, and none was sent since
        self._closed = False
        self.needs_attention = False
        self._connections = ConnectionPool(self)

    # The contract

    def hand_over(self, letters: Sequence[Letter]) -> None:
        """Queue the letters and feed every idle connection. Raises ``RuntimeError`` once closed."""
        if self._closed:
            raise RuntimeError("the channel is closed")
        # Look first: the server may have closed an idle connection meanwhile.
        self._connections.pump(0.0)
        self._queue.extend(letters)
        self._low = min(self.connections // 4, len(self._queue) // 4)
        self._feed(time.monotonic())

    def outcomes(self, wait: float) -> list[Outcome]:
        """Work for at most ``wait`` seconds, less when a group is done or nothing is left."""
        now = look_at = until = time.monotonic()
        end = now + wait
        while not self._closed:
            if self.needs_attention or now >= look_at:
                self._maintain_pool(now)
                if not self._queue and not self._connections.busy:
                    self._follow(self._refusals.left_over())
                    break
                until = min(end, self._connections.next_deadline(now))
                look_at = min(until, now + _POLL_SECONDS)
            else:
                until = min(until, look_at)
            known = len(self._outcomes)
            self._connections.pump(0.0 if self._is_starving else max(0.0, until - now))
            now = time.monotonic()
            # Replies that are here already belong to this group: every group costs a commit.
            if now >= end or (self._is_starving and len(self._outcomes) == known):
                self._maintain_pool(now)
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
            self._connections.close(time.monotonic())
            self._outcomes += self.recall()
            self._follow(self._refusals.left_over())
        return self._collect()

    def restore_streak(self, refusals: Sequence[Outcome]) -> None:
        self._refusals.restore(refusals)

    def learned(self) -> Learned | None:
        """How much the server bears at once, and how many letters it takes on a connection."""
        return self.behavior.changes()

    # The letter queue of the connections

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def take(self, offered: Extensions, *, first_on_connection: bool) -> MailTransaction | None:
        """The next letter that this connection can take. What cannot be sent fails on the spot."""
        aside: list[Letter] = []
        transaction: MailTransaction | None = None
        while transaction is None and self._queue and not self._closed:
            letter = self._queue.popleft()
            if (
                self._breaks
                and not first_on_connection
                and self._breaks.get(letter.delivery_id, 0) >= _BREAKS
            ):
                aside.append(letter)
                continue
            try:
                transaction = build_transaction(letter, offered)
            except Unsendable as refusal:
                self._breaks.pop(letter.delivery_id, None)
                self._outcomes.append(
                    Outcome(letter.delivery_id, Verdict.FAILED, 0, refusal.response)
                )
        if aside:
            self._queue.extendleft(reversed(aside))
        return transaction

    def requeue_with_strike(
        self, transaction: MailTransaction, *, suspect: bool, failure: Failure
    ) -> None:
        """To the front of the queue, unless it seems to be what breaks the connections."""
        delivery_id = transaction.letter.delivery_id
        weight = self._breaks.get(delivery_id, 0) + (_SUSPECT if suspect else 1)
        if weight >= _CAUSE and not self._closed:
            text = coded("smtp_at_envelope", reply=failure.text)
            self.settle(transaction, Verdict.RETRY, Failure(text, failure.code), time.monotonic())
            if not self._failures_cleared:
                self._failures_cleared = True
                self._connections.reset_failures()
            return
        self._breaks[delivery_id] = weight
        self._queue.appendleft(transaction.letter)

    def requeue(self, transaction: MailTransaction) -> None:
        self._queue.appendleft(transaction.letter)

    def refused(self, refusal: Refusal, now: float) -> bool:
        self._breaks.pop(refusal.transaction.letter.delivery_id, None)
        decision = self._refusals.judge(refusal, now)
        if decision.again:
            self.requeue(refusal.transaction)
        if decision.connection_cools_down:
            failure = Failure(refusal.reply.response, refusal.reply.code, Blame.BUSY)
            self._connections.failed(
                self._connections.connections[refusal.connection], failure, now
            )
        self._follow(decision)
        return decision.goes_on

    def settle(
        self, transaction: MailTransaction, verdict: Verdict, failure: Failure, now: float
    ) -> None:
        """Keep the outcome. One that was accepted ends every row of refusals."""
        delivery_id, seconds = transaction.letter.delivery_id, now - transaction.began
        self._outcomes.append(
            Outcome(delivery_id, verdict, failure.code, failure.text, seconds, failure.blame)
        )
        if self._breaks:
            self._breaks.pop(delivery_id, None)
        if verdict is Verdict.SENT:
            self._denied = 0
            self._failures_cleared = False
            self._refusals.accepted_at = now
            if self._refusals.streak_open:
                self._outcomes += self._refusals.accepted()

    def guard_denied(self, transaction: MailTransaction, now: float) -> None:
        """The guard let this letter not go. After a whole round of such, it will let none go."""
        verdict = Verdict.EXPIRED if self.guard.too_late else Verdict.UNSENT
        failure = Failure(coded("smtp_held"), blame=Blame.RECIPIENT)
        self.settle(transaction, verdict, failure, now)
        self._denied += 1
        if self._denied >= max(_BREAKS, self.connections):
            self._denied = 0
            self._give_back(failure, verdict)

    def connection_lost(self, number: int, failure: Failure, now: float) -> None:
        self._connections.failed(self._connections.connections[number], failure, now)

    def handshake_failed(self, failure: Failure, now: float) -> None:
        """Stop sending after a failure of the account, until somebody may have fixed it."""
        if failure.blame is Blame.ACCOUNT:
            self._suspend(failure, now)

    def _follow(self, decision: Decision) -> None:
        self._outcomes += decision.outcomes
        if decision.stop is not None:
            self._suspend(decision.stop, time.monotonic())

    def _suspend(self, failure: Failure, now: float) -> None:
        """Nothing more goes out for a while: all that wait are given back with the reason."""
        self._refusal = failure
        self._refused_until = now + self.config.cool_down
        self._give_back(failure, Verdict.UNSENT)

    # The queue

    @property
    def _is_starving(self) -> bool:
        """True when there are outcomes to return and few letters left: time for the next group."""
        return bool(self._outcomes) and len(self._queue) <= self._low

    def _maintain_pool(self, now: float) -> None:
        self.needs_attention = False
        self._connections.expire(now)
        self._feed(now)

    def _feed(self, now: float) -> None:
        if not self._queue:
            for connection in self._connections.stalled(now):
                if (transaction := connection.yield_pipelined()) is not None:
                    self._queue.append(transaction.letter)
        if not self._queue:
            return
        if self._refusal is not None and now < self._refused_until:
            self._give_back(self._refusal, Verdict.UNSENT)
        elif not self._connections.serve(now):
            self._give_back(self._connections.failure, Verdict.UNSENT)

    def _give_back(self, failure: Failure, verdict: Verdict) -> None:
        """Every letter that no connection has begun, with the reason why none will."""
        for outcome in self.recall():
            self._outcomes.append(
                Outcome(
                    outcome.delivery_id, verdict, failure.code, failure.text, blame=failure.blame
                )
            )

    def _collect(self) -> list[Outcome]:
        outcomes, self._outcomes = self._outcomes, []
        return outcomes
