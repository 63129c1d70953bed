"""What is found out about a server: how much may be written at once, and how many letters it takes.

RFC 2920 lets a client write the next envelope behind the final dot. Not every server bears it: some
answer 503 to what they find there, some close or hang without answering the dot itself, and then
nobody knows what became of that letter. So with "auto" it is tried only with programs that are
known to bear it, first by one connection with one letter, and a failure is remembered.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from apps.core.contracts import Learned
from apps.delivery.channels.email.smtp.config import SmtpConfig

#: Programs that were seen to bear text behind the final dot, by their greeting or by the words with
#: which they accept a letter.
_BEARS: Final = re.compile(
    r"\b(?:Postfix|Exim|OpenSMTPD|Python SMTP|smtp-sink)\b"
    r"|^(?:2\.0\.0 )?Ok: queued as [0-9A-Za-z]{6,20}$|^OK id=[0-9A-Za-z]{6}-[0-9A-Za-z-]{9,20}$"
    r"|^2\.0\.0 [0-9a-f]{8} Message accepted for delivery$"
)
#: So often connections must break at a letter's commands written at once, and serve those that
#: come one by one, before the latter is done for good.
_SURE: Final = 2


class Mode(StrEnum):
    """How much is written at once, and why no more."""

    FULL = "full"  # the next envelope behind the final dot
    ENVELOPE = "envelope"  # MAIL, RCPT and DATA; text behind the dot was not borne
    CAUTIOUS = "cautious"  # the same; text behind the dot was not tried: the program is unknown
    OFF = "off"  # one command: the server offers PIPELINING and does not bear it
    NONE = "none"  # one command: the server does not offer PIPELINING


class _Question(StrEnum):
    PROGRAM = "is it known to bear text behind the dot?"
    AFTER_DATA = "does it bear text behind the dot?"
    GROUPED = "does it bear MAIL, RCPT and DATA in one write?"


class ServerBehavior:
    """What one channel has learned of its server. Its connections read it and add to it."""

    def __init__(self, config: SmtpConfig) -> None:
        setting, known = config.pipelining, config.known.pipelining
        if setting in (Mode.ENVELOPE, Mode.OFF):
            known = setting
        self.limit = config.max_messages_per_connection or config.known.letters_per_connection
        self.pipelines_after_data = known == Mode.FULL  # text behind the dot is borne
        self.trying: int | None = None  # the connection that tries it
        self._grouped = known != Mode.OFF
        self._asked = known in (Mode.FULL, Mode.ENVELOPE)  # whether the dot has been tried
        self._offered = True
        self._questions: set[_Question] = set()
        if known not in (Mode.FULL, Mode.ENVELOPE, Mode.OFF):
            first = _Question.PROGRAM if setting == "auto" else _Question.AFTER_DATA
            self._questions = {first, _Question.GROUPED}
        self._breaks = 0  # times that commands at once were not borne, and one by one were
        self._one_by_one = False
        self._ended: list[int] = []  # letters after which connections were ended, not confirmed
        self._last = 0
        self._fixed = bool(config.max_messages_per_connection)
        self._reported = Learned(known, 0 if self._fixed else self.limit)

    @property
    def is_settled(self) -> bool:
        """True when nothing is to be found out any more, as long as nothing goes wrong."""
        return not self._questions

    def changes(self) -> Learned | None:
        """What has changed since this was asked last."""
        now = Learned(self._mode, 0 if self._fixed else self.limit)
        if self._questions or now == self._reported:
            return None
        self._reported = now
        return now

    # How much is written at once

    def connected(self, greeting: str, *, offered: bool) -> bool:
        """A connection is open. True: it writes an envelope at once."""
        self._offered = offered
        if not offered:
            self._questions.clear()
        self.replied(greeting)
        return offered and self._grouped and not self._one_by_one

    def replied(self, text: str, *, last: bool = False) -> None:
        """Words by which the program may be known; ``last``: there are no others."""
        if _Question.PROGRAM in self._questions:
            if _BEARS.search(text):
                self._questions.add(_Question.AFTER_DATA)
                self._questions.remove(_Question.PROGRAM)
            elif last:
                self._questions.remove(_Question.PROGRAM)

    def may_pipeline_after_data(self) -> bool:
        """True if the next envelope may follow the final dot."""
        return self.pipelines_after_data or (
            self.trying is None and _Question.AFTER_DATA in self._questions
        )

    def accepted_after_data(self) -> None:
        """What stood behind the dot was answered as it should be."""
        self.trying = None
        self._answered_after_data(True)

    def rejected_after_data(self) -> None:
        """What stood behind the dot was answered as if it were out of place."""
        self.trying = None
        self._answered_after_data(False)

    def lost_after_data(self, number: int) -> None:
        """A connection broke after something was written behind a dot."""
        if self.trying == number:
            self.rejected_after_data()

    def _answered_after_data(self, good: bool) -> None:
        self.pipelines_after_data, self._asked = good, True
        self._questions -= {_Question.AFTER_DATA, _Question.PROGRAM}
        if good:
            self._questions.discard(_Question.GROUPED)

    def envelope_taken(self, *, grouped: bool) -> None:
        """354 was read; ``grouped``: to an envelope that was written at once."""
        if grouped or self._breaks >= _SURE:
            self._grouped = grouped
            self._questions.discard(_Question.GROUPED)
            if not grouped:
                self._questions.clear()
        self._one_by_one = False

    @property
    def doubts_grouped(self) -> bool:
        """True until an envelope that was written at once has been answered."""
        return _Question.GROUPED in self._questions

    @property
    def prefers_grouped(self) -> bool:
        """True when a connection on which letters go out one command at a time is to be left."""
        return self._grouped and not self._one_by_one

    def envelope_broke(self, *, grouped: bool) -> None:
        """A connection was lost, or out of step, before a letter's 354."""
        if not grouped:  # so it was not because of that
            self._breaks, self._one_by_one = 0, False
        elif self.doubts_grouped and not self._one_by_one:
            self._breaks += 1
            self._one_by_one = True

    @property
    def _mode(self) -> Mode:
        if not self._offered:
            return Mode.NONE
        if not self._grouped:
            return Mode.OFF
        if self.pipelines_after_data:
            return Mode.FULL
        return Mode.ENVELOPE if self._asked else Mode.CAUTIOUS

    # How many letters a connection takes

    def note_closed_after(self, letters: int) -> None:
        """The server ended a connection, or wanted it ended, after so many letters."""
        if not self._fixed and letters and len(self._ended) < 100:
            self._ended.append(letters)

    def confirm_message_limit(self) -> None:
        """A new connection was served at once: the ends before it were a limit of connections."""
        for letters in self._ended:
            if letters == self._last and (not self.limit or letters < self.limit):
                self.limit = letters
            self._last = letters
        self._ended.clear()

    def discard_suspected_limit(self) -> None:
        """A new connection was refused as well: the ends before it had another reason."""
        self._ended.clear()
        self._last = 0
