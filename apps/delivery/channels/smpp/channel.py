"""The texts of one account: as many unanswered at a time as it has connections."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from functools import partial
from typing import Final

from apps.core.contracts import Blame, Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import NOTHING, Response, coded, foreign
from apps.delivery.channels.http.channel import FailureStreak
from apps.delivery.channels.smpp.errors import Meaning, error_text, meaning_of, stored_code
from apps.delivery.channels.smpp.link import LinkFailed
from apps.delivery.channels.smpp.message import MessageWriter, Unsendable
from apps.delivery.channels.smpp.receipts import ID_PREFIX
from apps.delivery.channels.smpp.session import Answer, AnswerLost, NotAllowed, Session
from apps.delivery.channels.smpp.sessions import session_of
from apps.delivery.channels.threaded import ThreadedChannel
from apps.delivery.sending_account import SendingAccount

#: What a full centre left of a text in parts is tried again: how often, after how many seconds.
_TRIES: Final = 5
_PAUSE: Final = 1.0
#: After a failure of the connection or the account what waits is given back for so long.
_HOLD: Final = 1.0


class SmppChannel(ThreadedChannel):
    """Each of its threads has one letter in flight; all of them share the account's session."""

    def __init__(self, account: SendingAccount, guard: Guard) -> None:
        super().__init__(guard, connections=account.connections)
        self._account = account
        self._writer = MessageWriter(account)
        self._streak = FailureStreak()
        self._session: Session | None = None
        self._joining = threading.Lock()
        self._closing = threading.Event()
        self._begun: set[int] = set()  # of these something may have left
        self._failure: Outcome | None = None
        self._failed_until = 0.0

    def send(self, connection: int, letter: Letter) -> Outcome:
        started = time.monotonic()
        held = self._held(started)
        if held is not None:
            return replace(held, delivery_id=letter.delivery_id)
        try:
            outcome = self._deliver(connection, letter)
        except NotAllowed:
            return self._refused(letter)
        except Unsendable as refusal:  # by us: it says nothing of the centre
            return Outcome(letter.delivery_id, Verdict.FAILED, response=refusal.response)
        outcome = replace(outcome, seconds=time.monotonic() - started)
        if outcome.verdict is not Verdict.UNKNOWN:
            self._begun.discard(letter.delivery_id)
            sent = outcome.verdict is Verdict.SENT
            self._guard.answered(connection, outcome.delivery_id, sent)
        if outcome.verdict is Verdict.UNSENT:
            self._failure, self._failed_until = outcome, time.monotonic() + _HOLD
        self._streak.note(outcome)
        return outcome

    def close(self) -> list[Outcome]:
        with self._joining:
            self._closing.set()
            session = self._session
        if session is not None:
            session.leave(self)  # from here on the guard is asked for no letter
        return [self._as_it_was(outcome) for outcome in super().close()]

    def _as_it_was(self, outcome: Outcome) -> Outcome:
        """What was dropped while it waited for the connection has not left."""
        if outcome.verdict is Verdict.UNKNOWN and outcome.delivery_id not in self._begun:
            return Outcome(outcome.delivery_id, Verdict.UNSENT)
        return outcome

    def _held(self, now: float) -> Outcome | None:
        """What a letter is given back with while nothing more is to be sent."""
        if self._closing.is_set():
            return Outcome(0, Verdict.UNSENT)
        if self._failure is not None and now < self._failed_until:
            return self._failure
        return self._streak.exceeded()

    def _deliver(self, connection: int, letter: Letter) -> Outcome:
        """All parts, one after the other. Raises NotAllowed, Unsendable: nothing of it has left."""
        number = letter.delivery_id
        bodies = [one.packed() for one in self._writer.messages_of(letter)]
        answer = Answer(0, "")
        for done, body in enumerate(bodies):
            try:
                answer = self._submit(connection, letter, body, is_first=not done)
            except (LinkFailed, AnswerLost) as failed:
                if isinstance(failed, AnswerLost) or done:
                    return _unknown(number, failed.response, done, len(bodies))
                text, blame = failed.response, failed.blame
                return Outcome(number, Verdict.UNSENT, failed.code, text, blame=blame)
            if answer.status:
                if done:
                    return _unknown(number, error_text(answer.status), done, len(bodies))
                return _refused_by(number, answer.status)
        remote = answer.message_id
        text = foreign(f"{ID_PREFIX}{remote}") if remote else NOTHING
        return Outcome(number, Verdict.SENT, response=text)

    def _submit(self, connection: int, letter: Letter, body: bytes, *, is_first: bool) -> Answer:
        """One part. The guard is asked for the first: after that some of it may have left."""
        session = self._joined()
        allow = partial(self._allow, connection, letter.delivery_id)
        if is_first:
            return session.submit(letter, body, allow, self)
        for _ in range(_TRIES):
            answer = session.submit(letter, body, lambda: True, self)
            if meaning_of(answer.status) is not Meaning.BUSY or self._closing.wait(_PAUSE):
                break
        return answer

    def _allow(self, connection: int, delivery_id: int) -> bool:
        if self._closing.is_set():
            return False
        self._begun.add(delivery_id)
        return self._guard.allow(connection, delivery_id)

    def _joined(self) -> Session:
        with self._joining:
            if self._closing.is_set():
                raise NotAllowed
            if self._session is None:
                self._session = session_of(self._account)
                self._session.join(self)
            return self._session


def _refused_by(number: int, status: int) -> Outcome:
    """What a "no" to a whole text, or to its first part, makes of it."""
    text, code = error_text(status), stored_code(status)
    match meaning_of(status):
        case Meaning.BUSY:
            return Outcome(number, Verdict.UNSENT, code, text, blame=Blame.BUSY)
        case Meaning.ACCOUNT:
            return Outcome(number, Verdict.UNSENT, code, text, blame=Blame.ACCOUNT)
        case Meaning.LATER:
            return Outcome(number, Verdict.RETRY, code, text)
    return Outcome(number, Verdict.FAILED, code, text)


def _unknown(number: int, why: Response, done: int, count: int) -> Outcome:
    """No answer, or only some of the parts were taken: nobody knows what has arrived."""
    text = coded("smpp_cut", done, count, reply=why) if done else why
    return Outcome(number, Verdict.UNKNOWN, response=text, blame=Blame.NETWORK)


def open_channel(account: SendingAccount, guard: Guard) -> Channel:
    """A channel for this account. Connects when the first letter comes."""
    return SmppChannel(account, guard)
