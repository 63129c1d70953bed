"""What a check has found, as pages show it: each at its step, with where it is corrected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy

from apps.automations.definition.flow import shown_steps
from apps.automations.models import Automation
from apps.automations.services.preflight.findings import EXITS, TRIGGER, WHOLE, DraftFinding
from apps.automations.showing.in_words import Speaker

#: What is no step: how it is called, and the page of its form.
_PLACES: Final = {
    TRIGGER: (gettext_lazy("Trigger"), "automations:trigger"),
    EXITS: (gettext_lazy("Exit rules"), "automations:rules"),
    WHOLE: (gettext_lazy("Steps"), "automations:edit"),
}


def by_step(findings: Iterable[DraftFinding]) -> Mapping[str, Sequence[DraftFinding]]:
    """Those of each step."""
    found: dict[str, list[DraftFinding]] = defaultdict(list)
    for one in findings:
        found[one.step].append(one)
    return found


def finding_lines(
    automation: Automation, findings: Sequence[DraftFinding]
) -> list[tuple[str, str, str]]:
    """Each with its step in words, its sentence, and the address of the form that corrects it."""
    if not findings:
        return []
    steps = {one["key"]: one for one in shown_steps(automation.draft)}
    speaker = Speaker(automation.owner, automation.draft, steps.values())

    def line(one: DraftFinding) -> tuple[str, str, str]:
        if one.step in steps:
            url = reverse("automations:step", args=[automation.pk, one.step])
            return speaker.step(steps[one.step]), one.sentence, url
        name, page = _PLACES[one.step]
        return str(name), one.sentence, reverse(page, args=[automation.pk])

    return [line(one) for one in findings]
