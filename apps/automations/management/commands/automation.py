"""``manage.py automation ACTION``: automations on the command line.

No logic of its own: every act is one call of a service.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from django.core.checks import Tags
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from apps.automations.clock import database_now
from apps.automations.models import Automation, Enrolment
from apps.automations.selectors import equation_of, facts_of, line_of
from apps.automations.services import automations, people
from apps.automations.services.automations import AutomationUnknown
from apps.automations.services.drafts import create_draft, replace_draft
from apps.automations.services.preflight.checking import AutomationUnfit, checked_draft
from apps.automations.showing.people import came_in_text, goes_on_text
from apps.core.errors import Refused
from apps.core.text.formatting import refusal_text
from apps.mailings.models import Recipient
from apps.users.selectors import user_named

DONE, REFUSED = 0, 2
_LABELS: Final = {
    "pass": pgettext_lazy("preflight", "Passed"),
    "unchecked": pgettext_lazy("preflight", "Not checked"),
    "warn": pgettext_lazy("preflight", "Warning"),
    "fail": pgettext_lazy("preflight", "Problem"),
}

_HELP: Final = {
    "show": "one automation: its equation and its steps with their figures",
    "check": "what prevents an activation of the draft, and how many messages a day it is",
    "activate": "freeze the draft as the next version and let people in",
    "pause": "nobody moves; waits are kept",
    "resume": "end a pause",
    "stop": "nobody comes in any more; those inside finish",
    "update": "replace the draft",
    "enrol": "let recipients in",
    "retry-failed": "let those who failed try their step again",
    "skip-failed": "let those who failed pass over their step",
}


class Command(BaseCommand):
    help = "List, write, check, activate, pause and stop automations. Exit: 0 done; 2 refused."
    requires_system_checks = [Tags.models]

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        listing = actions.add_parser("list", help="all automations, a line each")
        listing.add_argument("--owner", metavar="EMAIL", help="only this user's")
        making = actions.add_parser("create", help="make a draft of a file of JSON")
        making.add_argument("file", metavar="FILE")
        making.add_argument("--owner", metavar="EMAIL", required=True)
        making.add_argument("--name", required=True)
        acts = {name: actions.add_parser(name, help=text) for name, text in _HELP.items()}
        for one in acts.values():
            one.add_argument("id", type=int, metavar="ID")
        acts["show"].add_argument("--json", action="store_true", help="for programs")
        acts["update"].add_argument("file", metavar="FILE")
        inside = acts["activate"].add_mutually_exclusive_group()
        text = "those inside leave at once"
        inside.add_argument("--leave", action="store_true", help=text)
        acts["stop"].add_argument("--leave", action="store_true", help=text)
        text = "those inside go over to the same step of the new version"
        inside.add_argument("--move", action="store_true", help=text)
        whom = acts["enrol"].add_mutually_exclusive_group(required=True)
        whom.add_argument("--recipient", type=int, nargs="+", metavar="N", help="these")
        whom.add_argument("--tag", metavar="NAME", help="everybody with the tag")
        whom.add_argument("--everyone", action="store_true", help="all the owner's recipients")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options["action"], options)
        except Refused as refusal:
            self.stderr.write(f"{refusal_text(refusal)} [{refusal.code}]")
            sys.exit(REFUSED)
        except ValidationError as error:
            self.stderr.write(" ".join(error.messages))
            sys.exit(REFUSED)

    def _do(self, action: str, options: dict[str, Any]) -> None:
        if action == "list":
            self._list(options)
        elif action == "create":
            owner = user_named(options["owner"])
            found = create_draft(owner=owner, name=options["name"], draft=_read(options["file"]))
            self.stdout.write(_("Draft created (id:%(id)s).") % {"id": found.pk})
        else:
            rows = Automation.objects.select_related("owner", "version")
            automation = rows.filter(pk=options["id"]).first()
            if automation is None:
                text = _("There is no automation (id:%(id)s).") % {"id": options["id"]}
                raise AutomationUnknown(text)
            self.stdout.write(_ACTS[action](automation, options))

    def _list(self, options: dict[str, Any]) -> None:
        rows = Automation.objects.select_related("owner", "version")
        if options["owner"]:
            rows = rows.filter(owner=user_named(options["owner"]))
        for one in rows:
            self.stdout.write(line_of(one))


def _read(path: str) -> dict[str, Any]:
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(str(error)) from error
    if not isinstance(found, dict):
        raise CommandError(_("The file holds no definition."))
    return found


def _show(automation: Automation, options: dict[str, Any]) -> str:
    facts = facts_of(automation)
    if options["json"]:
        return json.dumps(facts, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
    lines = [line_of(automation), *map(equation_of, automation.versions.all())]
    for step in facts["steps"]:
        lines.append(
            f"  {step['key']} ({step['kind']}): came {step['came']}, here {step['here']},"
            f" gone {step['gone']}"
        )
    return "\n".join(lines)


def _check(automation: Automation, options: dict[str, Any]) -> str:
    """Raises AutomationUnfit with everything that was found where something prevents it."""
    found = checked_draft(automation, database_now())
    lines = [f"{_LABELS[one.result]}: {one.line}" for one in found.findings]
    if found.forecast is not None:
        text = _("Messages a day, if as many come as in the last %(days)d days: %(count)d.")
        lines.append(text % {"days": found.forecast.days, "count": found.forecast.per_day})
    if found.failures:
        raise AutomationUnfit("\n".join(lines))
    return "\n".join(lines)


def _activate(automation: Automation, options: dict[str, Any]) -> str:
    version = automations.activate(
        automation=automation,
        now=database_now(),
        leave=options["leave"],
        move=options["move"],
    )
    return _("Active: version %(number)d.") % {"number": version.number}


def _pause(automation: Automation, options: dict[str, Any]) -> str:
    automations.pause(automation=automation)
    return _("The automation is paused.")


def _resume(automation: Automation, options: dict[str, Any]) -> str:
    automations.resume(automation=automation)
    return _("The automation goes on.")


def _stop(automation: Automation, options: dict[str, Any]) -> str:
    automations.stop(automation=automation, now=database_now(), leave=options["leave"])
    return _("Nobody comes in any more.")


def _update(automation: Automation, options: dict[str, Any]) -> str:
    draft = _read(options["file"])
    replace_draft(automation_id=automation.pk, actor=automation.owner, draft=draft)
    return _("Draft saved.")


def _enrol(automation: Automation, options: dict[str, Any]) -> str:
    found = Recipient.objects.filter(owner_id=automation.owner_id)
    if options["recipient"]:
        found = found.filter(pk__in=options["recipient"])
    elif options["tag"]:
        found = found.filter(tags__name=options["tag"])
    count = people.enrol_people(automation=automation, people=found, now=database_now())
    return came_in_text(count)


def _retry(automation: Automation, options: dict[str, Any]) -> str:
    rows = Enrolment.objects.of(automation)
    return goes_on_text(people.retry_failed(enrolments=rows, now=database_now()))


def _skip(automation: Automation, options: dict[str, Any]) -> str:
    rows = Enrolment.objects.of(automation)
    return goes_on_text(people.skip_failed(enrolments=rows, now=database_now()))


_ACTS: Final[Mapping[str, Callable[[Automation, dict[str, Any]], str]]] = {
    "show": _show,
    "check": _check,
    "activate": _activate,
    "pause": _pause,
    "resume": _resume,
    "stop": _stop,
    "update": _update,
    "enrol": _enrol,
    "retry-failed": _retry,
    "skip-failed": _skip,
}
