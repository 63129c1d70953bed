"""What the channels over HTTP share: from a call's end to an outcome, and when to give up.

Who is to blame follows from one question: may the request's last byte have left? Before that it is
the network's or the account's failure and no delivery's; after it, only a complete answer that can
be understood says what happened, and everything else is unknown.
"""

from __future__ import annotations

import json
import re
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from apps.core.contracts import Blame, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import Response, coded, foreign
from apps.delivery.channels.http.client import (
    Client,
    Connection,
    GuardRefused,
    HttpResponse,
    NotSent,
    ResponseLost,
)
from apps.delivery.channels.threaded import ThreadedChannel

#: Path, body and MIME type in, a complete answer out. Raises CallFailed.
Post = Callable[[str, bytes, str], HttpResponse]

JSON: Final = "application/json"
_LATER: Final = frozenset({408, 409, 425, 429})
#: "Not now", said of the service and not of the recipient: nothing was taken.
UNAVAILABLE: Final = 503
_MOVED: Final = frozenset({301, 307, 308})  # the others may follow a request that was served
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]+")
_LONGEST_COOL_DOWN = 86_400.0
_DEFAULT_COOL_DOWN = 5.0


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """``connections``: calls at a time. ``idempotent``: the server ignores a repeated call,
    so that what is unknown can be tried again. ``secrets`` never stand in a message."""

    connections: int = 1
    idempotent: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)


