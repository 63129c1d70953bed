from apps.automations.models.automation import Automation, AutomationVersion, Step, StepMailing
from apps.automations.models.enrolment import Enrolment, StepDone
from apps.automations.models.facts import AutomationEvent, EnrolmentEvent, SegmentPresence

__all__ = [
    "Automation",
    "AutomationEvent",
    "AutomationVersion",
    "Enrolment",
    "EnrolmentEvent",
    "SegmentPresence",
    "Step",
    "StepDone",
    "StepMailing",
]
