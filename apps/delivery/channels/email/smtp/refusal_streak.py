"""What refusals in a row say, over all connections of a channel: one accepted letter ends the row.

Before a recipient was named a refusal is nobody's but the server's or the account's. Afterwards the
words may mislead: a letter so refused is held until the next ones show whether they are refused,
too. If they are, it goes back without a try; if not, it was about this letter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Final

from apps.core.contracts import Blame, Outcome, Verdict
from apps.core.responses.stored import coded
from apps.delivery.channels.email.bounce_codes import Status
from apps.delivery.channels.email.smtp.classify import (
    CLOSING,
    LOG_IN_CODES,
    OUT_OF_STEP,
    Failure,
    Judgement,
    Scope,
    Stage,
    classify,
    enhanced_code,
)
from apps.delivery.channels.email.smtp.replies import Reply
from apps.delivery.channels.email.smtp.transaction import MailTransaction

#: So many new connections, or letters, refused for the server's or the account's sake: it is so.
_SURE: Final = 2
_BLAMES: Final = {Scope.SERVER: Blame.BUSY, Scope.ACCOUNT: Blame.ACCOUNT}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal, and the connection it came on. ``letters``: answered on it before this one."""

    transaction: MailTransaction
    reply: Reply
    stage: Stage
    connection: int
    letters: int
    opened_at: float


@dataclass(slots=True)
class Decision:
    """What follows. ``goes_on``: the connection may be used further; ``again``: the letter goes
    back into the queue; ``connection_cools_down``: others work; ``stop``: none does, and why."""

    goes_on: bool = True
    again: bool = False
    connection_cools_down: bool = False
    stop: Failure | None = None
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _HeldBack:
    scope: Scope
    alone: Outcome  # what it is if it is only about this letter


