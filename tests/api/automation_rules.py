"""Who is answered what by the operations on automations."""

from __future__ import annotations

from collections.abc import Mapping

from tests.api.rule_types import Rule, change, everybody, see
from tests.api.things import Things


def automation(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.automation.pk}


def enrolment(things: Things) -> Mapping[str, int | str]:
    return {"pk": things.automation.pk, "enrolment_pk": things.enrolment.pk}


AUTOMATIONS: dict[str, Rule] = {
    "list_automations": everybody(200),
    "get_automation": see(automation),
    "check_automation": see(automation),
    "activate_automation": change(automation, {}),
    "pause_automation": change(automation),
    "resume_automation": change(automation, good=409),  # it is not paused
    "stop_automation": change(automation, {}),
    "list_enrolments": see(automation),
    "enrol": change(automation, {"recipients": [1]}),
    "remove_enrolment": change(enrolment, good=204),
    "report_recipient_event": Rule(
        404, 201, 403, body=lambda things: {"name": "paid", "recipient": things.recipient.pk}
    ),
}
