"""Lets through what has its files, and no more of it at a time than memory is meant to hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from apps.core.contracts import Claimed
from apps.core.responses.stored import NOTHING
from apps.mailings.ledger.claim import Claim
from apps.mailings.ledger.runs import LockedRun
from apps.mailings.ledger.staging import moves
from apps.mailings.ledger.staging.claimed_files import files_of
from apps.mailings.models import RunFiles

#: Bytes of files in the hands of one worker.
IN_FLIGHT: Final = 64 * 1024 * 1024
#: How soon somebody looks again for what was not brought yet.
_AGAIN: Final = timedelta(seconds=30)
#: So many are claimed before it is known how large their files are.
_FIRST: Final = 20


class FileGate:
    """The gate of one worker of a run whose recipients get files of their own.

    All that is claimed, also by a retry or as a late recipient, passes here: without the files
    that it must have a delivery goes back and waits until they are brought.
    """

    def __init__(self, wanted: list[dict[str, Any]]) -> None:
        numbers = range(len(wanted))
        self._all = set(numbers)
        self._required = {number for number in numbers if wanted[number]["required"]}
        self._held: dict[int, int] = {}  # bytes, by delivery
        self._mean = IN_FLIGHT / _FIRST

    @classmethod
    def of(cls, run_id: int) -> FileGate | None:
        """None: the run has no such files."""
        wanted = RunFiles.objects.filter(run_id=run_id).values_list("wanted", flat=True).first()
        return cls(wanted) if wanted is not None else None

    @property
    def _bytes(self) -> int:
        return sum(self._held.values())

    def room(self, wanted: int) -> int:
        """How many may be claimed, by the size that files have had so far."""
        if not self._held:
            return max(1, min(wanted, int(IN_FLIGHT / self._mean)))
        return min(wanted, int((IN_FLIGHT - self._bytes) / self._mean))

    def with_files(self, run: LockedRun, found: Claim) -> None:
        """Put the files to what was claimed; give back what lacks them, or is too much at once."""
        files = files_of(found.claimed, self._required)
        passed: list[Claimed] = []
        lacking: list[int] = []
        excess: list[int] = []
        for one in found.claimed:
            mine = files[one.delivery_id]
            size = sum(file.size for file in mine.ready)
            if mine.settled != self._all:
                lacking.append(one.delivery_id)
            elif self._held and self._bytes + size > IN_FLIGHT:
                excess.append(one.delivery_id)
            else:
                self._held[one.delivery_id] = size
                passed.append(replace(one, files=tuple(mine.ready)))
        moves.give_back(run, lacking, run.now + _AGAIN, moves.WAITS)
        moves.give_back(run, excess, run.now, NOTHING)
        found.claimed = passed
        found.waiting += len(lacking) + len(excess)
        if passed:
            self._mean = max(1.0, self._bytes / len(self._held))

    def settled(self, delivery_ids: Iterable[int]) -> None:
        """These are no more in this worker's hands."""
        for delivery_id in delivery_ids:
            self._held.pop(delivery_id, None)
