"""Enrolments of one version at one step that are moved together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from django.db.models import QuerySet

from apps.automations.counting import Tally
from apps.automations.definition.parts import AnyStep, Exits
from apps.automations.definition.reading import step_of
from apps.automations.models import Step
from apps.automations.recording import Here
from apps.mailings.models import Recipient
from apps.mailings.segments import Ground, ground_of
from apps.users.models import User

#: What nobody reports is looked at again: soon at first, seldom after a long wait.
_SOONEST: Final = timedelta(seconds=15)
_LATEST: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Batch:
    """Locked by the transaction that moves them, at the database's ``now``."""

    step: Step
    owner: User
    rows: Sequence[Here]
    now: datetime
    tally: Tally

    @cached_property
    def fields(self) -> AnyStep:
        """The step as it is defined."""
        return step_of(self.step)

    @cached_property
    def exits(self) -> Exits:
        """The rules by which somebody leaves before the step."""
        return Exits.model_validate(self.step.version.definition["exits"])

    @property
    def trigger(self) -> dict[str, Any]:
        found: dict[str, Any] = self.step.version.definition["trigger"]
        return found

    @property
    def people(self) -> QuerySet[Recipient]:
        """Their recipients."""
        ids = {one.recipient_id for one in self.rows}
        return Recipient.objects.filter(owner_id=self.owner.pk, pk__in=ids)

    @cached_property
    def ground(self) -> Ground:
        """What conditions are asked about."""
        ids = [one.recipient_id for one in self.rows]
        return replace(ground_of(self.owner, self.now), window=(min(ids) - 1, max(ids)))

    def of(self, rows: Sequence[Here]) -> Batch:
        """The same for some of them."""
        return Batch(self.step, self.owner, rows, self.now, self.tally)

    def look_again(self, one: Here) -> datetime:
        """When to ask again what nobody says: after a tenth of the time that it has waited."""
        waited = (self.now - one.step_since) / 10
        return self.now + min(max(waited, _SOONEST), _LATEST)
