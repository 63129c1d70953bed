"""What became of one file of one delivery, and when it is asked for again: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from apps.core.values.backoff import Backoff
from apps.mailings.models import DeliveryFile

_STATES: Final = DeliveryFile.State
#: How often an address is asked, and the pause after the first time.
MAX_TRIES: Final = 3
_PAUSES: Final = Backoff(first=20.0, longest=600.0, spread=(1.0, 1.2))


@dataclass(frozen=True, slots=True)
class Result:
    """``code``: why it is not to be had, or was not this time; ``again``: it may be tried again."""

    code: str = ""
    detail: str = ""
    content_type: str = ""
    sha256: str = ""
    size: int = 0
    again: bool = False

    def state(self, tries: int) -> str:
        """The state that it puts a row in that was tried so often, this time included."""
        if self.sha256:
            return _STATES.READY
        return _STATES.WAITING if self.again and tries < MAX_TRIES else _STATES.FAILED

    def not_before(self, tries: int, now: datetime, chance: float) -> datetime | None:
        """When a row that waits is tried again."""
        if self.state(tries) != _STATES.WAITING:
            return None
        pause: timedelta = _PAUSES.after(tries, chance=chance)
        return now + pause


#: Nobody has looked yet, or what is looked for has not been unpacked.
WAIT: Final = Result(again=True)