class GuardedRequest:
    """Sends one letter to the server over one connection."""

    def __init__(self, connection: Connection, allow: Callable[[], bool]) -> None:
        self._connection, self._allow = connection, allow

    def __call__(
        self, path: str, body: bytes, kind: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> HttpResponse:
        """The call that carries the letter; the guard is asked first. Raises CallFailed."""
        return self._connection.post(path, body, kind, self._allow, headers)

    def by_address(self, path: str, headers: Mapping[str, str]) -> HttpResponse:
        """The same by GET: the letter is in the address. Raises CallFailed."""
        return self._connection.ask(path, allow=self._allow, headers=headers)

    def unguarded(self, path: str, body: bytes, kind: str) -> HttpResponse:
        """A call that carries no letter, such as a log-in. Raises NotSent, never InDoubt."""
        try:
            return self._connection.post(path, body, kind)
        except ResponseLost as doubt:
            raise NotSent(doubt.response, Blame.NETWORK) from doubt


class HttpChannel(ThreadedChannel):
    """Implement ``deliver``: one letter, by ``request``. Pool, time limits and blame are here."""

    def __init__(self, client: Client, guard: Guard, options: HttpOptions) -> None:
        super().__init__(guard, connections=options.connections)
        self._options = options
        self._pool = [Connection(client) for _ in range(options.connections)]
        self._streak = FailureStreak()
        self._cool_down_until = 0.0
        self._closing = False

    @abstractmethod
    def deliver(self, letter: Letter, request: GuardedRequest) -> Outcome:
        """Hand one letter over and judge the answer. CallFailed may pass through."""

    def is_personal(self, outcome: Outcome) -> bool:
        """True if this refusal concerns only this one recipient."""
        return False

    def send(self, line: int, letter: Letter) -> Outcome:
        started = time.monotonic()
        if (held := self._cooling_down(letter, started)) is not None:
            return held
        try:
            allow = partial(self._guard.allow, line, letter.delivery_id)
            outcome = self.deliver(letter, GuardedRequest(self._pool[line], allow))
        except GuardRefused:
            return self._refused(letter)
        except NotSent as failure:
            text, blame = failure.response, failure.blame
            outcome = Outcome(letter.delivery_id, Verdict.UNSENT, response=text, blame=blame)
        except ResponseLost as failure:
            outcome = self.response_lost(letter, 0, failure.response)
        return self._concluded(line, replace(outcome, seconds=time.monotonic() - started))

    def close(self) -> list[Outcome]:
        self._closing = True
        for line in self._pool:
            line.close()
        return super().close()

    # --- for deliver ---

    def response_lost(self, letter: Letter, code: int, text: Response) -> Outcome:
        """The outcome is unknown. If every call gets such an answer, the service is down."""
        verdict = Verdict.RETRY if self._options.idempotent else Verdict.UNKNOWN
        return Outcome(letter.delivery_id, verdict, code, text, blame=Blame.NETWORK)

    def unavailable(self, letter: Letter, answer: HttpResponse, text: Response) -> Outcome:
        """The service took nothing, and may say when it will."""
        asked = retry_after(answer) if "retry-after" in answer.headers else 0.0
        number, blame = letter.delivery_id, Blame.NETWORK
        return Outcome(number, Verdict.RETRY, answer.status, text, blame=blame, wait=asked)

    def by_status(self, letter: Letter, answer: HttpResponse) -> Outcome:
        """What a status other than 200 says."""
        status, text = answer.status, self.reply_text(answer)
        if status in (401, 403) or status in _MOVED:
            return Outcome(letter.delivery_id, Verdict.UNSENT, status, text, blame=Blame.ACCOUNT)
        if status in _LATER:
            wait = retry_after(answer) if status == 429 else 0.0
            return Outcome(letter.delivery_id, Verdict.RETRY, status, text, wait=wait)
        if 400 <= status < 500:
            return Outcome(letter.delivery_id, Verdict.FAILED, status, text)
        if status == UNAVAILABLE:
            return self.unavailable(letter, answer, text)
        return self.response_lost(letter, status, text)

    def reply_text(self, answer: HttpResponse) -> Response:
        """The answer's own words, fit to be stored and shown."""
        return foreign(f"HTTP {answer.status}: {answer.body[:2000].decode('utf-8', 'replace')}")

    # --- inside ---

    def _cooling_down(self, letter: Letter, now: float) -> Outcome | None:
        """Return the outcome of a letter held back: the channel closes, cools down or failed."""
        if self._closing:
            return Outcome(letter.delivery_id, Verdict.UNSENT)
        exceeded = self._streak.exceeded()
        if exceeded is not None:
            return replace(exceeded, delivery_id=letter.delivery_id)
        if now < self._cool_down_until:
            text, left = coded("pause_asked"), self._cool_down_until - now
            verdict, blame = Verdict.UNSENT, Blame.NETWORK
            return Outcome(letter.delivery_id, verdict, response=text, blame=blame, wait=left)
        return None

    def _concluded(self, line: int, outcome: Outcome) -> Outcome:
        outcome = replace(outcome, response=self._redacted(outcome.response))
        doubtful = outcome.verdict is Verdict.UNKNOWN
        if not doubtful:
            sent = outcome.verdict is Verdict.SENT
            self._guard.answered(line, outcome.delivery_id, sent)
        if outcome.wait:
            self._cool_down_until = max(self._cool_down_until, time.monotonic() + outcome.wait)
        refused = outcome.verdict is Verdict.FAILED
        if not self._closing and not (refused and self.is_personal(outcome)):
            self._streak.note(outcome)
        return outcome

    def _redacted(self, response: Response) -> Response:
        """Without secrets and control characters. A code of ours has none of them."""
        text: str = response
        for secret in self._options.secrets:
            text = text.replace(secret, "***")
        return Response(_CONTROLS.sub(" ", text))


class FailureStreak:
    """Notices a server that answers every call wrongly before the whole audience is used up."""

    DOUBTS = 5
    REFUSALS = 20

    def __init__(self) -> None:
        self._doubts = self._refusals = 0
        self._last: Outcome | None = None
        self._lock = threading.Lock()  # the threads of all connections report here

    def note(self, outcome: Outcome) -> None:
        """Learn from one outcome."""
        with self._lock:
            doubt = outcome.verdict in (Verdict.UNKNOWN, Verdict.RETRY)
            if doubt and outcome.blame is not Blame.RECIPIENT:
                self._doubts += 1
            elif outcome.verdict is Verdict.FAILED:
                self._refusals += 1
                self._doubts = 0
            elif outcome.verdict is Verdict.SENT:
                self._doubts = self._refusals = 0
            self._last = outcome

    def exceeded(self) -> Outcome | None:
        """What the next letter is given back with, once there is reason to."""
        last = self._last
        if last is None:
            return None
        if self._doubts >= self.DOUBTS:
            text = coded("no_trust", self.DOUBTS, reply=last.response)
        elif self._refusals >= self.REFUSALS:
            text = coded("all_refused", self.REFUSALS, reply=last.response)
        else:
            return None
        return Outcome(0, Verdict.UNSENT, last.code, text, blame=Blame.NETWORK)


def json_object(answer: HttpResponse) -> dict[str, Any] | None:
    """The JSON object in the answer's body; None when there is none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def retry_after(answer: HttpResponse) -> float:
    """Seconds from a Retry-After header, a number or a date; a few when it says nothing."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), _LONGEST_COOL_DOWN)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return _DEFAULT_COOL_DOWN
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - datetime.now(UTC)).total_seconds(), 1.0), _LONGEST_COOL_DOWN)


def as_json(value: dict[str, Any]) -> bytes:
    """A JSON body."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
