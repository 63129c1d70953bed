"""What is shown of automations."""

from __future__ import annotations

from typing import Any

from apps.automations.models import Automation, AutomationVersion
from apps.automations.models.automation import TERMS, Left


def line_of(automation: Automation) -> str:
    """One line of a list."""
    state = automation.get_state_display()
    inside = automation.version.inside if automation.version is not None else 0
    return f"{automation.pk}  {state}  {automation.name}  {automation.owner.email}  {inside}"


def equation_of(version: AutomationVersion) -> str:
    """The equation in figures: it holds after every commit."""
    terms = " + ".join(f"{name} {getattr(version, name)}" for name in TERMS)
    return f"v{version.number}: entered {version.entered} = {terms}"


def facts_of(automation: Automation) -> dict[str, Any]:
    """The automation with the equation of each version, and the steps of the present one."""
    steps = automation.version.steps.order_by("position") if automation.version else ()
    return {
        "id": automation.pk,
        "name": automation.name,
        "state": automation.state,
        "is_active": automation.is_active,
        "draft": automation.draft,
        "versions": [_version(one) for one in automation.versions.all()],
        "steps": [
            {
                "key": one.key,
                "kind": one.kind,
                "fields": one.fields,
                "ways": one.ways,
                "came": one.came,
                "here": one.here,
                "gone": one.gone,
                "left": one.left,
            }
            for one in steps
        ],
    }


def _version(version: AutomationVersion) -> dict[str, Any]:
    return {
        "number": version.number,
        "activated_at": version.activated_at,
        "entered": version.entered,
        **{name: getattr(version, name) for name in TERMS},
        "left_by_reason": {one: getattr(version, f"left_{one}") for one in Left.values},
    }
