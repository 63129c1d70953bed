"""What became of messages: a provider answers when it is asked, or reports on a connection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from apps.core.responses.stored import NOTHING, Response
from apps.core.slots import Slot


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


@dataclass(frozen=True, slots=True)
class Receipt:
    """A report that came on a connection. ``remote_ids`` are the id of the message as it was
    reported, and its other spellings; ``phones``: one of them is the recipient's;
    ``delivery_id``: ours, if the connection knows it."""

    remote_ids: tuple[str, ...]
    phones: tuple[str, ...]
    tracked: Tracked
    delivery_id: int | None = None


class ReceiptSink(ABC):
    """Keeps receipts. Called from a thread of the connection."""

    @abstractmethod
    def keep(self, account: str, receipts: Sequence[Receipt]) -> None:
        """Keep them for good: only then the sender of them forgets them. Logs and raises when
        it cannot."""

    @abstractmethod
    def close(self) -> None:
        """The thread ends: let go of what was opened for it."""


receipt_sink: Final[Slot[ReceiptSink]] = Slot("receipt_sink")
