"""Plays one recipient through a definition by a clock of its own; nothing is sent or written.

Conditions, splits, waits and exit rules are those that move people (apps.automations.moving), asked
with steps that no table holds. What people do with messages is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.automations.counting import Tally
from apps.automations.definition.parts import (
    END,
    STEPS_TAKEN,
    AnyStep,
    Condition,
    Definition,
    Exit,
    Send,
    Until,
    Wait,
)
from apps.automations.models import Automation, AutomationVersion, Enrolment, Step
from apps.automations.models.automation import Left
from apps.automations.moving.batch import Batch
from apps.automations.moving.branching import condition, split
from apps.automations.moving.exits import leaving
from apps.automations.moving.waiting import wait
from apps.automations.recording import Here
from apps.mailings.models import Recipient, RecipientTag
from apps.mailings.services.local_time import next_opening

#: What the person is assumed to do with each message.
NOTHING, OPENS, CLICKS = "nothing", "opens", "clicks"
#: So long after what was sent somebody is assumed to react.
_REACTS_AFTER: Final = timedelta(hours=1)
#: The enrolment that is played.
_ID: Final = 1


@dataclass(frozen=True, slots=True)
class Played:
    """What happened at one step. ``until``: it waited until then; ``message``: what is sent."""

    at: datetime
    key: str
    reason: str
    until: datetime | None = None
    message: int | None = None
    over: bool = False
    fails: bool = False


@dataclass(slots=True)
class Play:
    """One recipient's path through a definition that has been read and can be used."""

    automation: Automation
    definition: Definition
    person: Recipient
    now: datetime
    reaction: str = NOTHING
    sent: set[str] = field(default_factory=set)

    def run(self) -> list[Played]:
        """Every step with its time and reason, until the end or the limit of steps."""
        version = AutomationVersion(
            automation=self.automation, definition=self.definition.model_dump(mode="json")
        )
        steps = {one.key: (one, paths) for one, paths in self.definition.below()}
        found: list[Played] = []
        key = self.definition.steps[0].key
        while key != END:
            one, paths = steps[key]
            played, branch = self._step(self._row(version, one, paths), one, len(found))
            found.append(played)
            self.now = played.until or self.now
            if played.over:
                return found
            key = paths[branch]
        return [*found, Played(self.now, END, _("Finished"), over=True)]

    def _row(self, version: AutomationVersion, one: AnyStep, paths: Mapping[str, str]) -> Step:
        return Step(
            version=version,
            key=one.key,
            kind=one.kind,
            fields=one.model_dump(mode="json"),
            ways=dict(paths),
        )

    def _batch(self, row: Step, taken: int) -> Batch:
        here = Here(_ID, self.person.pk, False, self.now, self.now, None, None, taken)
        return Batch(row, self.automation.owner, [here], self.now, Tally())

    def _step(self, row: Step, one: AnyStep, taken: int) -> tuple[Played, str]:
        """What happens at a step, and the branch that follows."""
        batch = self._batch(row, taken)
        gone = leaving(batch).get(_ID)
        if gone is not None or taken >= STEPS_TAKEN:
            why = Left(gone or Left.LIMIT).label
            return self._said(one, _("Leaves: %(reason)s") % {"reason": why}, over=True), ""
        if isinstance(one, Send):
            return self._send(one), "next"
        if isinstance(one, Wait):
            return self._wait(batch, one)
        if isinstance(one, Condition):
            holds = self._holds(batch, one)
            answer = pgettext("branch", "Yes") if holds else pgettext("branch", "No")
            return self._said(one, answer), "next" if holds else "otherwise"
        if one.kind == "split":
            branch = split(batch).gone[_ID]
            return self._said(one, _("Branch %(number)s") % {"number": branch}), branch
        if isinstance(one, Exit):
            return self._said(one, one.reason or pgettext("step", "Exit"), over=True), ""
        return self._said(one, _("Would be done")), "next"

    def _said(self, one: AnyStep, reason: str, *, over: bool = False) -> Played:
        return Played(self.now, one.key, reason, over=over)

    def _send(self, one: Send) -> Played:
        self.sent.add(one.key)
        at = self.now
        if one.local_from is not None and one.local_to is not None:
            at = next_opening(self.person.time_zone, one.local_from, one.local_to, at) or at
        reason = _("Would be sent")
        return Played(
            at, one.key, reason, until=at if at != self.now else None, message=one.message
        )

    def _wait(self, batch: Batch, one: Wait) -> tuple[Played, str]:
        if one.until is not None:
            return self._wait_until(one, one.until)
        out = wait(batch)
        if _ID in out.failed:
            reason = str(Enrolment.Failure(out.failed[_ID]).label)
            text = _("Fails: %(reason)s") % {"reason": reason}
            return Played(self.now, one.key, text, over=True, fails=True), ""
        moment = out.stays.get(_ID)
        if moment is None:
            return self._said(one, _("There is nothing to wait for")), "next"
        return Played(self.now, one.key, _("Waits"), until=moment), "next"

    def _wait_until(self, one: Wait, until: Until) -> tuple[Played, str]:
        longest = timedelta(seconds=one.seconds or 0)
        if self._happens(until):
            span = timedelta() if until.did is None else min(_REACTS_AFTER, longest)
            played = Played(self.now, one.key, _("It happened"), until=self.now + span)
            return played, "next"
        return Played(self.now, one.key, _("Time is up"), until=self.now + longest), "otherwise"

    def _happens(self, until: Until) -> bool:
        if until.did is not None:
            return until.letter in self.sent and self._did(until.did)
        if until.tag is not None:
            return RecipientTag.objects.filter(recipient=self.person, tag_id=until.tag).exists()
        return False

    def _did(self, did: str) -> bool:
        """Does the person do this with what was sent?"""
        reactions = {"sent": (NOTHING, OPENS, CLICKS), "opened": (OPENS, CLICKS)}
        return self.reaction in reactions.get(did, (CLICKS,) if did == "clicked" else ())

    def _holds(self, batch: Batch, one: Condition) -> bool:
        if one.tree is not None:
            return condition(batch).gone[_ID] == "next"
        return one.letter in self.sent and self._did(one.did or "")
