"""A draft is looked at before it is activated: everything that prevents it, at its step.

Refused
└─ AutomationUnfit   automation_unfit   the check found something that prevents an activation
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_noop as _

from apps.automations.definition.parts import Definition, Send
from apps.automations.definition.reading import DefinitionInvalid, read
from apps.automations.models import Automation
from apps.automations.services.checking import check_usable, problems_of
from apps.automations.services.preflight.forecast import ArrivalForecast, forecast, too_many
from apps.automations.services.preflight.found import FoundAt
from apps.automations.services.preflight.letters import findings_of_letter
from apps.automations.services.preflight.structure import findings_of_ways
from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.delivery.preflight.findings import Place, Result, passed, refused_by, worst_of


class AutomationUnfit(Refused):
    """The check found something that prevents an activation. ``findings`` are its failures."""

    code = "automation_unfit"
    findings: Sequence[FoundAt] = ()


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """Everything that was found, in the order of the steps."""

    findings: Sequence[FoundAt]
    forecast: ArrivalForecast | None

    @property
    def worst(self) -> str:
        """The worst result of all."""
        return worst_of(Result(one.result) for one in self.findings).value

    @property
    def failures(self) -> list[FoundAt]:
        """What prevents an activation."""
        return [one for one in self.findings if one.result == Result.FAIL.value]

    @property
    def warnings(self) -> list[FoundAt]:
        """What might be better."""
        return [one for one in self.findings if one.result == Result.WARN.value]


def checked_draft(automation: Automation, now: datetime) -> CheckedDraft:
    """Look at the draft as an activation does. Nothing is changed."""
    try:
        found = read(automation.draft)
    except DefinitionInvalid as error:
        return CheckedDraft([FoundAt("", refused_by(error, Place.NOWHERE))], None)
    named = list(problems_of(found, automation.owner, automation.pk))
    findings = [FoundAt(where, refused_by(one, Place.NOWHERE)) for where, one in named]
    findings += _findings(found, automation, now, {where for where, _one in named})
    foreseen = forecast(found, automation, now)
    if foreseen is not None:
        findings += too_many(found, foreseen)
    if not any(one.is_bad for one in findings):
        findings.append(FoundAt("", passed(_("It can be activated."))))
    return CheckedDraft(findings, foreseen)


def check_fit(automation: Automation, now: datetime) -> Definition:
    """The definition of the draft, if it can be activated.

    Raises DefinitionInvalid where it names what is not there, AutomationUnfit with all failures.
    """
    found = read(automation.draft)
    check_usable(found, automation.owner, automation.pk)
    failures = [one for one in _findings(found, automation, now, set()) if one.is_failure]
    if failures:
        text = _("It cannot be activated. %(problems)s")
        problems = " ".join(one.line for one in failures)
        refused = refusal(AutomationUnfit, text, problems=problems)
        refused.findings = failures
        raise refused
    return found


def _findings(
    found: Definition, automation: Automation, now: datetime, broken: Collection[str]
) -> Iterator[FoundAt]:
    """Of the ways, and of the letters of all steps but the broken ones."""
    yield from findings_of_ways(found)
    for one in found.steps:
        if isinstance(one, Send) and one.key not in broken:
            yield from findings_of_letter(one, found, automation, now)
