"""What channel tests share: a guard that remembers, and a way to send and wait."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence

from apps.core.contracts import Channel, Guard, Letter, Outcome


class BookGuard(Guard):
    """Lets everything leave (unless ``shut``), and remembers every question and answer."""

    def __init__(self, *, is_shut: bool = False, over: bool = False) -> None:
        self.is_shut, self.over = is_shut, over
        self.asked: list[int] = []
        self.answers: list[tuple[int, bool]] = []

    def allow(self, line: int, delivery_id: int) -> bool:
        self.asked.append(delivery_id)
        return not self.is_shut

    def answered(self, line: int, delivery_id: int, accepted: bool) -> None:
        self.answers.append((delivery_id, accepted))

    @property
    def too_late(self) -> bool:
        return self.over


def send_all(channel: Channel, letters: Sequence[Letter], seconds: float = 60.0) -> list[Outcome]:
    """Hand over, wait for everything, close; one outcome per letter in the letters' order.

    No outcome may wait for the channel to be closed.
    """
    channel.hand_over(letters)
    outcomes: list[Outcome] = []
    until = time.monotonic() + seconds
    while len(outcomes) < len(letters) and time.monotonic() < until:
        outcomes += channel.outcomes(0.5)
    assert channel.close() == []
    by_id = {outcome.delivery_id: outcome for outcome in outcomes}
    assert len(outcomes) == len(by_id) == len(letters)
    return [by_id[letter.delivery_id] for letter in letters]


def nobody_there() -> str:
    """An address of this machine on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
