"""A draft is checked before it is activated: editor, activation, API and command show one list.

Refused
└─ AutomationUnfit   automation_unfit   the check found something that prevents what was asked
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from apps.automations.definition.flow import shown_steps
from apps.automations.definition.parts import Definition, Send
from apps.automations.models import Automation
from apps.automations.services.preflight.accounts import findings_of_accounts
from apps.automations.services.preflight.findings import (
    EXITS,
    TRIGGER,
    WHOLE,
    DraftFinding,
    FindingCode,
)
from apps.automations.services.preflight.forecast import ArrivalForecast, forecast, too_many
from apps.automations.services.preflight.form import read_draft
from apps.automations.services.preflight.letters import findings_of_letter
from apps.automations.services.preflight.names import (
    findings_of_conditions,
    findings_of_names,
)
from apps.automations.services.preflight.structure import findings_of_ways
from apps.core.errors import Refused
from apps.core.text.formatting import refusal
from apps.delivery.preflight.findings import Result, passed, worst_of
from apps.users.models import User


class AutomationUnfit(Refused):
    """The check found something that prevents what was asked. ``findings`` are its failures."""

    code = "automation_unfit"
    findings: Sequence[DraftFinding] = ()


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """Everything that was found, in the order of the steps. ``definition`` None: not complete."""

    findings: Sequence[DraftFinding]
    definition: Definition | None = None
    forecast: ArrivalForecast | None = None

    @property
    def worst(self) -> str:
        """The worst result of all."""
        return worst_of(Result(one.result) for one in self.findings).value

    @property
    def failures(self) -> list[DraftFinding]:
        """What prevents an activation."""
        return [one for one in self.findings if one.stops]

    @property
    def warnings(self) -> list[DraftFinding]:
        """What might be better."""
        return [one for one in self.findings if one.warns]


def checked_outline(automation: Automation) -> CheckedDraft:
    """Check everything but the messages, which an editor does not read at every button."""
    read = read_draft(automation.draft)
    parts, owner = read.parts, automation.owner
    findings = [
        *read.findings,
        *findings_of_names(parts, owner, automation.pk),
        *findings_of_accounts(parts, owner),
        *(findings_of_ways(parts) if read.definition is not None else ()),
    ]
    return CheckedDraft(_in_order(findings, automation), read.definition)


def checked_draft(automation: Automation, now: datetime) -> CheckedDraft:
    """Check the draft as an activation does. Nothing is changed."""
    outline = checked_outline(automation)
    found = outline.definition
    if found is None:
        return outline
    broken = {one.step for one in outline.failures}
    sends = [one for one in found.steps if isinstance(one, Send) and one.key not in broken]
    findings = list(outline.findings)
    for one in sends:
        findings += findings_of_letter(one, found, automation, now)
    foreseen = forecast(found, automation, now)
    if foreseen is not None:
        findings += too_many(found, foreseen)
    if not any(one.stops or one.warns for one in findings):
        findings.append(DraftFinding(WHOLE, FindingCode.FIT, passed(_("It can be activated."))))
    return replace(outline, findings=_in_order(findings, automation), forecast=foreseen)


def check_fit(automation: Automation, now: datetime) -> Definition:
    """The definition of the draft. Raises AutomationUnfit with everything that prevents it."""
    return _fit(checked_draft(automation, now), _("It cannot be activated. %(problems)s"))


def check_playable(automation: Automation) -> Definition:
    """The definition of the draft, whatever its messages are. Raises AutomationUnfit."""
    return _fit(checked_outline(automation), _("It cannot be played. %(problems)s"))


def check_written(draft: Mapping[str, Any], owner: User) -> None:
    """Check what a program has written: it may lack what it needs, but what it has must fit.

    Raises AutomationUnfit.
    """
    read = read_draft(draft)
    wrong = [one for one in read.findings if one.code != FindingCode.INCOMPLETE]
    wrong += findings_of_conditions(read.parts, owner)
    if wrong:
        raise _unfit(wrong, _("It cannot be saved. %(problems)s"))


def _fit(checked: CheckedDraft, text: str) -> Definition:
    if checked.definition is None or checked.failures:
        raise _unfit(checked.failures, text)
    return checked.definition


def _unfit(failures: Sequence[DraftFinding], text: str) -> AutomationUnfit:
    problems = " ".join(one.line for one in failures)
    refused = refusal(AutomationUnfit, text, problems=problems)
    refused.findings = failures
    return refused


def _in_order(findings: Iterable[DraftFinding], automation: Automation) -> list[DraftFinding]:
    """As the steps follow; what concerns the whole comes last."""
    keys = [TRIGGER, EXITS, *(str(one["key"]) for one in shown_steps(automation.draft))]
    places = {key: place for place, key in enumerate(keys)}
    return sorted(findings, key=lambda one: places.get(one.step, len(places)))
