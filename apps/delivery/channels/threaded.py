"""A channel that sends one letter per call: K threads, one letter each."""

from __future__ import annotations

import queue
import threading
import time
from abc import abstractmethod
from collections.abc import Sequence

from apps.core.contracts import Channel, Guard, Letter, Outcome, Verdict
from apps.core.responses.stored import coded
from apps.delivery.channels.connection_errors import error_response


class ThreadedChannel(Channel):
    """Implement ``send``: one letter, one outcome. Connections, recall and close are here."""

    def __init__(self, guard: Guard, *, connections: int) -> None:
        self.connections = connections
        self._guard = guard
        self._waiting: queue.SimpleQueue[Letter | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._in_flight: dict[int, Letter] = {}
        self._open = 0  # handed over, outcome not returned yet

    @abstractmethod
    def send(self, connection: int, letter: Letter) -> Outcome:
        """Hand one letter over, by ``self._guard.allow`` and ``answered``. May block.

        May raise OSError before anything of it left; anything else raised counts as unknown.
        """

    def hand_over(self, letters: Sequence[Letter]) -> None:
        self._open += len(letters)
        for letter in letters:
            self._waiting.put(letter)
        for connection in range(len(self._threads), min(self.connections, self._open)):
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def outcomes(self, wait: float) -> list[Outcome]:
        found: list[Outcome] = []
        until = time.monotonic() + wait
        while self._open:
            left = until - time.monotonic()
            starving = self._waiting.qsize() < self.connections
            if left <= 0 or (found and starving and self._done.empty()):
                break
            try:
                found.append(self._done.get(timeout=min(left, 0.05)))
            except queue.Empty:
                continue
            self._open -= 1
        return found

    def recall(self) -> list[Outcome]:
        back: list[Outcome] = []
        while True:
            try:
                letter = self._waiting.get_nowait()
            except queue.Empty:
                break
            if letter is not None:
                back.append(Outcome(letter.delivery_id, Verdict.UNSENT))
        self._open -= len(back)
        return back

    def close(self) -> list[Outcome]:
        back = self.recall()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(timeout=0.2)
        in_flight = list(
            self._in_flight.values()
        )  # before the last outcomes: none may slip between the two
        while not self._done.empty():
            back.append(self._done.get_nowait())
        recorded = {outcome.delivery_id for outcome in back}
        text = coded("connection_dropped")
        back.extend(
            Outcome(letter.delivery_id, Verdict.UNKNOWN, response=text)
            for letter in in_flight
            if letter.delivery_id not in recorded
        )
        self._threads.clear()
        self._open = 0
        return back

    def _serve(self, connection: int) -> None:
        while (letter := self._waiting.get()) is not None:
            self._in_flight[connection] = letter
            started = time.monotonic()
            try:
                outcome = self.send(connection, letter)
            except OSError as error:
                self._guard.answered(connection, letter.delivery_id, False)
                outcome = _error_outcome(letter, Verdict.RETRY, error, started)
            except Exception as error:  # one letter's surprise must not end the thread
                outcome = _error_outcome(letter, Verdict.UNKNOWN, error, started)
            self._done.put(outcome)
            del self._in_flight[connection]

    def _refused(self, letter: Letter) -> Outcome:
        """The guard said no."""
        verdict = Verdict.EXPIRED if self._guard.too_late else Verdict.UNSENT
        return Outcome(letter.delivery_id, verdict)


def _error_outcome(letter: Letter, verdict: Verdict, error: Exception, started: float) -> Outcome:
    text, seconds = error_response(error), time.monotonic() - started
    return Outcome(letter.delivery_id, verdict, response=text, seconds=seconds)
