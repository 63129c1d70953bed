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
    About,
    Failure,
    Judgement,
    Stage,
    classify,
    enhanced_code,
)
from apps.delivery.channels.email.smtp.replies import Reply
from apps.delivery.channels.email.smtp.transaction import MailTransaction

#: So many new connections, or letters, refused for the server's or the account's sake: it is so.
_SURE: Final = 2
_BLAMES: Final = {About.SERVER: Blame.BUSY, About.ACCOUNT: Blame.ACCOUNT}


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
class Ruling:
    """What follows. ``goes_on``: the connection may be used further; ``again``: the letter goes
    back into the queue; ``connection_cools_down``: others work; ``stop``: none does, and why."""

    goes_on: bool = True
    again: bool = False
    connection_cools_down: bool = False
    stop: Failure | None = None
    outcomes: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _HeldBack:
    about: About
    alone: Outcome  # what it is if it is only about this letter


class RefusalStreak:
    """Judges every refusal. ``limit``: equal permanent ones in a row that are about the letter."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held: list[_HeldBack] = []
        self._early = 0  # new connections refused before a recipient was named
        self._key: object = None
        self._row = 0  # equal permanent refusals
        self._stop: About | None = None  # why nothing was taken, as far as is known
        self._tries: dict[int, int] = {}  # by delivery: refusals for the server's sake
        #: True when the next accepted letter changes something; and when one was accepted last.
        self.waiting = False
        self.accepted_at = float("-inf")

    def restore(self, refusals: Iterable[Outcome]) -> None:
        """Go on with a row that began on another channel. One that had its full length is over."""
        keys = [_key(outcome.code, outcome.response) for outcome in refusals]
        row = len(list(takewhile(lambda key: key == keys[0], keys)))
        if row and self._limit and row % self._limit:
            self._key, self._row, self.waiting = keys[0], row % self._limit, True

    def accepted(self) -> list[Outcome]:
        """The server takes letters: those that are held were refused for their own sake."""
        self.waiting = False
        self._early = self._row = 0
        self._key = self._stop = None
        return self._released()

    def left_over(self) -> Ruling:
        """No letter is left to compare with."""
        ruling = Ruling()
        if self._held and self.accepted_at == float("-inf"):
            guilty = [one for one in self._held if one.about is About.ACCOUNT]
            if guilty:
                return self._stopped(ruling, About.ACCOUNT, guilty[-1].alone)
        ruling.outcomes = self._released()
        return ruling

    def judge(self, refusal: Refusal, now: float) -> Ruling:
        """Whom it is about, and what is to be done."""
        judged = classify(refusal.reply, refusal.stage)
        ruling = Ruling()
        self.waiting = True
        if judged.about is About.RECIPIENT:
            return self._personal(refusal, judged, ruling, now)
        if refusal.reply.code in LOG_IN_CODES:
            ruling.goes_on, ruling.again = False, True
            return self._stopped(ruling, About.ACCOUNT, _outcome(refusal, judged, now))
        if refusal.stage is Stage.MAIL:
            return self._before_recipient(refusal, judged, ruling, now)
        if judged.about is About.SERVER:
            ruling.goes_on = False
            if self._deserves_another(refusal):
                ruling.again = True
                return ruling
        return self._compared(judged.about, _outcome(refusal, judged, now), ruling)

    def _personal(self, refusal: Refusal, judged: Judgement, ruling: Ruling, now: float) -> Ruling:
        outcome = _outcome(refusal, judged, now)
        if outcome.verdict is not Verdict.FAILED or not self._limit:
            ruling.outcomes.append(outcome)
            return ruling
        key = _key(outcome.code, outcome.response)
        if key != self._key:
            ruling.outcomes += self._released(About.RECIPIENT)
            self._key, self._row = key, 0
        self._row += 1
        self._held.append(_HeldBack(About.RECIPIENT, outcome))
        if self._row >= self._limit:
            text = coded("all_refused", self._limit, reply=outcome.response)
            ruling.stop = Failure(text, outcome.code, Blame.LETTER)
            ruling.outcomes += [_in_a_row(one, ruling.stop) for one in self._released()]
            ruling.goes_on = False
        return ruling

    def _deserves_another(self, refusal: Refusal) -> bool:
        """Perhaps the connection has only served enough: the letter is tried on a new one."""
        delivery_id = refusal.transaction.letter.delivery_id
        tries = self._tries[delivery_id] = self._tries.get(delivery_id, 0) + 1
        if tries < _SURE or (refusal.letters and tries < 2 * _SURE):
            return True
        del self._tries[delivery_id]
        return False

    def _before_recipient(
        self, refusal: Refusal, judged: Judgement, ruling: Ruling, now: float
    ) -> Ruling:
        ruling.goes_on, ruling.again = False, True
        if refusal.letters:
            return ruling
        if self.accepted_at > refusal.opened_at:
            ruling.connection_cools_down = (
                True  # others are served: this connection is one too many
            )
            return ruling
        self._early += 1
        if self._early >= _SURE:
            return self._stopped(ruling, judged.about, _outcome(refusal, judged, now))
        return ruling

    def _compared(self, about: About, outcome: Outcome, ruling: Ruling) -> Ruling:
        self._held.append(_HeldBack(about, outcome))
        if about is self._stop or sum(one.about is about for one in self._held) >= _SURE:
            ruling.goes_on = False
            return self._stopped(ruling, about, outcome)
        return ruling

    def _stopped(self, ruling: Ruling, about: About, last: Outcome) -> Ruling:
        """It is not about the letters: those that are held for this go back without a try."""
        self._stop = about
        ruling.stop = Failure(last.response, last.code, _BLAMES[about])
        for one in self._released_whole():
            outcome = one.alone
            if one.about is not About.RECIPIENT:
                outcome = replace(outcome, verdict=Verdict.UNSENT, blame=ruling.stop.blame)
            ruling.outcomes.append(outcome)
        return ruling

    def _released(self, about: About | None = None) -> list[Outcome]:
        return [one.alone for one in self._released_whole(about)]

    def _released_whole(self, about: About | None = None) -> Iterable[_HeldBack]:
        gone = [one for one in self._held if about is None or one.about is about]
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
    if judged.about is About.SERVER and fleeting:
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
    return stage is Stage.MAIL and classify(reply, stage).about is About.SERVER