class RefusalStreak:
    """Judges every refusal. ``limit``: equal permanent ones in a row that are about the letter."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: list[_HeldBack] = []
        self._early = 0  # new connections refused before a recipient was named
        self._key: object = None
        self._row = 0  # equal permanent refusals
        self._stop: Scope | None = None  # why nothing was taken, as far as is known
        self._tries: dict[int, int] = {}  # by delivery: refusals for the server's sake
        #: True when the next accepted letter changes something; and when one was accepted last.
        self.streak_open = False
        self.accepted_at = float("-inf")

    def restore(self, refusals: Iterable[Outcome]) -> None:
        """Go on with a row that began on another channel. One that had its full length is over."""
        keys = [_key(outcome.code, outcome.response) for outcome in refusals]
        row = len(list(takewhile(lambda key: key == keys[0], keys)))
        if row and self._limit and row % self._limit:
            self._key, self._row, self.streak_open = keys[0], row % self._limit, True

    def accepted(self) -> list[Outcome]:
        """The server takes letters: those that are held were refused for their own sake."""
        self.streak_open = False
        self._early = self._row = 0
        self._key = self._stop = None
        return self._released()

    def left_over(self) -> Decision:
        """No letter is left to compare with."""
        decision = Decision()
        if self._held and self.accepted_at == float("-inf"):
            guilty = [one for one in self._held if one.scope is Scope.ACCOUNT]
            if guilty:
                return self._stopped(decision, Scope.ACCOUNT, guilty[-1].alone)
        decision.outcomes = self._released()
        return decision

    def judge(self, refusal: Refusal, now: float) -> Decision:
        """Whom it is about, and what is to be done."""
        judged = classify(refusal.reply, refusal.stage)
        decision = Decision()
        self.streak_open = True
        if judged.scope is Scope.RECIPIENT:
            return self._personal(refusal, judged, decision, now)
        if refusal.reply.code in LOG_IN_CODES:
            decision.goes_on, decision.again = False, True
            return self._stopped(decision, Scope.ACCOUNT, _outcome(refusal, judged, now))
        if refusal.stage is Stage.MAIL:
            return self._before_recipient(refusal, judged, decision, now)
        if judged.scope is Scope.SERVER:
            decision.goes_on = False
            if self._deserves_another(refusal):
                decision.again = True
                return decision
        return self._hold_for_corroboration(judged.scope, _outcome(refusal, judged, now), decision)

    def _personal(
        self, refusal: Refusal, judged: Judgement, decision: Decision, now: float
    ) -> Decision:
        outcome = _outcome(refusal, judged, now)
        if outcome.verdict is not Verdict.FAILED or not self._limit:
            decision.outcomes.append(outcome)
            return decision
        key = _key(outcome.code, outcome.response)
        if key != self._key:
            decision.outcomes += self._released(Scope.RECIPIENT)
            self._key, self._row = key, 0
        self._row += 1
        self._held.append(_HeldBack(Scope.RECIPIENT, outcome))
        if self._row >= self._limit:
            text = coded("all_refused", self._limit, reply=outcome.response)
            decision.stop = Failure(text, outcome.code, Blame.LETTER)
            decision.outcomes += [_in_a_row(one, decision.stop) for one in self._released()]
            decision.goes_on = False
        return decision

    def _deserves_another(self, refusal: Refusal) -> bool:
        """Perhaps the connection has only served enough: the letter is tried on a new one."""
        delivery_id = refusal.transaction.letter.delivery_id
        tries = self._tries[delivery_id] = self._tries.get(delivery_id, 0) + 1
        if tries < _SURE or (refusal.letters and tries < 2 * _SURE):
            return True
        del self._tries[delivery_id]
        return False

    def _before_recipient(
        self, refusal: Refusal, judged: Judgement, decision: Decision, now: float
    ) -> Decision:
        decision.goes_on, decision.again = False, True
        if refusal.letters:
            return decision
        if self.accepted_at > refusal.opened_at:
            decision.connection_cools_down = (
                True  # others are served: this connection is one too many
            )
            return decision
        self._early += 1
        if self._early >= _SURE:
            return self._stopped(decision, judged.scope, _outcome(refusal, judged, now))
        return decision

    def _hold_for_corroboration(
        self, scope: Scope, outcome: Outcome, decision: Decision
    ) -> Decision:
        self._held.append(_HeldBack(scope, outcome))
        if scope is self._stop or sum(one.scope is scope for one in self._held) >= _SURE:
            decision.goes_on = False
            return self._stopped(decision, scope, outcome)
        return decision

    def _stopped(self, decision: Decision, scope: Scope, last: Outcome) -> Decision:
        """It is not about the letters: those that are held for this go back without a try."""
        self._stop = scope
        decision.stop = Failure(last.response, last.code, _BLAMES[scope])
        for one in self._released_whole():
            outcome = one.alone
            if one.scope is not Scope.RECIPIENT:
                outcome = replace(outcome, verdict=Verdict.UNSENT, blame=decision.stop.blame)
            decision.outcomes.append(outcome)
        return decision

    def _released(self, scope: Scope | None = None) -> list[Outcome]:
        return [one.alone for one in self._released_whole(scope)]

    def _released_whole(self, scope: Scope | None = None) -> Iterable[_HeldBack]:
        gone = [one for one in self._held if scope is None or one.scope is scope]
        self._held = [one for one in self._held if one not in gone] if gone else self._held
        return gone


def _key(code: int, text: str) -> tuple[int, Status | None]:
    """Two refusals are equal when their codes are."""
    return code, enhanced_code(text.encode("utf-8", "replace"))


def _outcome(refusal: Refusal, judged: Judgement, now: float) -> Outcome:
    """The failure if it concerns this letter alone; the server's own is never a try."""
    reply, transaction = refusal.reply, refusal.transaction
    verdict = judged.verdict
    fleeting = reply.code < 500 or reply.code in OUT_OF_STEP
    if judged.scope is Scope.SERVER and fleeting:
        verdict = Verdict.UNSENT
    return Outcome(
        transaction.letter.delivery_id,
        verdict,
        reply.code,
        reply.response,
        now - transaction.began,
        gone=judged.gone,
    )


def _in_a_row(outcome: Outcome, stop: Failure) -> Outcome:
    """One of a row that is too long to be about recipients.

    That an address does not exist is believed of a few, not of all: nobody is written off for it.
    """
    if outcome.gone:
        return replace(outcome, gone=False)
    if outcome.verdict is not Verdict.FAILED:
        return outcome
    return replace(outcome, verdict=Verdict.UNSENT, response=stop.text, blame=stop.blame)


def wants_another_connection(reply: Reply, stage: Stage) -> bool:
    """True if a server ends a connection like this after enough messages."""
    if reply.code == CLOSING:
        return stage is not Stage.DOT
    return stage is Stage.MAIL and classify(reply, stage).scope is Scope.SERVER
