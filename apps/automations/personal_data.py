"""What automations keep of a person: the ways through them, and events that programs reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from apps.automations.models import AutomationEvent, Enrolment, SegmentPresence
from apps.core.personal_data import Person, PersonalData, Row


class AutomationData(PersonalData):
    """Events and presences go; of an enrolment its figures stay, without the person."""

    name = "automations"

    def erase(self, person: Person) -> int:
        events = AutomationEvent.objects.filter(recipient_id=person.recipient_id).delete()[0]
        SegmentPresence.objects.filter(recipient_id=person.recipient_id).delete()
        mine = Enrolment.objects.filter(recipient_id=person.recipient_id)
        return events + mine.update(recipient=None, cause="")

    def copied(self, person: Person) -> Mapping[str, Sequence[Row]]:
        mine = Enrolment.objects.filter(recipient_id=person.recipient_id).order_by("pk")
        events = AutomationEvent.objects.filter(recipient_id=person.recipient_id).order_by("pk")
        return {
            "automations": [
                {
                    "automation": one.automation.name,
                    "entered": one.entered_at,
                    "state": one.state,
                    "reason": one.reason,
                    "changed": one.changed_at,
                }
                for one in mine.select_related("automation")
            ],
            "events": [
                {"name": one.name, "at": one.at, "properties": one.properties} for one in events
            ],
        }
