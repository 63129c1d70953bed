"""The equation of a version and the figures of its steps, kept where enrolments are moved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import F

from apps.automations.models import AutomationVersion, Step


class Tally:
    """What has moved in one transaction; written as one UPDATE a version and a step."""

    def __init__(self) -> None:
        self._versions: dict[int, Counter[str]] = defaultdict(Counter)
        self._steps: dict[int, Counter[str]] = defaultdict(Counter)

    def entered(self, version_id: int, step_id: int, count: int) -> None:
        """So many have come in, and wait at this step."""
        self._versions[version_id].update({"entered": count, "waiting": count})
        self.came(step_id, count)

    def went_over(self, old: int, new: int, state: str, count: int) -> None:
        """So many, in this state, belong to another version now."""
        self._versions[old].update({"entered": -count, state: -count})
        self._versions[new].update({"entered": count, state: count})

    def moved(self, version_id: int, old: str, new: str, count: int, *, reason: str = "") -> None:
        """So many went from one term to another; ``reason``: of those who left."""
        self._versions[version_id].update({old: -count})
        self._versions[version_id].update({new: count})
        if reason:
            self._versions[version_id].update({f"left_{reason}": count})

    def came(self, step_id: int, count: int) -> None:
        self._steps[step_id].update({"came": count})

    def gone(self, step_id: int, count: int, *, left: int = 0) -> None:
        """So many have gone on or out, ``left`` of them out."""
        self._steps[step_id].update({"gone": count, "left": left})

    def write(self) -> None:
        """Must be the last of what the transaction does: it holds the rows until the commit."""
        for pk, changes in sorted(self._versions.items()):
            if changed := _larger(changes):
                AutomationVersion.objects.filter(pk=pk).update(**changed)
        for pk, changes in sorted(self._steps.items()):
            if changed := _larger(changes):
                Step.objects.filter(pk=pk).update(**changed)


def _larger(changes: Mapping[str, int]) -> dict[str, Any]:
    return {name: F(name) + count for name, count in changes.items() if count}
