"""An automation on a stage: its people, a clock that is put forward, and turns by that clock."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.automations.job import turn
from apps.automations.models import (
    Automation,
    AutomationVersion,
    Enrolment,
    SegmentPresence,
    Step,
    StepDone,
)
from apps.automations.models.automation import TERMS, Left
from apps.automations.services import automations, people
from apps.automations.services.events import report_event
from apps.delivery.service import DispatchService
from apps.mailings.models import Delivery, Mailing, Recipient, Run
from apps.users.models import User
from tests.factories import MessageFactory, RecipientFactory, TagFactory, UserFactory

MANUAL: dict[str, Any] = {"kind": "manual"}
#: A goal that nobody reaches: with one, steps need no end.
NO_END: dict[str, Any] = {
    "goal": {
        "version": 1,
        "root": {"field": "email", "op": "is", "value": "nobody@example.net"},
    }
}
#: An activation launches a run for each letter: that is no page which reads row by row.
LAUNCHES = [
    {"model": name, "field": "*"}
    for name in ("sessions.*", "account.*", "users.*", "mailings.*", "delivery.*", "automations.*")
]


@dataclass
class Stage:
    """What happens is asked of the rows; the equation is looked at after every turn."""

    owner: User
    automation: Automation
    now: datetime = field(default_factory=timezone.now)

    def enrol(self, *persons: Recipient) -> int:
        found = Recipient.objects.filter(pk__in=[one.pk for one in persons])
        return people.enrol_people(automation=self.automation, people=found, now=self.now)

    def person(self, **fields: Any) -> Recipient:
        return RecipientFactory.create(owner=self.owner, **fields)

    def persons(self, count: int) -> list[Recipient]:
        return RecipientFactory.create_batch(count, owner=self.owner)

    def enrolled(self, count: int = 1) -> list[Recipient]:
        found = self.persons(count)
        self.enrol(*found)
        return found

    def turn(self, **span: float) -> None:
        self.now += timedelta(**span)
        turn(lambda: self.now)
        self.assert_equation()

    def states(self) -> dict[str, int]:
        rows = Enrolment.objects.filter(automation=self.automation).order_by()
        return dict(Counter(rows.values_list("state", flat=True)))

    def paths(self, person: Recipient) -> list[str]:
        done = StepDone.objects.filter(enrolment__recipient=person, step__version=self.version)
        rows = done.order_by("pk").select_related("step")
        return [f"{one.step.key}:{one.way}" for one in rows]

    def at(self, person: Recipient) -> str:
        one = self.of(person)
        return one.step.key if one.state == "waiting" and one.step else f"{one.state} {one.reason}"

    def of(self, person: Recipient) -> Enrolment:
        rows = Enrolment.objects.filter(automation=self.automation, recipient=person)
        return rows.select_related("step").latest("pk")

    @property
    def version(self) -> AutomationVersion:
        self.automation.refresh_from_db()
        found: AutomationVersion = self.automation.version
        return found

    def letters(self, key: str = "letter") -> list[Delivery]:
        rows = Delivery.objects.filter(run__mailing__step_mailing__step__key=key)
        mine = rows.filter(run__mailing__owner=self.owner)
        return list(mine.order_by("pk").select_related("run"))

    def send(self) -> None:
        """Send all letters that are pending."""
        service = DispatchService()
        for run in Run.objects.filter(mailing__kind=Mailing.Kind.AUTOMATION, state="queued"):
            service.work_until(run.pk, threading.Event())

    def assert_equation(self) -> None:
        """Counters of versions and steps are what the rows say."""
        for version in self.automation.versions.all():
            rows = Enrolment.objects.filter(version=version).order_by()
            counted = Counter(rows.values_list("state", flat=True))
            assert {term: counted.get(term, 0) for term in TERMS} == {
                term: getattr(version, term) for term in TERMS
            }
            assert version.entered == rows.count()
            left = Counter(rows.filter(state="left").values_list("reason", flat=True))
            assert {one: left.get(one, 0) for one in Left.values} == {
                one: getattr(version, f"left_{one}") for one in Left.values
            }
            live = rows.exclude(state__in=("finished", "left"))
            here = Counter(live.values_list("step_id", flat=True))
            for step in Step.objects.filter(version=version):
                assert step.here == here.get(step.pk, 0), step.key


def automation_rows(person: Recipient) -> None:
    """An active automation in which the person has done a step, with all that hangs on it."""
    owner = person.owner
    tag = TagFactory.create(owner=owner)
    steps = (tagging(tag), waiting(seconds=3600), letter(owner))
    stage = staged(*steps, owner=owner)
    stage.enrol(person)
    stage.turn(seconds=1)
    report_event(recipient=person, name="paid", now=stage.now)
    SegmentPresence.objects.create(automation=stage.automation, recipient=person)


def definition(
    *steps: dict[str, Any], trigger: dict[str, Any] | None = None, **rules: Any
) -> dict[str, Any]:
    return {"trigger": trigger or MANUAL, "steps": list(steps), **rules}


def automation(owner: User, draft: dict[str, Any], name: str = "Welcome") -> Automation:
    return Automation.objects.create(owner=owner, name=name, draft=draft)


def staged(*steps: dict[str, Any], owner: User | None = None, **rules: Any) -> Stage:
    """An active automation of these steps."""
    owner = owner or UserFactory.create()
    found = automation(owner, definition(*steps, **rules))
    stage = Stage(owner, found)
    automations.activate(automation=found, now=stage.now)
    found.refresh_from_db()
    return stage


def letter(owner: User, key: str = "letter", **fields: Any) -> dict[str, Any]:
    """A send step with a message of this owner."""
    message = MessageFactory.create(owner=owner)
    return {"kind": "send", "key": key, "message": message.pk, **fields}


def waiting(key: str = "wait", **fields: Any) -> dict[str, Any]:
    return {"kind": "wait", "key": key, **fields}


def tagging(tag: Any, key: str = "tag", act: str = "add_tag", **fields: Any) -> dict[str, Any]:
    return {"kind": "act", "key": key, "act": act, "tag": tag.pk, **fields}


def leaving(key: str = "exit", reason: str = "") -> dict[str, Any]:
    return {"kind": "exit", "key": key, "reason": reason}
