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
    "add_automation": everybody(201, body=lambda things: {"name": "Welcome"}),
    "change_automation": change(automation, {"name": "Welcome"}),
    "delete_automation": change(automation, good=409),  # somebody is inside
    "enable_automation": Rule(404, 403, 204, automation),
    "disable_automation": Rule(404, 403, 204, automation),
    "list_starting_points": everybody(200),
    "begin_automation": everybody(
        201, where=lambda things: {"slug": "birthday"}, body=lambda things: {"language": "en"}
    ),
    "duplicate_automation": change(automation, good=201),
    "discard_changes": change(automation),
    "try_automation": everybody(422, where=automation),  # no address is given
    "get_automation": see(automation),
    "check_automation": see(automation),
    "activate_automation": change(automation, {}),
    "pause_automation": change(automation),
    "resume_automation": change(automation, good=409),  # it is not paused
    "stop_automation": change(automation, {}),
    "list_enrolments": see(automation),
    "enrol": change(automation, {"recipients": [1]}),
    "list_automations_of_recipient": see(lambda things: {"pk": things.recipient.pk}),
    "retry_enrolments": change(automation, {"state": "failed"}, good=409),  # nobody has failed
    "skip_enrolments": change(automation, {"state": "failed"}, good=409),
    "remove_enrolments": change(automation, {"state": "waiting"}),
    "remove_enrolment": change(enrolment, good=204),
    "report_recipient_event": Rule(
        404, 201, 403, body=lambda things: {"name": "paid", "recipient": things.recipient.pk}
    ),
}
