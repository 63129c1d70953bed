"""Taking the next deliveries: within the limits, and within the recipients' hours of the day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from apps.core.contracts import Claimed
from apps.delivery.engine.limits.rate_limiter import Wait
from apps.delivery.engine.limits.reservations import Reservations
from apps.delivery.engine.worker.file_gate import FileGate
from apps.mailings.ledger import runs
from apps.mailings.ledger.claim import Asked, Claim, claim
from apps.mailings.ledger.claim_in_hours import (
    ClaimInHours,
    HoursOfDay,
    LocalHours,
    claim_in_hours,
)
from apps.mailings.ledger.permission import frequency


class Claimer:
    """What one worker has claimed of its run, and by what right."""

    def __init__(
        self,
        reservations: Reservations,
        by: Asked,
        *,
        files: FileGate | None = None,
        own_hours: Mapping[int, LocalHours] | None = None,
    ) -> None:
        """``by``: what a claim goes by, but for the gate. ``files``: of a run whose recipients get
        files of their own; ``own_hours``: by version, of variants that have their own."""
        self._reservations = reservations
        self._by = by
        self._asked = False  # somebody with a wish of their own was seen: from then on by the gate
        self._gated = False
        self._hours = HoursOfDay(None, own_hours or {})
        self._files = files
        self._closings: dict[int, datetime] = {}
        #: Why nothing is granted now; None when the limits allow the run.
        self.wait: Wait | None = None

    def keeps_hours(self, run: runs.LockedRun) -> bool:
        """True if some of the run are sent to in hours of their own day only."""
        return run.local_from is not None or bool(self._hours.own)

    def enter(self, run: runs.LockedRun) -> None:
        """Take the gate of the owner's frequency rules, before anything but the run is locked."""
        self._gated = self._by.rights.heeds_wishes and (run.gated or self._asked)
        if self._gated:
            frequency.enter(run)

    def claim(self, run: runs.LockedRun, room: int) -> list[Claimed] | None:
        """Claim up to ``room`` deliveries, in the open transaction. None: none is left."""
        if self._files is not None and (room := self._files.room(room)) <= 0:
            self.wait = None
            return []
        grant = self._reservations.reserve(min(room, run.counts["pending"]), run.now)
        self.wait = grant.wait
        if not grant.count:
            return []
        found = self._claim(run, grant.count)
        if self._files is not None:
            self._files.with_files(run, found)
        self._asked = self._asked or found.asks
        self._reservations.claimed(grant, [one.delivery_id for one in found.claimed])
        closed = 0
        if isinstance(found, ClaimInHours):
            ours = {one.delivery_id for one in found.claimed}
            self._closings |= {one: at for one, at in found.closings.items() if one in ours}
            closed = found.expired
        # Where it is night every delivery is deferred: others may be open, further on.
        unseen = self._by.on_first_channel and run.claim_cursor < run.last_position
        moved = found.suppressed or found.waiting or found.asks or closed
        return found.claimed if found.claimed or moved or unseen else None

    def settled(self, delivery_ids: Iterable[int], unsent: Iterable[int]) -> None:
        """These are recorded; no byte of the ``unsent`` has left."""
        ids = list(delivery_ids)
        self._reservations.settled(ids, unsent)
        if self._files is not None:
            self._files.settled(ids)
        for delivery_id in ids if self._closings else ():
            self._closings.pop(delivery_id, None)

    def committed(self) -> None:
        """The transaction of ``claim`` has come to a good end."""
        self._reservations.committed()

    def release(self) -> None:
        """Nothing more will be claimed; part of the last transaction."""
        self._reservations.release()

    def closings(self, now: datetime) -> Mapping[int, float]:
        """Seconds until the hours of the day end, for those that are held and have such hours."""
        return {one: (at - now) / timedelta(seconds=1) for one, at in self._closings.items()}

    def _claim(self, run: runs.LockedRun, limit: int) -> Claim:
        asked = replace(self._by, gated=self._gated)
        if not self.keeps_hours(run):
            return claim(run, asked, limit=limit)
        usual, opens, closes = self._hours.usual, run.local_from, run.local_to
        if opens is None or closes is None:
            usual = None
        elif usual is None or (usual.opens, usual.closes) != (opens, closes):
            usual = LocalHours(opens, closes)
        self._hours = replace(self._hours, usual=usual)
        return claim_in_hours(run, self._hours, asked, limit=limit)
