"""What a provider that does not call us answers when it is asked about its messages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from apps.core.responses.stored import NOTHING, Response


@dataclass(frozen=True, slots=True)
class Tracked:
    """What became of a message. ``event``: ``sent``, ``delivered`` or ``failed``, as in a report;
    empty: not decided yet. ``gone``: the address must not be written to again."""

    event: str = ""
    words: Response = NOTHING
    gone: bool = False


class Tracker(ABC):
    """Asks about messages of one account. ``prefix`` stands before their ids in the responses of
    attempts, ``source`` names the events."""

    source: ClassVar[str]
    prefix: ClassVar[str]

    @abstractmethod
    def track(self, addresses: Mapping[str, str]) -> dict[str, Tracked]:
        """Ask for each id; ``addresses`` are theirs. One of which nothing sensible is said is left
        out. Raises CallFailed."""
